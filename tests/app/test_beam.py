"""The beam page through AppTest, in both languages: every setting is offered, and what is told is the record's own."""

from __future__ import annotations

import json

import pytest

from aigc_core.analysis.beams import greedy
from aigc_core.decoding import BeamSettings, beam_search, continuation, end_tokens
from aigc_core.figures.labels import visible
from tests.app.helpers import LANGUAGES, components, figure, open_page, texts, words_of

PROMPT = "One day, a bird"


def carried(app) -> dict:
    """What the tree's carriers bring at the run's end: part → data."""
    brought = [json.loads(each.json) for each in components(app, "glassbox_beam_tree_carrier")]
    return {each["part"]: each for each in brought}


@pytest.mark.parametrize("language", LANGUAGES)
def test_beam_returns_what_generate_returns(language, story_gpt):
    link = dict(text=PROMPT, num_beams="3", length_penalty="0.5", num_return_sequences="2", beam_length="8", early_stopping="never")
    app = open_page("beam", lang=language, **link)
    page = words_of("beam", language)
    encoded = story_gpt.tokenizer(PROMPT, return_tensors="pt")
    output = story_gpt.module.generate(
        **encoded, num_beams=3, length_penalty=0.5, num_return_sequences=2, max_new_tokens=8, early_stopping="never", do_sample=False,
        return_dict_in_generate=True, output_scores=True, pad_token_id=0,
    )  # fmt: skip
    assert not app.exception and not app.error
    assert app.title[0].value == page("title")
    table = app.table[0].value
    expected = [story_gpt.tokenizer.decode(row[encoded["input_ids"].shape[1] :], skip_special_tokens=True) for row in output.sequences]
    assert [text.replace("\\", "") for text in table[page("column_text")]] == [" ".join(text.split()) for text in expected]
    assert list(table[page("column_score")]) == [f"{score:.6f}" for score in output.sequences_scores.tolist()]
    # the quotient beside it is the one that gives the score
    for total, length, score in zip(*(table[page(f"column_{name}")] for name in ("total", "length", "score"))):
        tokens, penalty = (float(part) for part in length.split(" ^ "))
        assert float(total) / tokens**penalty == pytest.approx(float(score), abs=2e-6)
    assert page("knobs.one_length", count=3, length=8).replace("*", "") in texts(app).replace("*", "")
    assert page("knobs.never_asked", beams=3) in texts(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_end_tokens_of_ones_own_end_hypotheses_early(language, story_gpt):
    app = open_page("beam", lang=language, text="Once upon a time", num_beams="4", beam_length="24", ends=". !", early_stopping="never")
    page = words_of("beam", language)
    assert not app.exception and not app.error
    ends = end_tokens(story_gpt, (".", "!"))
    assert page("ends_are", tokens=", ".join(f"{visible(each.text)} ({each.id})" for each in (*ends.own, *ends.named))) in texts(app)
    settings = BeamSettings(num_beams=4, num_return_sequences=3, max_new_tokens=24, early_stopping="never", eos_token_ids=ends.ids)
    steps = list(beam_search(story_gpt, "Once upon a time", settings))
    assert steps == app.session_state["search"].items
    ended = [each for step in steps for each in step.candidates if each.fate == "finished"]
    assert page("knobs.ended", count=len(ended), early=len(ended), steps=len(steps)) in texts(app)
    assert len(steps) < 24
    lines = [trace for trace in figure(app)["data"] if trace.get("name")]
    assert len(lines) >= 3  # those returned, and any that would lead


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_that_is_no_token_is_told_and_kept(language, story_gpt):
    app = open_page("beam", lang=language, text=PROMPT, num_beams="2", beam_length="3", ends="dragonfly-like")
    assert not app.exception and len(app.error) == 1 and "dragonfly" in app.error[0].value
    assert app.text_input(key="ends").value == "dragonfly-like"
    assert len(app.table) == 1  # the search goes on with the model's own end tokens


def test_sampled_beams_are_drawn_as_the_library_draws_them(story_gpt):
    link = dict(do_sample="true", temperature="1.5", top_k="30", top_p="0.9", seed="7")
    app = open_page("beam", text=PROMPT, num_beams="3", beam_length="6", num_return_sequences="1", **link)
    assert not app.exception and not app.error
    settings = BeamSettings(num_beams=3, max_new_tokens=6, do_sample=True, temperature=1.5, top_k=30, top_p=0.9, seed=7)
    assert app.session_state["search"].items == list(beam_search(story_gpt, PROMPT, settings))
    assert words_of("beam", "en")("drawn.rank") in texts(app)
    app = open_page("beam", text=PROMPT, num_beams="1", beam_length="3", do_sample="true")  # one beam draws nothing, and says so
    assert not app.exception and app.toggle(key="do_sample").disabled
    assert words_of("beam", "en")("one_draws") in texts(app) and words_of("beam", "en")("knobs.one_beam") in texts(app)


def test_greedy_is_read_from_the_tree_or_searched_alone(story_gpt):
    for link, settings in ((dict(), BeamSettings()), (dict(repetition_penalty="1.5"), BeamSettings(repetition_penalty=1.5))):
        app = open_page("beam", text=PROMPT, num_beams="5", beam_length="20", num_return_sequences="1", **link)
        alone = continuation(story_gpt, PROMPT, BeamSettings(num_beams=1, repetition_penalty=settings.repetition_penalty))
        ids = [token.id for token in alone.tokens]
        steps = list(beam_search(story_gpt, PROMPT, settings))
        tokens = {each.id: each.token_id for step in steps for each in step.candidates}
        marked = carried(app)["newest"]["greedy"]
        assert marked and [tokens[node] for node in marked] == ids[: len(marked)]
        assert visible("".join(token.text for token in alone.tokens)) in texts(app)
        if not link:
            assert tuple(marked) == greedy(steps).nodes


@pytest.mark.parametrize("family", ["marian", "t5"])
def test_a_translation_model_from_a_folder_is_searched(family, folder_of, model_of):
    folder = str(folder_of(family))
    app = open_page("beam", text="The little dog", num_beams="3", beam_length="6")
    app.selectbox(key="model_causal_translation").select("another").run()
    app.text_input(key="other_model").set_value(folder).run()
    app.button(key="other_load").click().run()
    assert not app.exception and not app.error
    settings = BeamSettings(num_beams=3, num_return_sequences=3, max_new_tokens=6)
    assert app.session_state["search"].items == list(beam_search(model_of(family), "The little dog", settings))


def test_a_link_restores_the_node_and_the_step(story_gpt):
    steps = list(beam_search(story_gpt, PROMPT, BeamSettings(num_beams=3, max_new_tokens=6)))
    node = steps[2].candidates[-1]
    app = open_page("beam", text=PROMPT, num_beams="3", beam_length="6", token=str(node.id), step="4")
    (tree,) = components(app, "glassbox_beam_tree")
    assert json.loads(tree.json)["step"] == 4
    (table,) = components(app, "glassbox_contest")
    data = json.loads(table.json)
    assert data["selected"] == node.id and [row["id"] for row in data["rows"]] == [each.id for each in steps[2].candidates]
    behind = min(each.cumulative_log_prob for each in steps[2].candidates if each.fate == "kept") - node.cumulative_log_prob
    assert data["rows"][-1]["why"] == f"{behind:.2f}" and f"{behind:.2f}" in texts(app)
    assert (app.query_params["token"], app.query_params["step"]) == (str(node.id), "4")
    app.slider(key="beam_length").set_value(5).run()  # another search: what was chosen in the old one is forgotten
    assert "token" not in app.query_params and "step" not in app.query_params
