"""The real app, started by ``streamlit run``, in a real Chromium. Every page that a test opens is watched, and judged at the test's end."""

from __future__ import annotations

import os
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from scripts import real_app
from scripts.real_app import Server, settle

# Streamlit's browser code looks for its server at the page's own path first, then one level up. Chromium logs the first answers.
BENIGN = ("/_stcore/health", "/_stcore/host-config")


class Watch:
    """What a page did that it must not do."""

    def __init__(self, page, server: Server) -> None:
        self.page, self.server, self.host, self.faults = page, server, urlsplit(server.url).netloc, []
        self.asked: list[str] = []
        page.on("request", lambda request: self.request(request.url))
        page.on("websocket", lambda socket: self.request(socket.url))
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("console", self.console)
        page.on("dialog", self.dialog)

    def request(self, url: str) -> None:
        self.asked.append(url)
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.faults.append(f"request to another host: {url}")

    def console(self, message) -> None:
        place = message.location.get("url", "")
        if message.type == "error" and not (urlsplit(place).netloc == self.host and place.endswith(BENIGN)):
            self.faults.append(f"console error: {message.text} ({place})")

    def dialog(self, dialog) -> None:
        self.faults.append(f"a dialog opened: {dialog.message}")
        dialog.dismiss()

    def judge(self) -> None:
        if not self.page.is_closed():
            for unwanted in ("stException", "stDialog", "stModal"):
                for element in self.page.get_by_test_id(unwanted).all():
                    self.faults.append(f"{unwanted}: {element.inner_text()[:500]}")
        if "Traceback" in (log := self.server.log.read_text(errors="replace")):
            self.faults.append(f"the server logged a traceback:\n{log[-3000:]}")
        assert not self.faults, "\n".join(self.faults)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The app, shared by the tests that do not mind what others did to it."""
    with real_app.serve(log=tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running


@pytest.fixture
def fresh_server(tmp_path):
    """A function that starts an app of the test's own; its environment variables can be given."""
    with ExitStack() as stack:
        numbers = iter(range(100))
        yield lambda **environment: stack.enter_context(real_app.serve(log=tmp_path / f"server-{next(numbers)}.log", **environment))


@pytest.fixture(scope="session")
def browser():
    if real_app.find_chromium() is None and not os.environ.get("CI"):
        pytest.skip("no Chromium was found; `make test` installs one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = real_app.launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, server):
    """``open_page("/attention?layer=2")``: a page in a context of its own, watched; at the end every one must have been blameless."""
    watches = []
    with ExitStack() as stack:

        def open_page(
            path: str = "/", width: int = 1280, height: int = 900, scheme: str = "light", on: Server = server, settled: bool = True
        ):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB")
            stack.callback(context.close)
            page = context.new_page()
            watches.append(Watch(page, on))
            page.goto(on.url + path)
            if settled:
                settle(page)
            return page

        yield open_page
        for watch in watches:
            watch.judge()
