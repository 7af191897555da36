"""Small random models in folders, made once for all tests."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported: threads that wait must not spin beside other work
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"  # the tests' own servers are never reached through a proxy

import pytest


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory):
    """folder_of("gpt2"): the Hugging Face folder of a tiny random model of that family; read it, do not change it."""
    from tests import models

    home, made = tmp_path_factory.mktemp("families"), {}

    def folder(name: str):
        if name not in made:
            made[name] = models.save(name, home / name)
        return made[name]

    return folder


@pytest.fixture(scope="session")
def model_of(folder_of):
    """model_of("gpt2"): the same, loaded by ``models.load``."""
    from aigc_core import models

    loaded = {}

    def model(name: str):
        if name not in loaded:
            loaded[name] = models.load(str(folder_of(name)))
        return loaded[name]

    return model


@pytest.fixture
def copy_of(folder_of, tmp_path):
    """copy_of("gpt2"): a copy of the folder that a test may damage."""
    import shutil

    return lambda name: shutil.copytree(folder_of(name), tmp_path / f"copy_of_{name}")
