"""Limits: the defaults, and what the environment may change."""

from __future__ import annotations

import pytest

from aigc_core import limits

read = limits.current.__wrapped__  # without the memory of the first call


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    import os

    for name in [name for name in os.environ if name.startswith("GLASSBOX_")]:
        monkeypatch.delenv(name)


def test_defaults():
    found = read()
    assert found == limits.Limits()
    assert (found.characters, found.parameters, found.other_models) == (4000, 500_000_000, "loopback")


def test_the_environment_changes_one_and_leaves_the_others(monkeypatch):
    monkeypatch.setenv("GLASSBOX_CHARACTERS", "123")
    monkeypatch.setenv("GLASSBOX_OTHER_MODELS", "never")
    assert read() == limits.Limits(characters=123, other_models="never")


@pytest.mark.parametrize("value", ["many", "1.5", "", "1e6"])
def test_a_value_that_is_no_number_stops_the_start_in_plain_words(value, monkeypatch):
    monkeypatch.setenv("GLASSBOX_PARAMETERS", value)
    with pytest.raises(SystemExit) as caught:
        read()
    assert "GLASSBOX_PARAMETERS" in str(caught.value) and "whole number" in str(caught.value) and repr(value) in str(caught.value)


def test_limits_are_read_once():
    assert limits.current() is limits.current()


def test_limits_cannot_be_changed_afterwards():
    with pytest.raises(AttributeError):
        limits.Limits().characters = 1
