"""A name → a model in memory: bundled, a local folder, or a hub id.

Weights are read from safetensors only (pickle runs code), remote code never, and a model is measured before its weights are read.
"""

from __future__ import annotations

import json
import re
import struct
import threading
from dataclasses import dataclass
from pathlib import Path

from aigc_core import limits
from aigc_core.errors import AigcError
from aigc_core.models.cards import Kind, ModelCard, bundled, front_matter

# transformers swaps methods of its own classes while it loads (tie_weights, for one): two loads at once would leave them swapped
LOADING = threading.Lock()
HEADER_LIMIT = 100_000_000  # bytes; safetensors itself refuses a longer header
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
# these families number positions from the padding id on, so that their table is that much longer than the context
POSITIONS_AFTER_PADDING = {"roberta", "xlm-roberta", "camembert", "roberta-prelayernorm", "xlm-roberta-xl", "data2vec-text"}


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A loaded model: its card, the transformers module (float32, eval), its tokenizer and where its attentions have their weights."""

    card: ModelCard
    module: object
    tokenizer: object
    blocks: tuple = ()  # of models.blocks.Block, by layer; empty where the family's attention cannot be opened

    @property
    def kind(self) -> Kind:
        return self.card.kind

    @property
    def n_ctx(self) -> int | None:
        """The most tokens it takes; None where its positions have no end."""
        config = self.module.config
        n_positions = getattr(config, "max_position_embeddings", None)  # GPT-2's n_positions answers to this name too
        if n_positions and config.model_type in POSITIONS_AFTER_PADDING:
            n_positions -= config.pad_token_id + 1
        return n_positions if n_positions and n_positions > 0 else None  # XLNet says −1


def load(name: str, kind: Kind | None = None) -> LanguageModel:
    """Loads a bundled model, a local folder or a hub id; ``kind`` refuses one that the caller cannot use.

    Raises AigcError: model_name, folder_missing, config_missing, no_network, model_not_found, gated, no_safetensors, too_large, needs_code,
    kind_unknown, wrong_kind_…, corrupt, weights_incomplete, tokenizer_missing.
    """
    name = name.strip()
    if card := bundled(name):
        folder = card.folder
    elif found := local_folder(name):
        folder = found
    elif name.startswith((".", "/", "~", "\\")) or name.count("/") > 1:
        raise AigcError("folder_missing", name=name)
    elif HUB_ID.fullmatch(name):
        folder = from_hub(name)
    else:
        raise AigcError("model_name", name=name)
    return from_folder(folder, name, kind)


def local_folder(name: str) -> Path | None:
    """The folder of that name; None where there is none, or where no folder could be called so."""
    try:
        folder = Path(name).expanduser()
        return folder if name and folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long, not ours to read, or "~" before a user who does not exist
        return None


def from_hub(name: str) -> Path:
    """The local copy of a hub model, fetched where it is not there yet: configuration, tokenizer and safetensors."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        HTTPError,  # that of the HTTP library which the hub's own happens to use
        NotASafetensorsRepoError,
        RepositoryNotFoundError,
        SafetensorsParsingError,
    )

    beside_weights = ["*.json", "*.txt", "*.model", "README.md"]
    try:
        HfApi().model_info(name)  # says whether there is one; the next line takes a missing one for one without weights
        measured = HfApi().get_safetensors_metadata(name)  # reads the files' headers, not the weights
        check_size(name, sum(measured.parameter_count.values()))
        # only the weights just measured: a repository may hold others, and folders of other formats
        return Path(snapshot_download(name, allow_patterns=[*beside_weights, *measured.files_metadata], ignore_patterns=["*/*"]))
    except HFValidationError:
        raise AigcError("model_name", name=name) from None
    except GatedRepoError:
        raise AigcError("gated", name=name) from None
    except RepositoryNotFoundError:
        raise AigcError("model_not_found", name=name) from None
    except NotASafetensorsRepoError:
        raise AigcError("no_safetensors", name=name) from None
    except SafetensorsParsingError:
        raise AigcError("corrupt", name=name, file="model.safetensors") from None
    except (HTTPError, OSError):
        try:
            return Path(snapshot_download(name, local_files_only=True))
        except (HTTPError, OSError):
            raise AigcError("no_network", name=name) from None


def from_folder(folder: Path, name: str, kind: Kind | None) -> LanguageModel:
    """Loads a Hugging Face folder, after the checks that need no weights."""
    try:
        config_json = read_object((folder / "config.json").read_bytes())
    except FileNotFoundError:
        raise AigcError("config_missing", name=name) from None
    except (ValueError, OSError):
        raise AigcError("corrupt", name=name, file="config.json") from None
    check_size(name, parameters := count_parameters(folder, name))

    import torch
    from transformers import (
        CONFIG_MAPPING,
        AutoConfig,
        AutoModelForCausalLM,
        AutoModelForMaskedLM,
        AutoModelForPreTraining,
        AutoModelForSeq2SeqLM,
        AutoTokenizer,
    )

    from aigc_core.models import attention_interface, blocks, residual

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception:  # transformers and the hub's strict dataclasses raise their own for values that do not fit
        model_type = str(config_json.get("model_type", "?"))
        if model_type in CONFIG_MAPPING:
            raise AigcError("corrupt", name=name, file="config.json") from None
        key = "needs_code" if "auto_map" in config_json else "kind_unknown"
        raise AigcError(key, name=name, found=model_type) from None
    found = kind_of(config, name)
    check_kind(name, found, kind)

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception:  # tokenizers raises bare Exception for a broken tokenizer.json
        raise AigcError("tokenizer_missing", name=name) from None
    if not tokenizer.get_vocab().keys() - tokenizer.added_tokens_encoder.keys():  # without its files some families begin an empty one
        raise AigcError("tokenizer_missing", name=name)

    auto = {"causal": AutoModelForCausalLM, "masked": AutoModelForMaskedLM, "translation": AutoModelForSeq2SeqLM}[found]
    if config.architectures == ["BertForPreTraining"]:  # with the next-sentence head beside the masked-word one
        auto = AutoModelForPreTraining
    with LOADING:
        try:
            with torch.device("meta"):  # shapes without weights: a configuration may ask for more than the files hold
                asked = auto.from_config(config).num_parameters()
        except Exception:
            raise AigcError("corrupt", name=name, file="config.json") from None
        check_size(name, asked)
        try:
            module, report = auto.from_pretrained(
                folder,
                config=config,
                attn_implementation=attention_interface.implementation(auto._model_mapping[type(config)]),
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
        except Exception as error:  # safetensors, torch and transformers each raise their own for files that do not fit
            raise AigcError("corrupt", name=name, file="model.safetensors") from error
    if missing := sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"]):
        raise AigcError("weights_incomplete", name=name, count=len(missing), first=missing[0])
    module.eval().requires_grad_(False)
    attention_interface.settle(module)
    if found == "causal":
        residual.watch(module)
    card = bundled(name) or describe(folder, name, found, parameters)
    return LanguageModel(card, module, tokenizer, blocks.find(module))


def read_object(text: bytes) -> dict:
    """A JSON object; ValueError where it is none."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"expected an object, found {type(found).__name__}")
    return found


def weight_files(folder: Path, name: str) -> list[Path]:
    """The safetensors files that transformers reads: model.safetensors, else the parts that an index names."""
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if whole.is_file():
        return [whole]
    if not index.is_file():
        raise AigcError("no_safetensors", name=name)
    try:
        return sorted({folder / part for part in read_object(index.read_bytes())["weight_map"].values()})
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        raise AigcError("corrupt", name=name, file=index.name) from None


def count_parameters(folder: Path, name: str) -> int:
    """The number of weights in a folder's safetensors files, from their headers alone (8 bytes of length, then JSON)."""
    total = 0
    for path in weight_files(folder, name):
        try:
            with path.open("rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                if length > min(path.stat().st_size, HEADER_LIMIT):
                    raise ValueError
                header = read_object(file.read(length))
            total += sum(product(entry["shape"]) for key, entry in header.items() if key != "__metadata__")
        except (struct.error, ValueError, KeyError, TypeError, OSError):
            raise AigcError("corrupt", name=name, file=path.name) from None
    return total


def product(shape: list[int]) -> int:
    result = 1
    for size in shape:
        result *= size
    return result


def check_size(name: str, parameters: int) -> None:
    limit = limits.current().parameters
    if parameters > limit:
        raise AigcError("too_large", name=name, found=f"{parameters / 1e6:,.0f}", limit=f"{limit / 1e6:,.0f}")


def check_kind(name: str, found: Kind, expected: Kind | None) -> None:
    if expected is not None and found != expected:
        raise AigcError(f"wrong_kind_{expected}", name=name)


def kind_of(config, name: str) -> Kind:
    """What a model is for, from the class it was saved as; without one, from what transformers can build of it."""
    from transformers.models.auto import modeling_auto as auto

    saved = (config.architectures or [""])[0]
    if config.is_encoder_decoder and type(config) in auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING:
        return "translation"
    if saved.endswith(("ForMaskedLM", "ForPreTraining")) and type(config) in auto.MODEL_FOR_MASKED_LM_MAPPING:
        return "masked"
    if saved.endswith(("LMHeadModel", "ForCausalLM")) and type(config) in auto.MODEL_FOR_CAUSAL_LM_MAPPING:
        return "causal"
    if type(config) in auto.MODEL_FOR_MASKED_LM_MAPPING:
        return "masked"
    if type(config) in auto.MODEL_FOR_CAUSAL_LM_MAPPING:
        return "causal"
    raise AigcError("kind_unknown", name=name, found=config.model_type)


def describe(folder: Path, name: str, kind: Kind, parameters: int) -> ModelCard:
    """The card of a model that is not bundled, from what its README says."""
    facts = front_matter(folder / "README.md")
    languages = facts.get("language") or ()
    languages = (languages,) if isinstance(languages, str) else tuple(str(language) for language in languages)
    return ModelCard(name, kind, languages, str(facts.get("license", "")), parameters, folder)
