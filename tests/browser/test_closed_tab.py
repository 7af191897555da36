"""Nobody watches a search whose tab was closed: by the server's own counter it ends within one step, and its thread with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from scripts import real_app
from scripts.real_app import ROOT, Server
from tests.browser import looks

TASKS = Path("/proc/self/task")
pytestmark = pytest.mark.skipif(not TASKS.is_dir(), reason="counts the server's threads in /proc")
STEP, OVER, CLOSED = "glassbox: decoding.beam_search: step", "glassbox: decoding.beam_search: over", "glassbox: tab closed"


@pytest.fixture
def counted(tmp_path):
    """A server that logs its steps. Its searches are wide, so that a step takes a while, and too long to end by themselves."""
    settings = dict(PYTHONPATH=str(ROOT), GLASSBOX_BEAMS="40", GLASSBOX_BEAM_TOKENS="200")
    with real_app.serve(ROOT / "tests" / "browser" / "counted_app.py", tmp_path / "server.log", **settings) as running:
        yield running


@pytest.fixture
def open_tab(browser, counted):
    """``open_tab()``: a tab of its own visitor, still empty."""
    with ExitStack() as stack:

        def open_tab():
            context = browser.new_context()
            stack.callback(context.close)
            return context.new_page()

        yield open_tab


def lines(server: Server) -> list[str]:
    """What the server counted, in order."""
    return [line for line in server.log.read_text(errors="replace").splitlines() if line.startswith((STEP, OVER, CLOSED))]


def count(server: Server, beginning: str) -> int:
    return sum(line.startswith(beginning) for line in lines(server))


def until(true: Callable[[], bool], what: str, seconds: float = looks.MODEL_MS / 1000) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def search(server: Server, page, prompt: str, steps: int, beams: int = 40) -> None:
    """Opens a search and waits until it has taken some steps."""
    last = f"{STEP} {steps}"
    before = lines(server).count(last)
    page.goto(f"{server.url}/beam?text={quote(prompt)}&num_beams={beams}&beam_length=200", wait_until="commit")
    until(lambda: lines(server).count(last) > before, f"{steps} steps of “{prompt}”")


def threads(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.pid}/task"))


def test_a_closed_tab_ends_its_search_within_one_step(counted, open_tab):
    page = open_tab()
    search(counted, page, "Once upon a time", steps=4)
    page.close()
    until(lambda: count(counted, OVER) == 1, "the end of the search")
    time.sleep(1)  # several steps' time
    after = lines(counted)[lines(counted).index(CLOSED) + 1 :]
    assert [line.startswith(STEP) for line in after] in ([True, False], [False])  # the step it was in, then its end
    assert 4 <= count(counted, STEP) < 100


def test_a_search_left_for_another_page_ends_with_its_tab(counted, open_tab):
    page = open_tab()
    search(counted, page, "Once upon a time", steps=2)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Home").click()
    real_app.settle(page)
    steps = count(counted, STEP)
    page.wait_for_timeout(1000)
    assert count(counted, STEP) == steps and count(counted, OVER) == 0  # it waits for its page to come back
    page.close()
    until(lambda: count(counted, OVER) == 1, "the end of the search")


def test_twenty_abandoned_searches_leave_no_thread(counted, open_tab):
    """Twenty in a browser; tests/parity/test_beam.py abandons fifty, without one."""
    page = open_tab()
    for number in range(4):  # the web server and the libraries start threads of their own with the first requests
        search(counted, page, f"Warm {number}", steps=2, beams=4)
    page.close()
    until(lambda: count(counted, OVER) == 4, "the end of the first searches")
    time.sleep(3)
    before = threads(counted)

    page = open_tab()
    for number in range(10):  # the same tab loads another search …
        search(counted, page, f"Once there were {number} cats", steps=2, beams=4)
    page.close()
    for number in range(10):  # … and tabs are closed
        page = open_tab()
        search(counted, page, f"Once there were {number} dogs", steps=2, beams=4)
        page.close()
    until(lambda: count(counted, OVER) == 24, "the end of all searches")
    # a few threads of the web server come and go; each search that stayed would keep one at least
    until(lambda: threads(counted) < before + 10, f"about {before} threads again")
    assert "Traceback" not in counted.log.read_text(errors="replace")
