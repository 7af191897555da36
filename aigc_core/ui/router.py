"""The script that Streamlit runs for every session: page config, language, menu, model, then the page.

It does not lie beside ``pages/``: Streamlit's old page discovery never wakes, and any page's link may be a fresh server's first request.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # Streamlit puts the main script's folder there, which is app.py's only where app.py is run

from aigc_core.models.cards import catalogue  # noqa: E402
from aigc_core.text import words  # noqa: E402
from aigc_core.ui import controls, home, plain  # noqa: E402

# group → pages in editorial order: folder's name, icon, kinds of model it can use
MENU = {
    "inside": [
        ("attention", ":material/grid_on:", ("causal", "masked", "translation")),
        ("masked", ":material/rectangle:", ("masked",)),
        ("gap", ":material/curtains:", ("masked",)),
        ("positions", ":material/straighten:", ("masked", "causal", "translation")),
    ],
    "writing": [
        ("generate", ":material/edit_note:", ("causal",)),
        ("beam", ":material/account_tree:", ("causal", "translation")),
    ],
}


def main() -> None:
    st.set_page_config(page_title="Glassbox", page_icon=str(Path(__file__).with_name("favicon.svg")), layout="wide")
    shared = words(controls.language())
    start = st.Page(home.show, title=shared("menu.home"), icon=":material/home:", default=True)
    kinds, menu = {start.url_path: ("causal",)}, {shared("menu.start"): [start]}
    for group, entries in MENU.items():
        menu[shared(f"menu.{group}")] = pages = []
        for name, icon, accepted in entries:
            if not any(card.kind in accepted for card in catalogue()):
                continue  # offered as soon as a model that it can use is bundled
            folder = ROOT / "pages" / name
            title = words(shared.language, folder)("title")
            pages.append(st.Page(folder / "page.py", title=title, icon=icon, url_path=name))
            kinds[name] = accepted
    page = st.navigation(menu)
    state = st.session_state
    state["switched"] = state.get("page_before") not in (None, page.url_path)
    state["page_before"] = page.url_path
    if state["switched"]:
        state["token"] = state["step"] = None  # a token of one page is none of another
    state["menu"] = {each.url_path: each for group in menu.values() for each in group}
    with plain.told(shared):
        state["chosen_model"] = controls.model(shared, kinds[page.url_path])
        page.run()


main()
