"""The catalogues of words: two languages alike, every key used, every key there."""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from pathlib import Path

import pytest

from aigc_core.errors import AigcError
from aigc_core.text import HERE, LANGUAGES, Words, words
from tests.source import ROOT, library, pages, tree

FOLDERS = [HERE, *sorted(path.parent for path in (ROOT / "pages").glob("*/en.toml"))]
by_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
SAME_IN_CHINESE = {"Top-k", "Top-p", "Min-p", "True", "False", "never", "logit"}  # names and values that Chinese writes as they are


@cache
def own(folder: Path, language: str) -> dict[str, str]:
    """The sentences of one folder's own file."""
    import tomllib

    from aigc_core.text import flatten

    return flatten(tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")))


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@by_folder
def test_both_languages_have_the_same_keys_in_the_same_order(folder):
    assert list(own(folder, "en")) == list(own(folder, "zh"))


@by_folder
def test_both_languages_have_the_same_placeholders(folder):
    for key, sentence in own(folder, "en").items():
        assert placeholders(sentence) == placeholders(own(folder, "zh")[key]), key
        assert all(re.fullmatch(r"[a-z_]+", name) for name in placeholders(sentence)), key


@by_folder
def test_chinese_is_chinese_and_english_is_not(folder):
    for key, sentence in own(folder, "zh").items():
        only_values = not re.search(r"[^\W\d_]", re.sub(r"{.*?}", "", sentence))
        assert sentence in SAME_IN_CHINESE or only_values or re.search(r"[\u4e00-\u9fff]", sentence), key
    for key, sentence in own(folder, "en").items():
        assert sentence.strip() and not re.search(r"[\u3000-\u9fff\uff00-\uffef]", sentence), key


@by_folder
def test_chinese_uses_chinese_punctuation_between_chinese_words(folder):
    for key, sentence in own(folder, "zh").items():
        assert not re.search(r"[\u4e00-\u9fff][,;:!?][\u4e00-\u9fff ]", sentence), (key, sentence)


@pytest.mark.parametrize("folder", FOLDERS[1:], ids=lambda folder: folder.name)
def test_a_page_does_not_repeat_a_shared_sentence(folder):
    shared = set(own(HERE, "en").values())
    assert {key for key, sentence in own(folder, "en").items() if sentence in shared and len(sentence) > 20} == set()


# What the source asks for


@cache
def strings(paths: tuple[Path, ...]) -> set[str]:
    """Every string in the source that is no docstring."""
    found = set()
    for path in paths:
        docs = {id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)}
        constants = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and id(node) not in docs]
        found |= {node.value for node in constants if isinstance(node.value, str)}
    return found


@cache
def patterns(paths: tuple[Path, ...]) -> list[re.Pattern]:
    """Every f-string with a hole: f"reading.{found.key}" → reading\\.(.+)"""
    found = []
    for path in paths:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(part.value) if isinstance(part, ast.Constant) else "(.+)" for part in node.values]
                if any(isinstance(part, ast.Constant) and len(part.value) > 2 for part in node.values):
                    found.append(re.compile("".join(parts)))
    return found


@cache
def tables(paths: tuple[Path, ...]) -> set[str]:
    """The prefixes of words.table("…")."""
    return {
        node.args[0].value
        for path in paths
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "table"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def is_used(key: str, paths: tuple[Path, ...]) -> bool:
    """Sound: a key is used where it stands as a string, lies in a table that is asked for, or fills an f-string whose every hole takes
    a string that itself stands in the source. An error's key is used where AigcError gets it, without "error." before it."""
    said = strings(paths)
    asked = key.removeprefix("error.")
    if asked in said or key in said or any(key.startswith(f"{prefix}.") for prefix in tables(paths)):
        return True
    return any((match := pattern.fullmatch(form)) and set(match.groups()) <= said for pattern in patterns(paths) for form in {key, asked})


def sources(folder: Path) -> tuple[Path, ...]:
    """Where a folder's words can be asked for: the shared ones anywhere, a page's own in its folder and in the pages' shared parts."""
    if folder == HERE:
        return (*library(), *pages(), ROOT / "app.py")
    return (*folder.glob("*.py"), *(ROOT / "aigc_core" / "ui").rglob("*.py"))


@by_folder
def test_no_sentence_is_left_over(folder):
    assert [key for key in own(folder, "en") if not is_used(key, sources(folder))] == []


@pytest.mark.parametrize("key", ["error.nonsense", "reading.nonsense", "controls.kind_nonsense", "nonsense", "error.wrong_kind_nonsense"])
def test_the_search_for_left_over_sentences_finds_them(key):
    assert not is_used(key, sources(HERE))


def asked_for(path: Path) -> list[tuple[str, set[str], int]]:
    """The keys that a file asks for in so many words, with the values given: words("key", a=…), plain.sentence(words, "key", a=…)."""
    found = []
    imported = {alias.asname or alias.name for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) for alias in node.names}
    catalogues = {"words", "text", "shared"} - imported
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        names = {keyword.arg for keyword in node.keywords}
        called = ast.unparse(node.func)
        arguments = node.args
        if called in ("plain.sentence", "sentence"):
            arguments = arguments[1:]
        elif called not in catalogues and not re.fullmatch(r"words\(.*\)", called):
            continue
        if arguments and isinstance(arguments[0], ast.Constant):
            found.append((arguments[0].value, names, node.lineno))
    return found


def raised(path: Path) -> list[tuple[str, set[str], int]]:
    """The keys of errors that a file raises in so many words."""
    return [
        (node.args[0].value, {keyword.arg for keyword in node.keywords}, node.lineno)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "AigcError" and node.args and isinstance(node.args[0], ast.Constant)
    ]


@pytest.mark.parametrize("path", [*library(), *pages()], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_sentence_asked_for_is_there_and_gets_its_values(path):
    catalogue = own(HERE, "en") | (own(path.parent, "en") if path.parent in FOLDERS else {})
    if path.is_relative_to(ROOT / "aigc_core" / "ui"):  # shared parts of pages ask for words that each page has
        for folder in FOLDERS[1:]:
            catalogue |= own(folder, "en")
    asked = asked_for(path) + [(f"error.{key}", names, line) for key, names, line in raised(path)]
    for key, names, line in asked:
        assert key in catalogue, f"line {line}"
        assert None in names or placeholders(catalogue[key]) <= names, f"line {line}: {key}"


def test_the_search_finds_the_keys_asked_for():
    """Guards the test above: it does see calls."""
    assert sum(len(asked_for(path)) for path in pages()) > 10
    assert sum(len(raised(path)) for path in library()) > 20


@by_folder
def test_every_page_has_a_title(folder):
    for language in LANGUAGES:
        assert {"title", "subtitle"} <= own(folder, language).keys()


# Words


def test_an_error_is_its_english_sentence():
    error = AigcError("text_long", limit=4000, found=5000)
    assert str(error) == own(HERE, "en")["error.text_long"].format(limit=4000, found=5000)
    assert "5000" in str(error) and "4000" in str(error)
    assert (error.key, error.values) == ("text_long", {"limit": 4000, "found": 5000})


def test_words_put_values_in():
    text = Words("en", {"greet": "Hello {name}", "menu.a": "A", "menu.b.c": "C", "menus": "no"})
    assert text("greet", name="{braces} stay") == "Hello {braces} stay"
    assert text.table("menu") == {"a": "A", "b.c": "C"}
    with pytest.raises(KeyError):
        text("none")
    with pytest.raises(KeyError):
        text("greet")


def test_a_pages_words_lie_over_the_shared_ones():
    assert words("en")("title") == "Glassbox"
    page = words("en", ROOT / "pages" / "attention")
    assert page("title") == own(ROOT / "pages" / "attention", "en")["title"]
    assert page("controls.layer") == words("en")("controls.layer")
