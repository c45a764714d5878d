"""Shipped files are checked, texts are seeded and labelled, the tokenizer loses nothing."""

import json
import shutil
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets.training.recipes import recipe_for
from mi_widgets.zoo import shipped
from mi_widgets.zoo.tokenizer import pieces, word_tokenizer
from mi_widgets.zoo.vocabulary import SPECIALS, token_ids, vocabulary, word_groups
from tests.conftest import small_transformer

WORDS = [w for w in vocabulary() if w not in SPECIALS and w not in word_groups()["marks"]]
TOKENIZER = word_tokenizer(pieces())


@pytest.mark.parametrize("name", ["induction-1l", "induction-2l"])
def test_a_shipped_model_loads_ready_to_use(name):
    assert name in mi.shipped.models()
    model = mi.load(name)
    assert model.trust.warnings == ()
    assert model.code() == f"model = mi.load({name!r})"
    assert model.run("John Baker gave").tokens == (("<bos>", " John", " Baker", " gave"),)
    assert not any(p.requires_grad for p in model.module.parameters())
    assert not model.module.training


def test_an_unknown_name_lists_the_shipped_ones():
    says = r"no shipped model 'induction-21'. Did you mean 'induction-(1l|2l)'\? .*induction-1l, induction-2l"
    with pytest.raises(mi.errors.UnknownModel, match=says):
        mi.load("induction-21")


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    shutil.copytree(shipped.WEIGHTS / "induction-1l", tmp_path / "induction-1l")
    monkeypatch.setattr(shipped, "WEIGHTS", tmp_path)
    shipped.models.cache_clear()
    try:
        mi.load("induction-1l")
        weights = tmp_path / "induction-1l" / "model.safetensors"
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(bytes(content))
        says = r"model.safetensors is damaged: its sha256 is .*, expected .*training train induction-1l"
        with pytest.raises(mi.errors.DamagedWeights, match=says):
            mi.load("induction-1l")
        weights.unlink()
        with pytest.raises(mi.errors.DamagedWeights, match="its sha256 is no file"):
            mi.load("induction-1l")
    finally:
        shipped.models.cache_clear()


@pytest.mark.parametrize("name", shipped.models())
def test_every_shipped_file_is_in_the_record(name):
    folder = shipped.WEIGHTS / name
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == {*shipped.expected(name)["files"], shipped.EXPECTED}
    tokens = recipe_for(shipped.expected(name)["recipe"]).tokens
    if (folder / "tokens.json").exists():
        assert json.loads((folder / "tokens.json").read_text()) == list(tokens)
    else:
        vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
        assert sorted(vocabulary, key=vocabulary.get) == list(tokens)
    assert sum((folder / file).stat().st_size for file in found) < 10_000_000


@given(
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.sampled_from(["", "", "", ".", ","])), min_size=1, max_size=20
    )
)
def test_text_comes_back_exactly(parts):
    text = " ".join(word + mark for word, mark in parts)
    ids = TOKENIZER(text)["input_ids"]
    assert ids[0] == token_ids()["<bos>"]
    assert token_ids()["<unk>"] not in ids
    assert len(ids) == 1 + sum(1 + bool(mark) for _, mark in parts)
    assert TOKENIZER.decode(ids, skip_special_tokens=True) == text


def test_loose_spacing_means_the_same():
    tight = TOKENIZER("the lamp. John, then")["input_ids"]
    assert TOKENIZER("  the  lamp . John ,\nthen ")["input_ids"] == tight


def test_ids_are_the_order_of_the_words():
    assert len(set(pieces())) == len(pieces()) == len(vocabulary())
    for i, piece in enumerate(pieces()):
        assert TOKENIZER.convert_tokens_to_ids(piece) == i


def test_an_unknown_word_is_named():
    with pytest.raises(mi.errors.PromptError, match=r"does not know 'zebra': its vocabulary has \d+ tokens"):
        mi.load("induction-1l").run("the zebra was")


def test_prompts_of_several_texts_are_padded_on_the_right():
    run = mi.load("induction-1l").run(["John Baker", "the old lamp was"])
    assert run.tokens == (("<bos>", " John", " Baker", "", ""), ("<bos>", " the", " old", " lamp", " was"))
    assert run.mask.tolist() == [[True, True, True, False, False], [True] * 5]


@pytest.mark.parametrize("corpus", ["repeats", "documents", "induction"])
def test_texts_follow_their_seed_and_splits_are_apart(corpus):
    texts = mi.shipped.sample_texts(corpus, "train", n=20, seed=3)
    assert torch.equal(texts.ids, mi.shipped.sample_texts(corpus, "train", n=20, seed=3).ids)
    assert torch.equal(texts.ids[:5], mi.shipped.sample_texts(corpus, "train", n=5, seed=3).ids)
    rows = {tuple(r) for r in texts.ids.tolist()}
    for other in (
        mi.shipped.sample_texts(corpus, "test", n=20, seed=3),
        mi.shipped.sample_texts(corpus, "train", n=20, seed=4),
    ):
        assert not rows & {tuple(r) for r in other.ids.tolist()}
    assert texts.ids.shape == (20, 128)
    assert (texts.ids[:, 0] == token_ids()["<bos>"]).all()
    assert texts.ids[:, 1:].min() >= len(SPECIALS)


@given(st.integers(0, 1000), st.integers(3, 60))
def test_repeats_repeat_exactly_from_where_they_say(seed, longest):
    texts = mi.shipped.sample_texts("repeats", n=2, seed=seed, longest_span=longest)
    for row, period, start in zip(texts.ids, texts.period.tolist(), texts.start.tolist(), strict=True):
        assert 3 <= period <= longest
        assert 1 <= start <= 12
        assert torch.equal(row[start + period :], row[start:-period])
        assert len(set(row[start : start + period].tolist())) == period


def test_a_documents_phrases_come_back():
    texts = mi.shipped.sample_texts("documents", n=50)
    names = {token_ids()[w] for w in word_groups()["names"]}
    again = together = 0
    for row in texts.ids.tolist():
        surname = {}
        for first, second in pairwise(row):
            if first in names:
                again += first in surname
                together += surname.get(first) == second
                surname[first] = second
    assert again > 100
    assert together == again  # within a document a first name always has the same surname


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mi.shipped.sample_texts("stories", n=1), "the corpora are repeats, documents, induction"),
        (lambda: mi.shipped.sample_texts("repeats", "dev", n=1), "the splits are train, test"),
        (lambda: mi.shipped.sample_texts("repeats", n=0), "n must be a whole number from 1"),
        (
            lambda: mi.shipped.sample_texts("repeats", n=1, longest_span=2),
            "longest_span must be a whole number from 3 to 60",
        ),
    ],
)
def test_data_errors(call, says):
    with pytest.raises(mi.errors.MIError, match=says):
        call()


def test_parameters_have_transformerlens_names_and_shapes():
    shapes = {name: tuple(p.shape) for name, p in small_transformer().state_dict().items()}
    assert shapes["embed.W_E"] == (50, 32)
    assert shapes["pos_embed.W_pos"] == (40, 32)
    assert shapes["blocks.0.attn.W_Q"] == shapes["blocks.1.attn.W_V"] == (4, 32, 8)
    assert shapes["blocks.0.attn.b_Q"] == (4, 8)
    assert shapes["blocks.0.attn.W_O"] == (4, 8, 32)
    assert shapes["blocks.1.attn.b_O"] == (32,)
    assert shapes["blocks.1.mlp.W_in"] == (32, 24)
    assert shapes["blocks.1.mlp.W_out"] == (24, 32)
    assert shapes["blocks.1.ln1.w"] == shapes["ln_final.b"] == (32,)
    assert shapes["unembed.W_U"] == (32, 50)


@pytest.mark.parametrize("changes", [{}, {"d_mlp": 0}, {"normalization": None}, {"act_fn": "gelu"}])
def test_the_transformer_is_what_it_says(changes):
    """Every head of every query, written out with loops."""
    module = small_transformer(**changes)
    ids = torch.tensor([[3, 1, 4, 1, 5]])
    norm = torch.nn.functional.layer_norm if module.config.normalization else lambda x, *_: x
    act = torch.relu if module.config.act_fn == "relu" else torch.nn.functional.gelu
    with torch.no_grad():
        x = module.embed.W_E[ids[0]] + module.pos_embed.W_pos[:5]
        for block in module.blocks:
            a, y, added = block.attn, norm(x, (32,)), torch.zeros(5, 32)
            for h in range(4):
                q, k, v = (y @ w[h] for w in (a.W_Q, a.W_K, a.W_V))
                for i in range(5):
                    weights = torch.stack([q[i] @ k[j] / 8**0.5 for j in range(i + 1)]).softmax(0)
                    added[i] += (weights @ v[: i + 1]) @ a.W_O[h]
            x = x + added
            if module.config.d_mlp:
                x = x + act(norm(x, (32,)) @ block.mlp.W_in) @ block.mlp.W_out
        expected = norm(x, (32,)) @ module.unembed.W_U
        assert torch.allclose(module(ids)[0], expected, atol=1e-4)
