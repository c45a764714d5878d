"""What README says works as written."""

import re
from pathlib import Path

import numpy as np
import pytest
from transformers import GPT2Config, GPT2LMHeadModel

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.zoo.tokenizer import word_tokenizer
from tests.conftest import small_transformer
from tests.names import every_public

ROOT = Path(__file__).parents[1]


def python_blocks(name):
    return re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.S)


def test_the_readmes_example_runs_and_shows_what_it_says(capsys):
    example, _ = python_blocks("README.md")
    assert len(example.strip().splitlines()) <= 10
    names = {}
    exec(example, names)
    before, after = (
        [float(x) for x in line.strip("[]").split()] for line in capsys.readouterr().out.splitlines()
    )
    assert before[1] > 0.95
    assert names["heads"].dims == ("batch", "layer", "head", "query", "key")
    assert after[1] < 0.5


def test_the_readmes_lines_for_your_own_model_run():
    _, lines = python_blocks("README.md")
    text = re.search(r'"(When .*?)"', lines)[1]
    words = re.findall(r"\w+", text)
    tokenizer = word_tokenizer(["<bos>", "<pad>", "<unk>", ",", *dict.fromkeys(f"▁{w}" for w in words)])
    module = GPT2LMHeadModel(GPT2Config(n_layer=7, n_head=2, n_embd=16, vocab_size=len(tokenizer)))
    clean = mi.load(module.eval()).run(tokenizer(text)["input_ids"], keep=[at.resid_pre])
    names = {"mi": mi, "at": at, "module": module, "tokenizer": tokenizer, "text": text, "clean": clean}
    names |= {"texts": [text, "John gave"], "network": small_transformer(d_vocab=4)}
    exec(lines, names := {**names, "logit_difference": lambda logits: logits[:, 4] - logits[:, 5]})
    assert names["grid"].dims == ("batch", "layer", "pos")
    # The same text patched into itself changes nothing.
    assert np.allclose(names["grid"].values, names["grid"].dataset["clean"].values, atol=1e-5)


def test_every_public_name_is_there_and_documented():
    for name, thing in every_public().items():
        assert thing.__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mi.nothing  # noqa: B018
