"""Pre-training: every story is learnt from, losses are what the formulas say, and an interrupted run ends where a whole one does."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from aigc_core.errors import AigcError
from aigc_core.pretraining import corpus, cpu_attention, speech
from aigc_core.pretraining.__main__ import main
from aigc_core.pretraining.objectives import CausalLanguageModelling, ends_repeated_run
from aigc_core.pretraining.tokenizers import byte_level_bpe
from aigc_core.pretraining.train import Schedule, train
from tests.models import STORIES, byte_pieces

# The corpus


def write_corpus(folder, train_text: str, valid_text: str) -> None:
    (folder / "stories").mkdir()
    (folder / "stories" / "train.txt").write_text(train_text, encoding="utf-8")
    (folder / "stories" / "valid.txt").write_text(valid_text, encoding="utf-8")


def test_stories_are_read_in_order_without_empty_ones(tmp_path):
    text = "One.\nTwo lines.\n<|endoftext|>\n\n<|endoftext|>\n“Three”, é 狗.\n<|endoftext|>\n"
    write_corpus(tmp_path, text, "Last.")
    found = corpus.read(tmp_path)
    assert found.train == ("One.\nTwo lines.", "“Three”, é 狗.")
    assert found.valid == ("Last.",)
    assert found.train_sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("missing", ["train.txt", "valid.txt"])
def test_a_missing_corpus_is_told_and_says_where_to_get_it(missing, tmp_path):
    write_corpus(tmp_path, "a", "b")
    (tmp_path / "stories" / missing).unlink()
    with pytest.raises(AigcError) as caught:
        corpus.read(tmp_path)
    assert caught.value.key == "corpus_missing"
    assert missing in str(caught.value) and "TinyStories" in str(caught.value)


def test_the_command_tells_faults_in_a_sentence(tmp_path, capsys):
    assert main(["story-gpt", "--corpus", str(tmp_path)]) == 2
    assert "TinyStories" in capsys.readouterr().err
    write_corpus(tmp_path, "a", "b")
    assert main(["no-such-recipe", "--corpus", str(tmp_path), "--work", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "no-such-recipe" in told and "story-gpt" in told


# The tokenizer


def test_the_tokenizer_writes_any_text_and_gives_it_back():
    tokenizer = byte_level_bpe(STORIES, d_vocab=300, n_ctx=16)
    assert len(tokenizer) == 300
    assert tokenizer.eos_token_id == tokenizer.bos_token_id == 0
    for text in ("The dog barked.", "  two  spaces\n", "狗é🙂\x00", "Unseen words quickly"):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


# Causal language modelling


def objective(lengths, n_ctx: int) -> CausalLanguageModelling:
    """Stories of given lengths; each token occurs once in all of them, so that it tells where it comes from."""
    starts = np.cumsum([1, *lengths])
    stories = [np.arange(start, start + length, dtype=np.int32) for start, length in zip(starts, lengths)]
    return CausalLanguageModelling(byte_pieces(), stories, (), n_ctx)


LENGTHS = pytest.mark.parametrize(
    "lengths", [[3, 5, 2, 7, 4], [9] * 20, [1] * 40, [30, 2, 50, 3], [10], [11], [12], [100, 9, 10, 11, 8]], ids=str
)


@LENGTHS
@pytest.mark.parametrize("seed", range(4))
def test_every_story_is_in_the_epoch(lengths, seed):
    """Rows have n_ctx + 1 tokens. A story that fits stands in one piece; where rows meet one token may be left out, never two together."""
    made = objective(lengths, n_ctx=10)
    rows = made.epoch(np.random.default_rng(seed))
    assert rows.dtype == np.int32 and rows.shape[1] == 11
    missing = set(range(1, sum(lengths) + 1)) - set(rows.ravel().tolist())
    assert len(missing) <= len(rows)
    for story in made.stories:
        assert not any(token in missing and token + 1 in missing for token in story[:-1].tolist())
        text = story[:-1].tolist()
        if text and len(story) + 2 <= rows.shape[1]:
            found = [(row, place) for row in rows.tolist() for place in range(12 - len(text)) if row[place : place + len(text)] == text]
            assert any(place == 0 or row[place - 1] == 0 for row, place in found)  # after its end token, or at a row's beginning


@LENGTHS
def test_what_one_epoch_leaves_out_another_has(lengths):
    made = objective(lengths, n_ctx=10)
    seen = {token for epoch in range(12) for token in made.epoch(np.random.default_rng([0, epoch])).ravel().tolist()}
    assert seen >= set(range(1, sum(lengths) + 1))


@pytest.mark.parametrize("seed", range(4))
def test_rows_keep_the_order_of_the_text(seed):
    """Inside a row every token is followed by the next one of its story, by an end token, or by nothing."""
    for row in objective([7, 30, 2, 12, 9, 5], n_ctx=10).epoch(np.random.default_rng(seed)).tolist():
        for first, second in zip(row, row[1:]):
            assert second == 0 or first == 0 or second == first + 1


def test_most_rows_begin_where_a_story_begins():
    made = objective([8] * 300, n_ctx=20)
    rows = made.epoch(np.random.default_rng(0))
    firsts = {int(story[0]) for story in made.stories}
    with_end = sum(row[0] == 0 and row[1] in firsts for row in rows.tolist())
    without = sum(row[0] in firsts for row in rows.tolist())
    assert with_end + without > 0.95 * len(rows)
    assert 0.2 < without / len(rows) < 0.47  # a third


def test_an_epoch_depends_on_its_seed_alone():
    made = objective([7, 30, 2, 12, 9, 5], n_ctx=10)
    first, again, other = (made.epoch(np.random.default_rng([0, epoch])) for epoch in (1, 1, 2))
    assert np.array_equal(first, again) and not (first.shape == other.shape and np.array_equal(first, other))


def small_gpt(seed: int = 0, **options) -> GPT2LMHeadModel:
    torch.manual_seed(seed)
    config = dict(vocab_size=300, n_positions=32, n_embd=16, n_layer=2, n_head=2, initializer_range=0.2, bos_token_id=0, eos_token_id=0)
    return GPT2LMHeadModel(GPT2Config(**config | options)).eval()


def test_the_loss_is_the_mean_negative_log_likelihood():
    """Recomputed in float64 NumPy from the logits, position by position."""
    model = small_gpt()
    batch = np.random.default_rng(0).integers(0, 300, (3, 9), dtype=np.int32)
    with torch.no_grad():
        found = float(objective([5], 8).loss(model, batch))
        logits = model(torch.from_numpy(batch).long()).logits.double().numpy()
    nats = []
    for row in range(3):
        for position in range(8):
            scores = logits[row, position]
            nats.append(math.log(np.exp(scores).sum()) - scores[batch[row, position + 1]])
    assert found == pytest.approx(np.mean(nats), abs=1e-5)
    assert np.std(nats) > 0.3


def test_bits_per_character_by_hand():
    """A model that knows nothing spends ln 300 nats on each token: with t tokens and c characters, t · log₂ 300 ÷ c bits."""
    model = small_gpt()
    torch.nn.init.zeros_(model.lm_head.weight)
    made = CausalLanguageModelling(byte_pieces(), [], STORIES, 32)
    found = made.evaluate(model)
    tokens = sum(len(byte_pieces()(story)["input_ids"]) for story in STORIES)
    characters = sum(len(story) for story in STORIES)
    assert found["nats_per_token"] == pytest.approx(math.log(300), abs=1e-5)
    assert found["bits_per_character"] == pytest.approx(tokens * math.log2(300) / characters, abs=1e-5)


def test_evaluation_cuts_long_stories_and_counts_what_it_read():
    model = small_gpt()
    torch.nn.init.zeros_(model.lm_head.weight)
    found = CausalLanguageModelling(byte_pieces(), [], STORIES[:1], 8).evaluate(model)
    ids = byte_pieces()(STORIES[0])["input_ids"][:7]
    assert found["bits_per_character"] == pytest.approx(7 * math.log2(300) / len(byte_pieces().decode(ids)), abs=1e-5)


def test_evaluation_weighs_tokens_not_stories():
    model = small_gpt()
    made = CausalLanguageModelling(byte_pieces(), [], ("a", STORIES[0]), 32)
    ids = [byte_pieces()(story)["input_ids"] for story in made.valid]
    losses = [float(made.loss(model, np.array([[0, *each]])).detach()) for each in ids]
    expected = np.average(losses, weights=[len(each) for each in ids])
    assert made.evaluate(model)["nats_per_token"] == pytest.approx(expected, abs=1e-5)
    assert abs(losses[0] - losses[1]) > 0.01


@pytest.mark.parametrize("masked", [False, True])
def test_the_attention_for_training_is_the_familys_own(masked):
    """Logits and gradients equal eager's."""
    own, fast = small_gpt(attn_implementation="eager"), small_gpt(attn_implementation=cpu_attention.NAME)
    ids = torch.from_numpy(np.random.default_rng(0).integers(0, 300, (2, 12)))
    mask = torch.ones_like(ids)
    mask[0, 8:] = 0 if masked else 1
    results = []
    for model in (own, fast):
        logits = model(ids, attention_mask=mask).logits
        logits[mask.bool()].square().sum().backward()
        results.append((logits[mask.bool()].detach(), model.transformer.h[0].attn.c_attn.weight.grad))
    for expected, found in zip(*results):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


# The loop

SCHEDULE = Schedule(steps=30, batch=4, warmup=5)


def learn(folder, schedule: Schedule = SCHEDULE, report=lambda progress: None, dropout: float = 0.1):
    model = small_gpt(seed=5, resid_pdrop=dropout, embd_pdrop=dropout, attn_pdrop=0.0)
    made = CausalLanguageModelling.from_texts(byte_pieces(), STORIES * 4, STORIES, 24)
    before = made.evaluate(model)
    result = train(model, made, schedule, folder, report=report, report_every=10, evaluate_every=10)
    return model, before, result


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("when", [10, 20, 30])
def test_an_interrupted_run_ends_with_the_same_weights(when, tmp_path):
    """Stopped while step ``when`` was reported, before its checkpoint was written, and started again with the same arguments."""

    def stop(progress) -> None:
        if progress.step == when:
            raise Interrupted

    whole, _, result = learn(tmp_path / "whole")
    with pytest.raises(Interrupted):
        learn(tmp_path / "cut", report=stop)
    resumed, _, again = learn(tmp_path / "cut")
    for (name, expected), found in zip(whole.state_dict().items(), resumed.state_dict().values()):
        assert torch.equal(expected, found), name
    assert (again["steps"], again["tokens"], again["nats_per_token"]) == (result["steps"], result["tokens"], result["nats_per_token"])


def test_thirty_steps_lower_the_loss(tmp_path):
    reports = []
    model, before, result = learn(tmp_path, report=reports.append)
    assert result["nats_per_token"] < 0.8 * before["nats_per_token"]
    assert [each.step for each in reports] == [10, 20, 30]
    assert reports[-1].loss < reports[0].loss
    assert result["tokens"] == 30 * 4 * 25 and result["steps"] == 30
    assert not model.training
    lines = [json.loads(line) for line in (tmp_path / "progress.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 30]
    assert lines[-1]["valid"]["nats_per_token"] == pytest.approx(result["nats_per_token"], abs=1e-6)


def test_a_finished_run_started_again_learns_no_more(tmp_path):
    first, _, result = learn(tmp_path)
    again, _, same = learn(tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values()))
    assert (same["steps"], same["tokens"]) == (result["steps"], result["tokens"])


def test_the_seed_decides_the_run(tmp_path):
    runs = [learn(tmp_path / str(place), dataclasses.replace(SCHEDULE, steps=5, seed=seed))[0] for place, seed in enumerate((1, 1, 2))]
    weights = [run.transformer.wte.weight for run in runs]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_the_rate_rises_stays_and_falls():
    schedule = Schedule(steps=100, warmup=10, flat_until=0.5, final=0.02)
    assert [schedule.rate(step) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1])
    assert [schedule.rate(step) for step in (10, 30, 50)] == [1, 1, 1]
    assert schedule.rate(75) == pytest.approx(0.51) and schedule.rate(100) == pytest.approx(0.02)


# Speech


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([], False),
        (list(range(40)), False),
        ([1, 2, 3, 4, 5, 6] * 2, True),
        ([1, 2, 3, 4, 5, 6, 9, 1, 2, 3, 4, 5, 6], True),
        ([1, 2, 3, 4, 5, 9, 1, 2, 3, 4, 5, 8], False),  # a run of five twice
        ([1] * 6, False),  # one run of six
        ([1] * 7, True),  # two, one over the other
    ],
)
def test_loops_are_found(ids, expected):
    assert speech.repeats(ids) is expected


def test_continuations_are_what_generate_writes():
    model, tokenizer = small_gpt(), byte_pieces()
    written = speech.continuations(model, tokenizer, new_tokens=5)
    assert len(written) == len(speech.PROMPTS) == 10
    ids = tokenizer(speech.PROMPTS[3], return_tensors="pt")["input_ids"]
    for token_id in written[3]:
        with torch.no_grad():
            assert token_id == int(model(ids).logits[0, -1].argmax())
        ids = torch.cat([ids, torch.tensor([[token_id]])], dim=1)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([1, 2, 3, 4], []),
        ([1, 2, 1, 2], [3]),
        ([5, 5, 5, 5], [2, 3]),
        ([1, 2, 3, 1, 2, 4, 1, 2], [4, 7]),
    ],
)
def test_repeated_runs_are_found_where_they_end(ids, expected):
    assert [place for place in range(len(ids)) if ends_repeated_run(ids, place, 2)] == expected


def test_polish_makes_a_model_leave_its_loops():
    """An untrained model's greedy text is one loop; some steps of polish alone make what it repeats less probable."""
    tokenizer = byte_pieces()
    task = CausalLanguageModelling.from_texts(tokenizer, STORIES * 4, STORIES, 60)
    model = small_gpt(n_positions=80)
    batch = task.epoch(np.random.default_rng(0))[:6]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def extra() -> float:
        torch.manual_seed(0)
        with torch.no_grad():
            return float(task.polish(model, batch) - task.loss(model, batch))

    before = extra()
    assert before > 0
    for _ in range(25):
        optimizer.zero_grad()
        task.polish(model, batch).backward()
        optimizer.step()
    assert extra() < before
