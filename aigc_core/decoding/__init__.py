"""Decoding: generators of immutable records, one per step."""

from aigc_core.decoding.sample import SamplingSettings, sample

__all__ = ["SamplingSettings", "sample"]
