"""The shape of the house: who may import whom, how long a file may be, and that no page is forgotten."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.source import ROOT, imports, library, module_name, pages, tree

FOUNDATION = {"errors", "limits", "text", "traces"}
OPERATIONS = {"attention", "decoding", "masked", "filling", "pairs", "translation", "lens", "order", "reliance", "article"}
# DESIGN.md, rule 2: model → trace → analysis → figure → page; each part may import what stands in its row, and itself
MAY_IMPORT = {
    "errors": {"text"},
    "limits": set(),
    "text": set(),
    "traces": set(),
    "models": FOUNDATION,
    "positions": FOUNDATION | {"models"},
    **{operation: FOUNDATION | OPERATIONS | {"models", "positions"} for operation in OPERATIONS},
    "pretraining": FOUNDATION | OPERATIONS | {"models"},
    "analysis": FOUNDATION,
    "figures": FOUNDATION | {"analysis", "positions"},
    "backends": FOUNDATION | OPERATIONS | {"models", "positions"},
    "ui": FOUNDATION | OPERATIONS | {"models", "positions", "analysis", "figures", "backends"},
}
HEAVY = {"torch", "transformers", "tokenizers", "safetensors", "huggingface_hub"}
MAY_BE_HEAVY = OPERATIONS | {"models", "pretraining"}
EVERY = [*library(), *pages(), ROOT / "app.py"]
by_path = pytest.mark.parametrize("path", EVERY, ids=lambda path: path.relative_to(ROOT).as_posix())


def part(module: str) -> str:
    """aigc_core.models.cards → models; "" for aigc_core itself."""
    return (module.split(".") + [""])[1]


def outside(path) -> set[str]:
    """The packages of others that a file imports."""
    return {module.split(".")[0] for module in imports(path)}


@pytest.mark.parametrize("path", library(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_library_imports_one_way(path):
    here = part(module_name(path))
    allowed = MAY_IMPORT[here] | {here} if here else set()
    ours = {module for module in imports(path) if module.startswith("aigc_core.")}
    assert {module for module in ours if part(module) not in allowed} == set()
    assert not any(module.split(".")[0] in ("pages", "tests", "app", "benchmarks") for module in imports(path))


def test_no_module_imports_itself_round_a_corner():
    """The imports made at import time have no cycle."""
    graph = {module_name(path): {other for other in imports(path, at_import=True) if other.startswith("aigc_core")} for path in library()}
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " → ".join((*above, module))
        if module not in done:
            for other in graph.get(module, ()):
                if not (other == module or f"{other}." in f"{module}."):  # a package and what lies in it
                    visit(other, (*above, module))
            done.add(module)

    for module in graph:
        visit(module, ())
    assert len(graph) > 20


@by_path
def test_streamlit_is_the_pages_own(path):
    relative = path.relative_to(ROOT).as_posix()
    if relative != "app.py" and not relative.startswith(("pages/", "aigc_core/ui/")):
        assert not outside(path) & {"streamlit", "starlette"}


@by_path
def test_heavy_packages_stay_with_the_models(path):
    name = module_name(path)
    if not (part(name) in MAY_BE_HEAVY or name in ("aigc_core.backends.local", "aigc_core.figures.bertviz")):  # BertViz takes tensors
        assert not outside(path) & HEAVY


@by_path
def test_ray_is_one_backends_own(path):
    if module_name(path) != "aigc_core.backends.ray_serve":
        assert "ray" not in outside(path)


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pages_do_not_reach_behind_the_backend(path):
    """A page asks a backend: it loads no model and trains none."""
    ours = {module for module in imports(path) if module.startswith("aigc_core")}
    assert not ours & {"aigc_core.models", "aigc_core.models.loading", "aigc_core.attention"}
    assert not any(part(module) == "pretraining" for module in ours)


def test_the_first_paint_waits_for_no_model():
    """Importing home, and everything that any page imports, brings neither torch nor transformers."""
    wanted = {"aigc_core.ui.home", "aigc_core.ui.controls", "aigc_core.ui.plain", "aigc_core.figures"}
    wanted |= {module for path in pages() for module in imports(path) if module.startswith("aigc_core")}
    each = f"for name in {sorted(wanted)}: importlib.import_module(name)"
    code = f"import sys, importlib\n{each}\nprint(sorted({HEAVY} & sys.modules.keys()))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert found.stdout.strip().splitlines()[-1:] == ["[]"], found.stdout + found.stderr


@by_path
def test_files_are_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= (110 if path in pages() else 400)


def menu() -> dict:
    """MENU of the router, without running it."""
    for node in tree(ROOT / "aigc_core" / "ui" / "router.py").body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and ast.unparse(getattr(node, "target", None) or node.targets[0]) == "MENU":
            return ast.literal_eval(node.value)
    raise AssertionError("the router has no MENU")


def test_every_page_stands_in_the_menu_once():
    listed = [entry[0] for entries in menu().values() for entry in entries]
    folders = {path.name for path in (ROOT / "pages").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert sorted(listed) == sorted(folders)
    for name in folders:
        assert {"page.py", "en.toml", "zh.toml"} <= {path.name for path in (ROOT / "pages" / name).iterdir()}
