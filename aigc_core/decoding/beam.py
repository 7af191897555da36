"""Beam search: transformers' own, observed.

``generate()`` prepares everything as always and hands over to ``_beam_search``, which runs here with an observer in place of the model:
it passes everything through and notes what the search itself computes when it ranks candidates, keeps beams and finishes hypotheses.
No choice is made a second time, so tokens and scores are generate()'s own, for sampled beams too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aigc_core.decoding.settings import BeamSettings
from aigc_core.decoding.stepping import steps
from aigc_core.models.tokens import encode, tokens
from aigc_core.traces import BeamCandidate, BeamStep, Hypothesis

if TYPE_CHECKING:
    import torch

    from aigc_core.models import LanguageModel

FILLER = -1e8  # the search starts its spare beams at −1e9; what descends from them is no candidate
_global_generator = threading.Lock()  # torch.multinomial inside the search draws from the one generator of the process


class Observer:
    """Stands in for the model while ``_beam_search`` runs; ``report(step)`` is called once a step."""

    def __init__(self, model: LanguageModel, settings: BeamSettings, report: Callable[[BeamStep], None]) -> None:
        self._model, self._settings, self._report = model, settings, report
        self._module = model.module
        self._logits: torch.Tensor | None = None  # [beam, vocab] of this step, the model's own
        self._log_probs: torch.Tensor | None = None  # [beam, vocab] of this step, after the processors
        self._beams: list[int | None] = [None] * settings.num_beams  # the node each running beam ends in
        self._paths: dict[int, tuple[int, ...]] = {}  # node → generated ids up to it, of the nodes that may still be asked for
        self._finished: dict[tuple[int, ...], int] = {}  # generated ids of an ended hypothesis → its node
        self._index = self._nodes = 0
        self._random: torch.Tensor | None = None  # this search's own state of the generator

    def __getattr__(self, name: str):
        return getattr(self._module, name)

    def __call__(self, *args, **kwargs):
        return self._see_logits(self._module(*args, **kwargs))

    def _prefill(self, *args, **kwargs):
        return self._see_logits(self._module._prefill(*args, **kwargs))

    def _see_logits(self, output):
        self._logits = output.logits[:, -1].float()  # [beam, vocab]
        return output

    def processors(self, chain: Callable) -> Callable:
        """The search's logits processors with ours last: log-probabilities [beam, vocab] as the search adds them.

        Beam search processes log-probabilities, greedy decoding logits, where a repetition penalty acts otherwise; so does one beam here.
        """

        def see(input_ids, scores):
            if self._settings.num_beams == 1:
                scores = chain(input_ids, self._logits).log_softmax(-1)
            else:
                scores = chain(input_ids, scores)
            self._log_probs = scores
            return scores

        return see

    def _get_top_k_continuations(self, **given):
        search = self._module._get_top_k_continuations
        if not given["do_sample"]:
            return search(**given)
        import torch

        with _global_generator:
            outside = torch.get_rng_state()
            try:
                torch.manual_seed(self._settings.seed) if self._random is None else torch.set_rng_state(self._random)
                return search(**given)
            finally:
                self._random = torch.get_rng_state()
                torch.set_rng_state(outside)

    def _get_running_beams_for_next_iteration(self, **given):
        self._kept = self._module._get_running_beams_for_next_iteration(**given)
        return self._kept

    def _update_finished_beams(self, **given):
        found = self._module._update_finished_beams(**given)
        self._note(given, *found)
        return found

    def _note(self, given: dict, sequences, beam_scores, beam_indices, is_sent_finished) -> None:
        """One step, from what the search has just ranked, kept and finished."""
        prompt, length, n = given["decoder_prompt_len"], given["cur_len"], given["num_beams"]
        place = length - prompt
        totals = given["topk_log_probs"][0]
        scores = (totals / ((place + 1) ** given["length_penalty"])).tolist()
        parents = given["topk_running_beam_indices"][0, :, place].tolist()
        ids = given["topk_running_sequences"][0, :, length].tolist()
        ends = (given["next_token_hits_stopping_criteria"] & given["top_num_beam_mask"])[0].tolist()
        _, kept_scores, kept_beams = self._kept
        kept_ids = self._kept[0][0, :, length].tolist()
        kept = {
            (beam, token): slot
            for slot, (beam, token, score) in enumerate(zip(kept_beams[0, :, place].tolist(), kept_ids, kept_scores[0].tolist()))
            if score > FILLER
        }
        named = dict(zip(ids, tokens(self._model, ids)))
        own = self._log_probs[parents, ids].tolist()

        candidates, beams, paths = [], [None] * n, {}
        for rank, (beam, token, total) in enumerate(zip(parents, ids, totals.tolist())):
            if total <= FILLER:
                continue
            node, self._nodes = self._nodes, self._nodes + 1
            parent = self._beams[beam] if self._index else None
            slot = kept.get((beam, token))
            fate = "finished" if ends[rank] else "pruned" if slot is None else "kept"
            path = (*self._paths.get(parent, ()), token)
            if fate == "finished":
                self._finished[path] = node
            if slot is not None:
                beams[slot] = node
                paths[node] = path
            candidates.append(BeamCandidate(node, parent, named[token], own[rank], total, scores[rank], rank, fate))
        self._beams, self._paths = beams, paths

        best = []
        rows = zip(sequences[0].tolist(), beam_scores[0].tolist(), (beam_indices[0] >= 0).sum(-1).tolist(), is_sent_finished[0].tolist())
        for row, score, size, ended in rows:
            if ended:
                path = tuple(row[prompt : prompt + size])
                best.append(Hypothesis(self._finished[path], path, self._model.tokenizer.decode(path, skip_special_tokens=True), score))
        step = BeamStep(self._index, tuple(candidates), tuple(best[: self._settings.num_return_sequences]))
        self._index += 1
        self._report(step)


def beam_search(model: LanguageModel, prompt: str, settings: BeamSettings = BeamSettings()) -> Iterator[BeamStep]:
    """Searches the continuations of ``prompt`` and yields each step as it happens; closing the iterator ends the search within one step.

    Raises AigcError at once: wrong_kind_causal, text_empty, text_long, context_full_new.
    """
    from aigc_core.models.loading import check_kind

    if model.kind != "translation":
        check_kind(model.card.name, model.kind, "causal")
    encoded = encode(model, prompt, room_for=settings.max_new_tokens if model.kind == "causal" else 0)
    return steps(lambda emit: _search(model, encoded, settings, emit))


def _search(model: LanguageModel, encoded: dict, settings: BeamSettings, emit: Callable[[BeamStep], None]) -> None:
    import torch

    observer = Observer(model, settings, emit)

    def observed(module, input_ids, logits_processor, stopping_criteria, generation_config, **rest):
        if generation_config.num_beams == 1:
            generation_config.early_stopping = True  # greedy decoding ends with its first end token
        return type(module)._beam_search(
            observer,
            input_ids,
            logits_processor=observer.processors(logits_processor),
            stopping_criteria=stopping_criteria,
            generation_config=generation_config,
            **rest,
        )

    with torch.inference_mode():
        model.module.generate(**encoded, **settings.for_generate(model), custom_generate=observed)


@dataclass(frozen=True)
class BeamTree:
    """A whole search: every candidate, every ended hypothesis' node, and what generate() returns, in its order."""

    nodes: tuple[BeamCandidate, ...]
    finished: tuple[BeamCandidate, ...]
    hypotheses: tuple[Hypothesis, ...]

    def path(self, node_id: int) -> tuple[BeamCandidate, ...]:
        """The nodes from the first token to this one."""
        known = {node.id: node for node in self.nodes}
        way = [known[node_id]]
        while way[-1].parent is not None:
            way.append(known[way[-1].parent])
        return tuple(reversed(way))


def beam_tree(search: Iterable[BeamStep]) -> BeamTree:
    """Folds the steps of a search, complete or stopped, into its tree."""
    recorded = list(search)
    nodes = tuple(candidate for step in recorded for candidate in step.candidates)
    return BeamTree(nodes, tuple(node for node in nodes if node.fate == "finished"), recorded[-1].best if recorded else ())
