"""Models: the catalogue of cards, safe loading, tokens, and the one function where attention happens.

``catalogue()`` costs nothing; torch and transformers are imported by the first ``load``.
"""

from aigc_core.models.cards import ModelCard, catalogue
from aigc_core.models.loading import LanguageModel, load

__all__ = ["LanguageModel", "ModelCard", "catalogue", "load"]
