"""Ratios against peers, measured side by side. ``python -m benchmarks`` runs all; let nothing else run meanwhile.

A benchmark is a module with ``TITLE``, ``measure(pairs) -> Result``. Only ratios are judged: seconds depend on the machine.
"""
