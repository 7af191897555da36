"""Glassbox's library: look inside generative transformers while they run, from a page or a notebook.

>>> from aigc_core import attention, models
>>> model = models.load("story-gpt")
>>> attention.trace(model, "The dog barked").attention.shape  # [layer, head, query, key]
(6, 6, 5, 5)
"""
