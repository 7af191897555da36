"""What every test of a page has."""

from __future__ import annotations

import pytest

from aigc_core import models
from aigc_core.ui import controls


@pytest.fixture(autouse=True)
def on_this_machine(monkeypatch):
    """AppTest has no connection and so no address."""
    monkeypatch.setattr(controls, "is_local", lambda address, headers: True)


@pytest.fixture(scope="session")
def story_gpt():
    return models.load("story-gpt")
