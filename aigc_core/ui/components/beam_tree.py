"""The beam tree: a search's nodes on one canvas, growing while it runs; a node is explained under the pointer and chosen by a click.

The tree is mounted once, with its key; its nodes come by two invisible *carriers* without one (see token_strip). The first brings the
steps that are settled, a multiple of CHUNK, the second the newest ones and the digest of the first that they continue. A node never
changes, so that a step of a long search is a small message (measured, 16 beams × 60 tokens: 16 kB or less, only every eighth up to
120 kB, 0.85 MB in all; the whole tree at each step would be four times as much).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from aigc_core.analysis.tree import TreeLayout, TreeNode
from aigc_core.figures import theme
from aigc_core.figures.labels import visible

HERE = Path(__file__)
CHUNK = 8  # steps
FATES = ("kept", "finished", "pruned")
HTML = """
<div class="tree">
  <div class="bar">
    <ul>
      <li class="kept"><svg width="8" height="8"><circle cx="4" cy="4" r="4"/></svg><span></span></li>
      <li class="finished"><svg width="13" height="13"><path d="M1 1h11v11H1z"/><path class="full" d="M4 4h5v5H4z"/></svg><span></span></li>
      <li class="pruned"><svg width="9" height="9"><path d="M.5 4.5l4-4 4 4-4 4z"/></svg><span></span></li>
      <li class="best"><svg width="18" height="8"><path d="M0 4h18"/></svg><span></span></li>
      <li class="greedy"><svg width="20" height="8"><path d="M1 4h18"/></svg><span></span></li>
      <li class="width"><svg width="22" height="8"><path d="M0 3.5l22-3.5v8l-22-3.5z"/></svg><span></span></li>
    </ul>
    <div class="buttons">
      <button type="button" class="prune"><svg width="16" height="16">
        <path d="M2 5h5M7 5c2 0 2 6 4 6M11.5 8.5l2.5 2.5-2.5 2.5-2.5-2.5z"/></svg></button>
      <button type="button" class="out"><svg width="16" height="16"><path d="M3 8h10"/></svg></button>
      <button type="button" class="in"><svg width="16" height="16"><path d="M3 8h10M8 3v10"/></svg></button>
      <button type="button" class="whole"><svg width="16" height="16"><path d="M5 5L2 8l3 3M11 5l3 3-3 3M2 8h12"/></svg></button>
    </div>
  </div>
  <div class="box"><canvas tabindex="0" role="img"></canvas></div>
  <div class="replay">
    <button type="button"><svg width="16" height="16"><path/></svg></button>
    <input type="range" step="1">
    <output></output>
  </div>
  <div class="card" role="tooltip"></div>
  <div class="told" aria-live="polite"></div>
</div>
"""
PARTS = ("appearance.js", "beam_tree_nodes.js", "beam_tree_paint.js", "beam_tree_replay.js", "beam_tree.js")
JS = "".join(HERE.with_name(name).read_text(encoding="utf-8") for name in PARTS)

_tree = st.components.v2.component("glassbox_beam_tree", html=HTML, css=HERE.with_suffix(".css").read_text(encoding="utf-8"), js=JS)
_carrier = st.components.v2.component("glassbox_beam_tree_carrier", js=JS)  # the same text is the same module in the browser


def _colours(look: theme.Theme) -> dict[str, str]:
    scale = look.probability
    return {"past": scale[2], "live": scale[3], "best": scale[6], "finished": theme.OUTPUT, "ended": theme.OUTPUT, "faint": look.faint}


COLOURS = {"light": _colours(theme.LIGHT), "dark": _colours(theme.DARK)}


@dataclass
class Tree:
    """A tree on the page, and the way to let it grow in a loop."""

    _name: str
    _slots: tuple[Any, Any] = field(repr=False)
    _settled: tuple[int, str] | None = field(default=None, repr=False)  # how many steps have been brought, and their digest
    _mounts: int = field(default=0, repr=False)

    def update(self, layout: TreeLayout, greedy: Sequence[int], done: bool) -> None:
        """Shows this tree from now to the end of the run; may be called many times a second.

        ``greedy`` are the nodes of that path. Once ``done``, a node chosen elsewhere comes into view; until then the growing edge is.
        """
        settled = layout.n_steps // CHUNK * CHUNK
        if self._settled is None or self._settled[0] != settled:
            nodes = _part(layout, 0, settled)
            digest = hashlib.blake2b(json.dumps(nodes["nodes"]).encode(), digest_size=8).hexdigest()
            self._settled = settled, digest
            self._carry(0, "settled", nodes | {"digest": digest})
        state = {"after": self._settled[1], "greedy": list(greedy), "done": done}
        self._carry(1, "newest", _part(layout, settled, layout.n_steps) | state)

    def _carry(self, slot: int, part: str, data: dict) -> None:
        self._mounts += 1  # Streamlit refuses two mounts without a key that are alike in one run
        with self._slots[slot]:
            _carrier(data={"carries": self._name, "part": part, "mount": self._mounts, **data}, height=1)


def _part(layout: TreeLayout, first: int, past: int) -> dict:
    """The steps from ``first`` to before ``past``, and what holds for the whole tree."""
    drawn = range(first + 1, past + 1)
    return {
        "nodes": [_row(node) for node in layout.nodes if node.step in drawn],
        "more": [[each.beside, each.count] for each in layout.more if each.step in drawn],
        "counts": layout.counts[first:past],
        "leads": layout.leads[first:past],
        "root": layout.nodes[0].y,
        "rows": layout.rows,
        "beams": layout.beams,
    }


def _row(node: TreeNode) -> list:
    """A node as the browser's ``add`` takes it apart. Numbers are rounded to the four digits that are shown."""
    behind = None if node.reason is None else -1 if node.reason.ends_late else round(node.reason.behind, 4)
    numbers = [round(value, 4) for value in (node.log_prob, node.cumulative, node.score)]
    place = [node.id, node.parent, node.step, round(node.x, 2), visible(node.text), int(node.special), round(node.y, 3)]
    return [*place, FATES.index(node.fate), *numbers, node.rank, behind]


def _id(value: object) -> int | None:
    """What the browser sent, if it can be a node's id."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def beam_tree(
    selected: int | None,
    words: dict[str, str],
    key: str,
    on_select: Callable[[int], None],
    step: int | None,
    on_step: Callable[[int | None], None],
    height: int = 460,
) -> Tree:
    """Draws the tree, ``height`` pixels high with its legend and its slider; ``Tree.update(layout)`` brings its nodes.

    selected: the id of the node whose path is lit. step: how many recorded steps the replay shows, None for all. The caller owns both;
    ``on_select(node_id)`` and ``on_step(step)`` run as widget callbacks, before the script.
    words: ``label`` (read to those who cannot see the tree), ``root``, ``axis``; the legend's ``kept``, ``finished``, ``pruned``, ``best``,
    ``greedy``, ``width``; the buttons' ``zoom_out``, ``zoom_in``, ``whole``, ``hide``, ``show``, ``play``, ``pause``; the slider's
    ``steps`` and the template ``step`` ({step}, {count}); the card's ``probability``, ``log_prob``, ``cumulative``, ``score``, ``rank`` and
    the templates ``of`` ({rank}, {count}), ``behind`` ({rank}, {count}, {beams}, {nats}) and ``ends_late`` (without {nats}).
    """

    def tell() -> None:
        chosen = _id(st.session_state[key].selected)
        if chosen is not None:
            on_select(chosen)

    def tell_step() -> None:
        on_step(_id(st.session_state[key].step))

    with st.container(gap=None):
        data = {"name": key, "words": dict(words), "height": height, "selected": selected, "step": step, "colours": COLOURS}
        _tree(key=key, data=data, on_selected_change=tell, on_step_change=tell_step, height=height)
        return Tree(key, (st.empty(), st.empty()))
