"""Decoding: generators of immutable records, one per step; and what was written, read again."""

from aigc_core.decoding.beam import BeamTree, beam_search, beam_tree, continuation
from aigc_core.decoding.ends import end_tokens
from aigc_core.decoding.logits import drawn, draws, reread
from aigc_core.decoding.reading import read
from aigc_core.decoding.sample import sample
from aigc_core.decoding.settings import BeamSettings, SamplingSettings

__all__ = [
    "BeamSettings",
    "BeamTree",
    "SamplingSettings",
    "beam_search",
    "beam_tree",
    "continuation",
    "drawn",
    "draws",
    "end_tokens",
    "read",
    "reread",
    "sample",
]
