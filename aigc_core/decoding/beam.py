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
from aigc_core.traces import BeamCandidate, BeamStep, Continuation, Hypothesis

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
        self._texts: dict[tuple[int, ...], str] = {}  # the same → its text
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
        prompt, length = given["decoder_prompt_len"], given["cur_len"]
        place = length - prompt
        beams = given["topk_running_beam_indices"][0, :, place]
        new = given["topk_running_sequences"][0, :, length]
        ranked = given["topk_log_probs"][0]
        own = self._log_probs[beams, new].tolist()
        scores = (ranked / ((place + 1) ** given["length_penalty"])).tolist()
        ends = given["next_token_hits_stopping_criteria"][0].tolist()
        beams, new, totals = beams.tolist(), new.tolist(), ranked.tolist()
        kept_sequences, kept_scores, kept_beams = self._kept
        kept_rows = zip(kept_beams[0, :, place].tolist(), kept_sequences[0, :, length].tolist(), kept_scores[0].tolist())
        kept = {(beam, token): slot for slot, (beam, token, score) in enumerate(kept_rows) if score > FILLER}
        named = tokens(self._model, new)

        candidates, running, paths = [], [None] * given["num_beams"], {}
        for rank, (beam, token, total) in enumerate(zip(beams, new, totals)):
            if total <= FILLER:
                continue
            node, self._nodes = self._nodes, self._nodes + 1
            parent = self._beams[beam] if self._index else None
            slot = kept.get((beam, token))
            fate = "kept" if slot is not None else "finished" if ends[rank] and rank < given["num_beams"] else "pruned"
            if fate != "pruned":
                path = (*self._paths.get(parent, ()), token)
                if fate == "finished":
                    self._finished[path] = node
                else:
                    running[slot], paths[node] = node, path
            candidates.append(BeamCandidate(node, parent, named[rank], own[rank], total, scores[rank], rank, fate, ends[rank]))
        self._beams, self._paths = running, paths

        ended = is_sent_finished[0].tolist()
        best = () if True not in ended else self._best(ended, sequences[0, :, prompt:], beam_scores[0], beam_indices[0])
        step = BeamStep(self._index, tuple(candidates), best)
        self._index += 1
        self._report(step)

    def _best(self, ended: list[bool], sequences: torch.Tensor, scores: torch.Tensor, beams: torch.Tensor) -> tuple[Hypothesis, ...]:
        """The ended hypotheses that the search holds, best first, as many as are returned."""
        found = []
        for row, score, size, is_ended in zip(sequences.tolist(), scores.tolist(), (beams >= 0).sum(-1).tolist(), ended):
            if is_ended and len(found) < self._settings.num_return_sequences:
                path = tuple(row[:size])
                if path not in self._texts:
                    self._texts[path] = self._model.tokenizer.decode(path, skip_special_tokens=True)
                found.append(Hypothesis(self._finished[path], path, self._texts[path], score))
        return tuple(found)


def beam_search(model: LanguageModel, prompt: str, settings: BeamSettings = BeamSettings()) -> Iterator[BeamStep]:
    """Searches the continuations of ``prompt`` and yields each step as it happens; closing the iterator ends the search within one step.

    Raises AigcError at once: wrong_kind_causal, text_empty, text_long, context_full_new.
    """
    encoded = _encoded(model, prompt, settings)
    return steps(lambda emit: _search(model, encoded, settings, emit))


def continuation(model: LanguageModel, prompt: str, settings: BeamSettings = BeamSettings()) -> Continuation:
    """The same search, of which only the beginning and the end are kept. Raises the same errors."""
    encoded, recorded = _encoded(model, prompt, settings), []
    _search(model, encoded, settings, recorded.append)
    best = recorded[-1].best[0]
    return Continuation(
        tokens(model, encoded["input_ids"][0].tolist()), tokens(model, list(best.token_ids)), best.score, recorded[0].candidates
    )


def _encoded(model: LanguageModel, prompt: str, settings: BeamSettings) -> dict:
    from aigc_core.models.loading import check_kind

    if model.kind != "translation":
        check_kind(model.card.name, model.kind, "causal")
    return encode(model, prompt, room_for=settings.max_new_tokens if model.kind == "causal" else 0)


def _search(model: LanguageModel, encoded: dict, settings: BeamSettings, emit: Callable[[BeamStep], None]) -> None:
    import torch

    observer = Observer(model, settings, emit)

    def observed(module, input_ids, logits_processor, stopping_criteria, generation_config, **rest):
        if generation_config.num_beams == 1:
            generation_config.early_stopping = True  # greedy decoding ends with its first end token
            generation_config.length_penalty = float(settings.length_penalty)  # for the score alone
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
