"""Loading from folders and from a hub: what is loaded is what was stored, and every fault is told by its own sentence."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from aigc_core import attention, limits, models
from aigc_core.errors import AigcError
from tests.hub import Hub
from tests.models import TEXT

ROOT = Path(__file__).resolve().parents[2]


def key_of(name: str | Path, kind: str | None = None) -> str:
    """The key of the error that loading ends in; the sentence must have all its values."""
    with pytest.raises(AigcError) as caught:
        models.load(str(name), kind)
    assert "{" not in str(caught.value)
    return caught.value.key


def change(folder: Path, **values) -> Path:
    """Changes fields of a folder's config.json; None takes one out."""
    config = json.loads((folder / "config.json").read_text()) | values
    (folder / "config.json").write_text(json.dumps({name: value for name, value in config.items() if value is not None}))
    return folder


def limited(monkeypatch, **values) -> None:
    monkeypatch.setattr(limits, "current", lambda: dataclasses.replace(limits.Limits(), **values))


# Folders: what is loaded


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16, torch.float32])
def test_weights_are_float32_whatever_is_stored(stored, model_of, tmp_path):
    """Loaded as float32, equal to what the file holds."""
    model = model_of("gpt2")
    module = type(model.module)(model.module.config)
    module.load_state_dict(model.module.state_dict())
    module.to(stored).save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    in_file = load_file(tmp_path / "model.safetensors")
    assert {tensor.dtype for tensor in in_file.values()} == {stored}
    loaded = models.load(str(tmp_path)).module
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    state = loaded.state_dict()
    for name, tensor in in_file.items():
        assert torch.equal(state[name], tensor.float())


def test_a_loaded_model_is_for_reading(model_of):
    model = model_of("gpt2")
    assert not model.module.training
    assert not any(parameter.requires_grad for parameter in model.module.parameters())


@pytest.mark.parametrize(("name", "kind"), [("gpt2", "causal"), ("bloom", "causal"), ("bert", "masked"), ("modernbert", "masked")])
def test_the_card_of_a_folder(name, kind, model_of, folder_of):
    model = model_of(name)
    assert model.kind == model.card.kind == kind
    assert model.card.name == str(folder_of(name))
    assert model.card.parameters == model.module.num_parameters()


def test_the_card_says_what_the_readme_says(copy_of):
    folder = copy_of("gpt2")
    (folder / "README.md").write_text("---\nlanguage: [en, fr]\nlicense: mit\n---\n# a model\n", encoding="utf-8")
    card = models.load(str(folder)).card
    assert (card.languages, card.licence) == (("en", "fr"), "mit")


def test_a_model_in_parts_is_read_whole_and_counted_once(copy_of, model_of):
    """Parts with an index load like one file; a second copy of the weights under another name is not counted."""
    folder = copy_of("gpt2")
    model = model_of("gpt2")
    (folder / "model.safetensors").unlink()
    model.module.save_pretrained(folder, max_shard_size="40KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    shutil.copy(next(folder.glob("model-*.safetensors")), folder / "consolidated.safetensors")
    loaded = models.load(str(folder))
    assert loaded.card.parameters == model.card.parameters
    assert (attention.trace(loaded, TEXT).attention == attention.trace(model, TEXT).attention).all()


def test_many_loads_at_once_leave_transformers_as_it_was(folder_of):
    """transformers swaps tie_weights while it loads; loads that overlap would leave every later model without its output weights."""
    from transformers import PreTrainedModel

    before, faults = PreTrainedModel.tie_weights, []

    def work() -> None:
        for _ in range(4):
            try:
                module = models.load(str(folder_of("gpt2"))).module
                faults.extend([] if module.lm_head.weight is module.transformer.wte.weight else ["not tied"])
            except AigcError as error:
                faults.append(error.key)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == [] and PreTrainedModel.tie_weights is before


# Folders: what is refused


def test_no_folder(tmp_path):
    assert key_of(tmp_path / "nowhere") == "folder_missing"
    assert key_of("./nowhere") == "folder_missing"
    assert key_of("~nobody-of-this-name/model") == "folder_missing"
    assert key_of("a/b/c") == "folder_missing"


@pytest.mark.parametrize("name", ["", "  ", "two words", "a\0b", "<script>", "a" * 5000, "模型", "-x", "a--b", "a..b/c", "https:x"])
def test_nonsense_is_no_name(name):
    assert key_of(name) == "model_name"


def test_no_configuration(copy_of):
    folder = copy_of("gpt2")
    (folder / "config.json").unlink()
    assert key_of(folder) == "config_missing"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"gpt2"', b"null", b"\xff\xfe{}", b"[" * 100_000],
    ids=["empty", "cut", "list", "text", "null", "not UTF-8", "deep"],
)
def test_a_damaged_configuration(content, copy_of):
    folder = copy_of("gpt2")
    (folder / "config.json").write_bytes(content)
    assert key_of(folder) == "corrupt"


@pytest.mark.parametrize("values", [dict(n_embd="wide"), dict(n_head=5), dict(activation_function="nonsense"), dict(n_layer=[1])])
def test_a_configuration_that_cannot_be_built(values, copy_of):
    with pytest.raises(AigcError) as caught:
        models.load(str(change(copy_of("gpt2"), **values)))
    assert (caught.value.key, caught.value.values["file"]) == ("corrupt", "config.json")


def header(length: int, text: bytes = b"") -> bytes:
    return struct.pack("<Q", length) + text


DAMAGED = {
    "empty": lambda whole: b"",
    "three bytes": lambda whole: whole[:3],
    "cut in the header": lambda whole: whole[:200],
    "cut in the weights": lambda whole: whole[: len(whole) // 2],
    "last byte missing": lambda whole: whole[:-1],
    "a header longer than any disk": lambda whole: header(2**63, whole[8:]),
    "a header as long as the file": lambda whole: header(len(whole) - 8, whole[8:]),
    "no JSON": lambda whole: header(4, b"oops"),
    "a list": lambda whole: header(2, b"[]"),
    "no shape": lambda whole: header(len(b'{"a":{}}'), b'{"a":{}}'),
    "words for a shape": lambda whole: header(len(b'{"a":{"shape":["x",3]}}'), b'{"a":{"shape":["x",3]}}'),
    "deep": lambda whole: header(100_000, b"[" * 100_000),
    "a web page": lambda whole: b"<!DOCTYPE html><html>not found</html>" * 50,
    "a pointer of Git LFS": lambda whole: b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n",
}


@pytest.mark.parametrize("fault", DAMAGED)
def test_damaged_weights(fault, copy_of):
    folder = copy_of("gpt2")
    path = folder / "model.safetensors"
    path.write_bytes(DAMAGED[fault](path.read_bytes()))
    with pytest.raises(AigcError) as caught:
        models.load(str(folder))
    assert (caught.value.key, caught.value.values["file"]) == ("corrupt", "model.safetensors")


def test_a_part_that_is_missing(copy_of, model_of):
    folder = copy_of("gpt2")
    (folder / "model.safetensors").unlink()
    model_of("gpt2").module.save_pretrained(folder, max_shard_size="40KB")
    (lost := sorted(folder.glob("model-*.safetensors"))[-1]).unlink()
    with pytest.raises(AigcError) as caught:
        models.load(str(folder))
    assert (caught.value.key, caught.value.values["file"]) == ("corrupt", lost.name)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": 3}}'])
def test_a_damaged_index(content, copy_of):
    folder = copy_of("gpt2")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(content)
    with pytest.raises(AigcError) as caught:
        models.load(str(folder))
    assert (caught.value.key, caught.value.values["file"]) == ("corrupt", "model.safetensors.index.json")


class Bomb:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.write_text, (self.path, "a pickle ran")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "model.ckpt.index"])
def test_other_formats_are_refused_and_never_opened(name, copy_of, tmp_path):
    folder, trace = copy_of("gpt2"), tmp_path / "trace"
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(Bomb(trace)))
    assert key_of(folder) == "no_safetensors"
    assert not trace.exists()
    pickle.loads((folder / name).read_bytes())
    assert trace.exists()  # so the bomb was a real one


def test_a_pickle_beside_good_weights_is_never_opened(copy_of, tmp_path):
    folder, trace = copy_of("gpt2"), tmp_path / "trace"
    for name in ("pytorch_model.bin", "training_args.bin", "optimizer.pt"):
        (folder / name).write_bytes(pickle.dumps(Bomb(trace)))
    assert models.load(str(folder)).kind == "causal"
    assert not trace.exists()


def test_weights_that_are_missing(copy_of):
    folder = copy_of("gpt2")
    weights = load_file(folder / "model.safetensors")
    del weights["transformer.h.1.attn.c_attn.weight"], weights["transformer.h.0.ln_1.bias"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(AigcError) as caught:
        models.load(str(folder))
    assert (caught.value.key, caught.value.values["count"]) == ("weights_incomplete", 2)
    assert caught.value.values["first"] == "transformer.h.0.ln_1.bias"


def test_a_model_without_its_language_head(folder_of, model_of, tmp_path):
    """BertModel's own weights do not fill masks: without a head the numbers would be random."""
    model = model_of("bert")
    model.module.bert.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    assert key_of(tmp_path) == "weights_incomplete"


def test_weights_of_another_shape(copy_of):
    assert key_of(change(copy_of("gpt2"), n_embd=64)) == "corrupt"


def test_a_model_too_large_is_refused_from_its_headers(copy_of, monkeypatch):
    """The weights' bytes are cut away and config.json says little: only the headers can have told."""
    folder = copy_of("gpt2")
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    (length,) = struct.unpack("<Q", whole[:8])
    path.write_bytes(whole[: 8 + length])
    assert key_of(folder) == "corrupt"
    limited(monkeypatch, parameters=30_000)
    assert key_of(folder) == "too_large"


def test_the_limit_itself_is_allowed(model_of, folder_of, monkeypatch):
    size = model_of("gpt2").card.parameters
    limited(monkeypatch, parameters=size)
    assert models.load(str(folder_of("gpt2"))).card.parameters == size
    limited(monkeypatch, parameters=size - 1)
    assert key_of(folder_of("gpt2")) == "too_large"


def test_a_configuration_that_asks_for_more_than_the_files_hold(copy_of):
    """Built, this would fill 4 TB with weights that no file holds."""
    assert key_of(change(copy_of("gpt2"), vocab_size=2**35)) == "too_large"


def test_program_code_is_never_run(copy_of, tmp_path):
    folder, trace = copy_of("gpt2"), tmp_path / "trace"
    code = f"from pathlib import Path\nPath({str(trace)!r}).write_text('ran')\n"
    for name in ("modeling_own.py", "configuration_own.py", "tokenization_own.py"):
        (folder / name).write_text(code)
    own = {"AutoConfig": "configuration_own.OwnConfig", "AutoModelForCausalLM": "modeling_own.OwnModel"}
    change(folder, auto_map=own)
    assert models.load(str(folder)).kind == "causal"  # of a type that transformers knows: read by transformers' own classes
    change(folder, model_type="own_type")
    assert key_of(folder) == "needs_code"
    change(folder, model_type="gpt2")
    own = {"auto_map": {"AutoTokenizer": ["tokenization_own.Own", None]}, "tokenizer_class": "Own"}
    (folder / "tokenizer_config.json").write_text(json.dumps(own))
    try:
        models.load(str(folder))
    except AigcError as error:
        assert error.key == "tokenizer_missing"
    assert not trace.exists()


@pytest.mark.parametrize(
    "values",
    [
        dict(model_type="own_type"),
        dict(model_type=None, architectures=None),
        dict(model_type="vit", architectures=["ViTModel"]),
        dict(model_type=["gpt2"]),
    ],
)
def test_a_type_that_is_no_language_model(values, copy_of):
    assert key_of(change(copy_of("gpt2"), **values)) == "kind_unknown"


@pytest.mark.parametrize(("name", "kind"), [("bert", "causal"), ("gpt2", "masked"), ("gpt2", "translation"), ("bert", "translation")])
def test_the_wrong_kind(name, kind, folder_of):
    assert key_of(folder_of(name), kind) == f"wrong_kind_{kind}"


@pytest.mark.parametrize("name", ["gpt2", "bert", "roberta", "llama", "opt", "gpt_neox", "modernbert", "albert"])
def test_no_tokenizer(name, copy_of):
    """Some families of transformers begin an empty tokenizer where the files are missing; its numbers would mean nothing."""
    folder = copy_of(name)
    (folder / "tokenizer.json").unlink()
    assert key_of(folder) == "tokenizer_missing"
    (folder / "tokenizer_config.json").unlink()
    assert key_of(folder) == "tokenizer_missing"


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"model": {"type": "nonsense"}}'])
def test_a_damaged_tokenizer(content, copy_of):
    folder = copy_of("gpt2")
    (folder / "tokenizer.json").write_text(content)
    assert key_of(folder) == "tokenizer_missing"


# A hub


@pytest.fixture
def hub(folder_of, tmp_path, monkeypatch):
    """A hub that has ``tiny/gpt2``, and an empty cache."""
    from huggingface_hub import constants

    hub = Hub({"tiny/gpt2": folder_of("gpt2")}).start()
    monkeypatch.setattr(constants, "ENDPOINT", hub.address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    yield hub
    if not hub.stopped:
        hub.stop()


def test_a_hub_model_loads(hub, model_of):
    model = models.load("tiny/gpt2")
    assert (model.card.name, model.kind) == ("tiny/gpt2", "causal")
    assert (attention.trace(model, TEXT).attention == attention.trace(model_of("gpt2"), TEXT).attention).all()


def test_a_hub_model_loads_in_a_fresh_process(folder_of, tmp_path):
    """End to end, by the environment variable that huggingface_hub itself reads."""
    hub = Hub({"tiny/gpt2": folder_of("gpt2")}).start()
    try:
        found = subprocess.run(
            [sys.executable, "-c", "from aigc_core import models; print('kind:', models.load('tiny/gpt2').kind)"],
            cwd=ROOT,
            env=os.environ | {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"},
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        hub.stop()
    assert "kind: causal" in found.stdout, found.stderr[-2000:]


def test_the_hub_does_not_know_it(hub):
    assert key_of("tiny/none") == "model_not_found"
    assert key_of("none") == "model_not_found"


def test_a_gated_model(hub, folder_of):
    hub.folders["tiny/gated"] = folder_of("gpt2")
    hub.gated.add("tiny/gated")
    assert key_of("tiny/gated") == "gated"


def test_a_hub_model_without_safetensors(hub, copy_of):
    folder = copy_of("gpt2")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    hub.folders["tiny/old"] = folder
    assert key_of("tiny/old") == "no_safetensors"
    assert hub.sent(".bin") == 0


def test_damaged_weights_on_the_hub(hub, copy_of):
    folder = copy_of("gpt2")
    (folder / "model.safetensors").write_bytes(header(6, b"oops!!"))
    hub.folders["tiny/damaged"] = folder
    assert key_of("tiny/damaged") == "corrupt"


def test_nobody_answers(hub):
    hub.stop()
    assert key_of("tiny/gpt2") == "no_network"


def test_the_hub_is_ill(hub):
    hub.broken = True
    assert key_of("tiny/gpt2") == "no_network"


def test_offline_by_wish(hub, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert key_of("tiny/gpt2") == "no_network"
    assert hub.requests == []


@pytest.mark.parametrize("how", ["stopped", "ill", "offline"])
def test_a_model_fetched_before_needs_no_hub(how, hub, monkeypatch):
    from huggingface_hub import constants

    models.load("tiny/gpt2")
    if how == "stopped":
        hub.stop()
    elif how == "ill":
        hub.broken = True
    else:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert models.load("tiny/gpt2").kind == "causal"


def test_fetched_weights_are_not_fetched_again(hub):
    models.load("tiny/gpt2")
    hub.requests.clear()
    models.load("tiny/gpt2")
    assert hub.sent("model.safetensors") <= 100_001  # the header's first 100 kB, asked for to measure it
    assert hub.sent("tokenizer.json") == 0


def test_a_model_too_large_is_refused_before_its_weights_are_sent(hub, copy_of, monkeypatch):
    folder = copy_of("gpt2")
    save_file({"big": torch.zeros(1_000_000)}, folder / "model.safetensors", metadata={"format": "pt"})  # 4 MB
    hub.folders["tiny/large"] = folder
    limited(monkeypatch, parameters=900_000)
    assert key_of("tiny/large") == "too_large"
    assert 0 < hub.sent("model.safetensors") <= 100_001


def test_only_what_is_needed_is_fetched(hub, copy_of):
    """Weights in other formats, other copies of the weights, programs and subfolders stay where they are."""
    folder = copy_of("gpt2")
    (folder / "onnx").mkdir()
    beside = ("pytorch_model.bin", "modeling_own.py", "consolidated.safetensors", "picture.png")
    for name in (*beside, "onnx/model.safetensors", "onnx/config.json"):
        (folder / name).write_bytes(b"x" * 1000)
    hub.folders["tiny/full"] = folder
    model = models.load("tiny/full")
    fetched = {path.relative_to(model.card.folder).as_posix() for path in model.card.folder.rglob("*") if path.is_file()}
    assert fetched == {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert not any(hub.sent(name) for name in beside)


def test_a_hub_model_in_parts(hub, copy_of, model_of):
    folder = copy_of("gpt2")
    (folder / "model.safetensors").unlink()
    model_of("gpt2").module.save_pretrained(folder, max_shard_size="40KB")
    hub.folders["tiny/parts"] = folder
    assert models.load("tiny/parts").card.parameters == model_of("gpt2").card.parameters


def test_a_bundled_name_asks_no_hub(hub):
    if not models.catalogue():
        pytest.skip("no bundled model yet")
    models.load(models.catalogue()[0].name)
    assert hub.requests == []


def test_the_catalogue_costs_no_torch():
    code = "import sys; from aigc_core import models; models.catalogue(); print(sorted({'torch', 'transformers'} & sys.modules.keys()))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert found.stdout.strip() == "[]", found.stderr
