"""Filling blanks three ways: from both sides, from the left alone, and by the probability of the whole sentence."""

from aigc_core.filling.both_sides import bidirectional, judge
from aigc_core.filling.left_only import left_to_right
from aigc_core.filling.sentences import rank

__all__ = ["bidirectional", "judge", "left_to_right", "rank"]
