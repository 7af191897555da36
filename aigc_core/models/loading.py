"""A name → a model in memory: bundled, a local folder, or a hub id.

Weights are read from safetensors only (pickle runs code), remote code never, and a model is measured before its weights are read.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from aigc_core import limits
from aigc_core.errors import AigcError
from aigc_core.models.cards import Kind, ModelCard, bundled, front_matter

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
# these families number positions from the padding id on, so that their table is that much longer than the context
POSITIONS_AFTER_PADDING = {"roberta", "xlm-roberta", "camembert", "roberta-prelayernorm", "xlm-roberta-xl", "data2vec-text"}


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A loaded model: its card, the transformers module (float32, eval) and its tokenizer."""

    card: ModelCard
    module: object
    tokenizer: object

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
        return n_positions


def is_other(name: str) -> bool:
    """True for a folder or a hub id: what is not bundled, and so needs a person's consent."""
    return bundled(name) is None


def load(name: str, kind: Kind | None = None) -> LanguageModel:
    """Loads a bundled model, a local folder or a hub id; ``kind`` refuses one that the caller cannot use.

    Raises AigcError: model_name, folder_missing, no_network, model_not_found, gated, no_safetensors, too_large, needs_code, kind_unknown,
    wrong_kind, corrupt, tokenizer_missing.
    """
    name = name.strip()
    if card := bundled(name):
        folder = card.folder
    elif Path(name).expanduser().is_dir():
        folder = Path(name).expanduser()
    elif name.startswith((".", "/", "~", "\\")) or name.count("/") > 1:
        raise AigcError("folder_missing", name=name)
    elif HUB_ID.fullmatch(name):
        folder = from_hub(name)
    else:
        raise AigcError("model_name", name=name)
    return from_folder(folder, name, kind)


def from_hub(name: str) -> Path:
    """The local copy of a hub model, fetched where it is not there yet: configuration, tokenizer and safetensors."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, NotASafetensorsRepoError, RepositoryNotFoundError

    wanted = dict(repo_id=name, allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model", "README.md"])
    try:
        counts = HfApi().get_safetensors_metadata(name).parameter_count  # reads the files' headers, not the weights
        check_size(name, sum(counts.values()))
        return Path(snapshot_download(**wanted))
    except GatedRepoError:
        raise AigcError("gated", name=name) from None
    except RepositoryNotFoundError:
        raise AigcError("model_not_found", name=name) from None
    except NotASafetensorsRepoError:
        raise AigcError("no_safetensors", name=name) from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError):
        try:
            return Path(snapshot_download(**wanted, local_files_only=True))
        except (LocalEntryNotFoundError, OSError):
            raise AigcError("no_network", name=name) from None


def from_folder(folder: Path, name: str, kind: Kind | None) -> LanguageModel:
    """Loads a Hugging Face folder, after the checks that need no weights."""
    try:
        config_json = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        assert isinstance(config_json, dict)
    except FileNotFoundError:
        raise AigcError("config_missing", name=name) from None
    except (ValueError, AssertionError, OSError):
        raise AigcError("corrupt", name=name, file="config.json") from None
    check_size(name, parameters := count_parameters(folder, name))

    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM, AutoTokenizer

    from aigc_core.models import attention_interface

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except (ValueError, KeyError, TypeError, OSError):
        key = "needs_code" if "auto_map" in config_json else "kind_unknown"
        raise AigcError(key, name=name, found=config_json.get("model_type", "?")) from None
    found = kind_of(config, name)
    check_kind(name, found, kind)

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception:  # tokenizers raises bare Exception for a broken tokenizer.json
        raise AigcError("tokenizer_missing", name=name) from None

    auto = {"causal": AutoModelForCausalLM, "masked": AutoModelForMaskedLM, "translation": AutoModelForSeq2SeqLM}[found]
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
    card = bundled(name) or describe(folder, name, found, parameters)
    return LanguageModel(card, module, tokenizer)


def count_parameters(folder: Path, name: str) -> int:
    """The number of weights in a folder's safetensors files, from their headers alone (8 bytes of length, then JSON)."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise AigcError("no_safetensors", name=name)
    total = 0
    for path in files:
        try:
            with path.open("rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                if length > path.stat().st_size:
                    raise ValueError
                header = json.loads(file.read(length))
                for key, entry in header.items():
                    if key != "__metadata__":
                        total += product(entry["shape"])
        except (struct.error, ValueError, KeyError, TypeError, AttributeError, OSError):
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
