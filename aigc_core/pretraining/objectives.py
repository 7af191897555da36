"""What a model learns from the stories: rows of tokens for one epoch, and the loss of a batch of them.

Causal language modelling (Radford et al. 2018, eq. 1): L = −Σᵢ log P(uᵢ | u₁ … uᵢ₋₁), here its mean over the tokens, in nats.
Masked language modelling (Devlin et al. 2019 §3.1): L = −(1/|M|) Σ_{i∈M} log P(xᵢ | x̃), x̃ the corrupted text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from aigc_core.masked import corrupt
from aigc_core.pairs import sentences_of


@dataclass(frozen=True)
class CausalLanguageModelling:
    """Rows of ``n_ctx`` + 1 tokens that begin where a story begins, with the end token before each story."""

    tokenizer: object
    stories: Sequence[np.ndarray]  # token ids of each story, no end token
    valid: Sequence[str]
    n_ctx: int
    RUN = 4  # tokens

    @classmethod
    def from_texts(cls, tokenizer, train: Sequence[str], valid: Sequence[str], n_ctx: int) -> CausalLanguageModelling:
        return cls(tokenizer, [np.array(ids, dtype=np.int32) for ids in encode(tokenizer, train)], tuple(valid), n_ctx)

    def epoch(self, rng: np.random.Generator) -> np.ndarray:
        """The stories in a new order: int32 [row, n_ctx + 1]; now and then a token between two rows of a long story is left out.

        A story that a row cuts off begins the next row whole; one longer than a row goes on in the next.
        So most rows open with a story's first words, which is how the model is asked later; of three rows
        one loses its first token, since a prompt comes without the end token in front.
        """
        end, width = self.tokenizer.eos_token_id, self.n_ctx + 2
        rows, row = [], []
        for index in rng.permutation(len(self.stories)):
            story = [end, *self.stories[index].tolist()]
            row += story
            while len(row) >= width:
                rows.append(row[:width])
                tail, fitted = row[width - 1 :], len(story) < len(row)
                row = [] if len(tail) <= 1 else story if fitted and len(story) < width else tail
                story = row
        rows.append((row + [end] * width)[:width])
        starts = rng.random(len(rows)) < 1 / 3
        return np.array([row[start : start + width - 1] for row, start in zip(rows, starts.astype(int))], dtype=np.int32)

    def loss(self, model, batch: np.ndarray) -> torch.Tensor:
        """Mean negative log-likelihood of a batch [row, n_ctx + 1], in nats a token."""
        ids = torch.from_numpy(batch).long().to(model.device)
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits  # [row, position, vocab]
        return F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten())

    def polish(self, model, batch: np.ndarray) -> torch.Tensor:
        """The loss of the last steps: a batch's own, plus the unlikelihood of the loops that greedy text falls into.

        Half of the rows' beginnings are continued greedily; a token that ends a run of ``RUN`` which has occurred in that row before costs
        −log(1 − p) (Welleck et al. 2020, *Neural Text Generation with Unlikelihood Training*, §5.2), as a mean over such tokens.
        """
        start = int(torch.randint(3, 11, ()))
        prefix = torch.from_numpy(batch[: len(batch) // 2, :start]).long().to(model.device)
        model.eval()
        rows = model.generate(prefix, attention_mask=torch.ones_like(prefix), max_new_tokens=48, do_sample=False, pad_token_id=0)
        model.train()
        again = torch.tensor([[ends_repeated_run(row, place, self.RUN) for place in range(rows.shape[1])] for row in rows.tolist()])
        again[:, :start] = False
        loss = self.loss(model, batch)
        if not again.any():
            return loss
        log_probs = model(input_ids=rows[:, :-1], use_cache=False).logits.float().log_softmax(-1)
        taken = log_probs.gather(-1, rows[:, 1:, None])[..., 0][again[:, 1:].to(rows.device)]
        return loss - torch.log1p(-taken.exp().clamp(max=1 - 1e-5)).mean()

    @torch.no_grad()
    def evaluate(self, model, limit: int | None = None) -> dict[str, float]:
        """Loss on the validation stories, each from the end token and cut at ``n_ctx`` − 1 tokens.

        nats_per_token counts the story's own tokens; bits_per_character = nats · tokens ÷ characters ÷ ln 2,
        which does not depend on the tokenizer.
        """
        nats = tokens = characters = 0
        for text, ids in zip(self.valid[:limit], encode(self.tokenizer, self.valid[:limit])):
            ids = ids[: self.n_ctx - 1]
            row = np.array([[self.tokenizer.eos_token_id, *ids]])
            nats += float(self.loss(model, row)) * len(ids)
            tokens += len(ids)
            characters += len(self.tokenizer.decode(ids))
        return {"nats_per_token": nats / tokens, "bits_per_character": nats / characters / math.log(2)}


def ends_repeated_run(ids: Sequence[int], place: int, run: int) -> bool:
    """True where the ``run`` tokens up to ``place`` stand somewhere before it, too."""
    last = ids[max(0, place - run + 1) : place + 1]
    return len(last) == run and any(ids[start : start + run] == last for start in range(place - run + 1))


def encode(tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, without special tokens."""
    return tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False)["input_ids"] if texts else []


@dataclass(frozen=True)
class MaskedAndNextSentence:
    """BERT's two tasks (Devlin et al. 2019 §3.1): filling masks, and telling whether B follows A.

    A row is one stretch of a story, or two pairs side by side, each half as wide: one to three sentences, and either the sentences that
    follow them or, as often, some of another story. Of a row's pieces 20 % are chosen (the paper's 15 % learns more slowly; Wettig et al.
    2023, *Should You Mask 15 % in Masked Language Modeling?*): 80 % of them become [MASK], 10 % a random piece, 10 % stay.
    """

    tokenizer: object
    stories: Sequence[list[np.ndarray]]  # of each story, the token ids of each sentence
    valid: Sequence[str]
    n_ctx: int
    width: int = 128  # pieces of a training row
    CHOSEN = 0.2
    PAIRS = 0.6  # of the rows
    NSP_WEIGHT = 4.0  # a batch has some hundred masks but few pairs, whose gradient would drown in theirs

    @classmethod
    def from_texts(cls, tokenizer, train: Sequence[str], valid: Sequence[str], n_ctx: int) -> MaskedAndNextSentence:
        stories = []
        for text in train:
            stories.append([np.array(ids, dtype=np.int32) for ids in encode(tokenizer, sentences_of(text)) if ids])
        return cls(tokenizer, [story for story in stories if story], tuple(valid), n_ctx)

    def epoch(self, rng: np.random.Generator) -> np.ndarray:
        """A row for each story, in a new order: int32 [row, 3, width].

        The three lines are the pieces, their segment (−1 is padding), and in the first column of each half 1 where B is random, 0 where it
        follows, −1 in a stretch.
        """
        rows = []
        for index in rng.permutation(len(self.stories)):
            story = self.stories[index]
            if len(story) > 1 and rng.random() < self.PAIRS:
                others = (self.stories[rng.integers(len(self.stories))] for _ in range(2))
                rows.append(np.concatenate([self._pair(story, other, rng) for other in others], axis=-1))
            else:
                rows.append(self._stretch(story, rng))
        return np.array(rows, dtype=np.int32)

    def _row(self, parts: Sequence[np.ndarray], label: int, width: int) -> np.ndarray:
        """[CLS] first [SEP] (second [SEP]), padded to ``width``."""
        pieces, segments = [self.tokenizer.cls_token_id], [0]
        for segment, part in enumerate(parts):
            pieces += [*part, self.tokenizer.sep_token_id]
            segments += [segment] * (len(part) + 1)
        empty = width - len(pieces)
        pieces, segments = pieces + [self.tokenizer.pad_token_id] * empty, segments + [-1] * empty
        return np.array([pieces, segments, [label] + [0] * (width - 1)], dtype=np.int32)

    def _stretch(self, story: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
        ids = np.concatenate(story)
        room = self.width - 2
        start = 0 if len(ids) <= room or rng.random() < 0.5 else rng.integers(len(ids) - room + 1)
        return self._row([ids[start : start + room]], -1, self.width)

    def _pair(self, story: list[np.ndarray], other: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
        room = (self.width // 2 - 3) // 2
        split, few = int(rng.integers(1, len(story))), int(rng.integers(1, 4))
        random = other is not story and rng.random() < 0.5
        source, start = (other, int(rng.integers(len(other)))) if random else (story, split)
        first, second = np.concatenate(story[max(0, split - few) : split]), np.concatenate(source[start : start + few])
        return self._row([first[-room:], second[:room]], int(random), self.width // 2)

    def loss(self, model, batch: np.ndarray) -> torch.Tensor:
        """L = L_MLM + NSP_WEIGHT · L_NSP in nats: the mean over the chosen pieces and the mean over the pairs."""
        paired = batch[:, 2, 0] >= 0
        kinds = batch[~paired], np.concatenate(np.split(batch[paired], 2, axis=-1))  # [stretch, 3, width], [pair, 3, width / 2]
        filled, hidden, judged = (torch.cat(each) for each in zip(*(self._read(model, rows) for rows in kinds if len(rows))))
        label = torch.from_numpy(np.concatenate([rows[:, 2, 0] for rows in kinds])).long().to(model.device)
        follows = F.cross_entropy(judged.float(), label, ignore_index=-1, reduction="sum") / max(1, int((label >= 0).sum()))
        return F.cross_entropy(filled.float(), hidden) + self.NSP_WEIGHT * follows

    def _read(self, model, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Corrupts rows and reads them: the logits at the chosen places, the pieces that stood there, the logits of next sentence."""
        pieces, segments = torch.from_numpy(rows[:, :2]).long().to(model.device).unbind(1)
        inside = segments >= 0
        special = (pieces == self.tokenizer.cls_token_id) | (pieces == self.tokenizer.sep_token_id)
        may, tokenizer = inside & ~special, self.tokenizer
        corrupted, chosen = corrupt(pieces, may, self.CHOSEN, tokenizer.mask_token_id, len(tokenizer))
        hidden, pooled = model.bert(
            input_ids=corrupted, attention_mask=inside.long(), token_type_ids=segments.clamp(min=0), return_dict=False
        )[:2]
        return model.cls.predictions(hidden[chosen]), pieces[chosen], model.cls.seq_relationship(pooled)  # the head runs where it is asked

    @torch.no_grad()
    def evaluate(self, model, limit: int | None = None) -> dict[str, float]:
        """Shares right on the validation stories, with the same draws every time.

        masked_top1 and masked_top5: a seventh of the first 128 pieces of each story, each replaced by [MASK]. next_sentence: each
        sentence's true next one, and as often a sentence of another story.
        """
        rng, stories = np.random.default_rng(0), list(self.valid[:limit])
        right1 = right5 = asked = right = pairs = 0
        for ids in encode(self.tokenizer, stories):
            ids = torch.tensor([self.tokenizer.cls_token_id, *ids[:128], self.tokenizer.sep_token_id], device=model.device)
            places = 1 + torch.from_numpy(rng.permutation(len(ids) - 2)[: max(1, (len(ids) - 2) // 7)]).to(model.device)
            masked = ids.clone()
            masked[places] = self.tokenizer.mask_token_id
            best = model(input_ids=masked[None]).prediction_logits[0, places].topk(5).indices  # [place, 5]
            hits = best == ids[places, None]
            right1 += int(hits[:, 0].sum())
            right5 += int(hits.sum())
            asked += len(places)
        split = [sentences_of(text) for text in stories]
        for index, sentences in enumerate(split):
            others = [story for place, story in enumerate(split) if place != index and story]
            following = list(zip(sentences[:-1:3], sentences[1::3]))  # every third pair of a story
            if not following:
                continue
            strangers = [story[rng.integers(len(story))] for story in (others[rng.integers(len(others))] for _ in following)]
            firsts, seconds = [first for first, _ in following] * 2, [second for _, second in following] + strangers
            both = self.tokenizer(firsts, seconds, return_tensors="pt", padding=True, truncation=True).to(model.device)
            said = model(**both).seq_relationship_logits.argmax(-1)  # index 0: follows
            right += int((said == torch.arange(len(firsts), device=said.device) // len(following)).sum())
            pairs += len(firsts)
        return {"masked_top1": right1 / asked, "masked_top5": right5 / asked, "next_sentence": right / pairs}
