"""Two tiny random models in folders, for what pages do with models that are not bundled."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A Llama with story-gpt's tokenizer: 2 layers × 4 heads."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from aigc_core import models

    tokenizer = models.load("story-gpt").tokenizer
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2
    )
    folder = tmp_path_factory.mktemp("models") / "tiny_llama"
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_masked_folder(tmp_path_factory):
    """A BERT with story-gpt's tokenizer: 2 layers × 4 heads."""
    from transformers import BertConfig, BertForMaskedLM

    from aigc_core import models

    tokenizer = models.load("story-gpt").tokenizer
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4)
    folder = tmp_path_factory.mktemp("models") / "tiny_bert"
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
