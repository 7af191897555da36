"""The project's own source as syntax trees, for tests that read it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def library() -> list[Path]:
    return sorted((ROOT / "aigc_core").rglob("*.py"))


def pages() -> list[Path]:
    return sorted((ROOT / "pages").rglob("*.py"))


def module_name(path: Path) -> str:
    """aigc_core/models/__init__.py → aigc_core.models"""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, at_import: bool = False) -> set[str]:
    """Every module that a file imports, in full; ``at_import``: only those that importing the file itself imports.

    ``from a import b`` counts as a.b where that is a module of ours, else as a. What only a type checker imports is left out.
    """
    known = {module_name(each) for each in library()}
    found = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if at_import and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.update(f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in known else node.module for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree(path))
    return found
