"""How the tests of the pages open one and read what stands on it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from aigc_core.text import words

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "zh")


def open_page(name: str, **query: str) -> AppTest:
    """A page as a link opens it: the first run of a session is already that page's."""
    app = AppTest.from_file(str(ROOT / "aigc_core" / "ui" / "router.py"), default_timeout=180)
    for key, value in query.items():
        app.query_params[key] = value
    if name:
        app._page_hash = calc_hash(name)  # what the browser sends; AppTest itself can switch only after a first run
    return app.run()


def words_of(name: str, language: str):
    return words(language, ROOT / "pages" / name if name else None)


def texts(app: AppTest) -> str:
    """All that is written on the page, without the backslashes that keep Markdown from being read."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "info")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(app, kind)).replace("\\", "")


def components(app: AppTest, name: str) -> list:
    return [element.proto for element in app.get("bidi_component") if element.proto.component_name == name]


def figure(app: AppTest, index: int = 0) -> dict:
    return json.loads(app.get("plotly_chart")[index].proto.spec)


def written(app: AppTest) -> list[int]:
    """The token ids of the continuation that is open on the generate page."""
    return list(app.session_state["bench"].tree.active.ids)


def array(encoded) -> np.ndarray:
    """Plotly's typed arrays: base64 with a type and a shape."""
    if isinstance(encoded, list):
        return np.array(encoded)
    found = np.frombuffer(base64.b64decode(encoded["bdata"]), dtype=encoded["dtype"])
    return found.reshape([int(size) for size in str(encoded["shape"]).split(",")]) if "shape" in encoded else found
