"""Texts become the ids that were meant, each with its own text, on whichever side they are padded."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import PromptError
from mi_widgets.model.vocabulary import Vocabulary
from mi_widgets.zoo.tokenizer import pieces, word_tokenizer
from tests.conftest import examples
from tests.model.families import small
from tests.model.letters import ALPHABET, BOS, EOS, PIECES, TURNS, letters

SIZE, N_CTX = 50, 40
texts = st.text(ALPHABET, min_size=1, max_size=12).filter(str.strip)
ids = st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=9)
ragged = st.lists(ids, min_size=1, max_size=4)
HELLO = [{"role": "user", "content": "hello"}]


def vocabulary(tokenizer=None, **options):
    return Vocabulary(tokenizer, size=SIZE, n_ctx=N_CTX, name="toy", **options)


@pytest.fixture(scope="module")
def model():
    return mi.load(small("GPT-2"), tokenizer=letters(chat_template=TURNS))


def spelled(text):
    return [PIECES.index(letter) for letter in text]


TOKENIZERS = [letters(bos=n) for n in range(3)]


@given(texts, st.integers(0, 2), st.integers(0, 2), st.sampled_from([None, True, False]))
def test_a_text_begins_as_bos_says_and_else_as_the_tokenizer_does(text, written, put, bos):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = vocabulary(TOKENIZERS[put], bos=bos).tokenize(BOS * written + text)
    begins = written + put if bos is None else int(bos)
    assert found.ids.tolist() == [[0] * begins + spelled(text)]
    assert found.tokens == ((BOS,) * begins + tuple(text),)
    assert len(said) == (begins > 1)


def test_a_token_that_begins_a_text_twice_is_told_at_the_run_and_bos_repairs_it():
    module = small("GPT-2")
    says = r"'<s>the cat' begins with 2 times '<s>': the tokenizer adds it, and it is there\. Leave it out of the "
    with pytest.warns(
        UserWarning, match=says + "text, or load the model with bos=True, which puts it there once"
    ):
        assert mi.load(module, tokenizer=letters()).run("<s>the cat").tokens[0][:3] == (BOS, BOS, "t")
    for bos, begins in ((True, (BOS, "t")), (False, ("t", "h"))):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = mi.load(module, tokenizer=letters(bos=2), bos=bos)
            assert model.run("<s>the cat").tokens[0][:2] == begins
            assert model.run("the cat").tokens[0][:2] == begins
        assert model.bos is bos
        assert model.untrained().bos is bos


def test_token_ids_are_taken_as_they_are_whatever_bos_says():
    for bos in (None, True, False):
        assert vocabulary(letters(bos=2), bos=bos).tokenize([0, 0, 5]).ids.tolist() == [[0, 0, 5]]


@given(ragged)
def test_padding_stands_on_its_side_and_changes_nothing_else(rows):
    given_ids = vocabulary()
    width = max(map(len, rows))
    right, left = (given_ids.tokenize(rows, padding_side=side) for side in ("right", "left"))
    assert (right.left, left.left) == (False, True)
    for found in (right, left):
        assert found.ids.shape == found.mask.shape == (len(rows), width)
        assert found.lengths == found.spans.lengths == tuple(map(len, rows))
        assert (found.spans.width, found.spans.start) == (width, 0)
        assert found.spans.ids == tuple(map(tuple, rows))
        for row, mask, tokens, here in zip(rows, found.mask, found.tokens, found.ids, strict=True):
            assert here[mask].tolist() == row
            assert [t for t in tokens if t] == [f" {i}" for i in row]
            assert [bool(t) for t in tokens] == mask.tolist()
    assert right.mask.tolist() == [[True] * len(row) + [False] * (width - len(row)) for row in rows]
    assert left.mask.tolist() == [row[::-1] for row in right.mask.tolist()]
    assert right.spans.tokens == left.spans.tokens


@given(ragged, st.sampled_from(["right", "left"]))
def test_the_last_token_is_the_last_real_one(rows, side):
    found = vocabulary().tokenize(rows, padding_side=side)
    assert found.ids[torch.arange(len(rows)), found.last].tolist() == [row[-1] for row in rows]
    assert found.last.tolist() == [mask.nonzero().max().item() for mask in found.mask]


@settings(max_examples=examples(10))
@given(rows=st.lists(st.lists(st.integers(3, SIZE - 1), min_size=1, max_size=9), min_size=2, max_size=3))
def test_each_token_keeps_its_position_on_either_side(model, rows):
    for side in ("right", "left"):
        batch = model.run(rows, padding_side=side)
        for i, row in enumerate(rows):
            alone = model.run(row).logits[0]
            assert torch.allclose(batch.logits[i][batch.mask[i]], alone, atol=1e-4)


def test_pads_are_the_tokenizers_where_the_model_knows_them():
    rows = [[5, 6], [7]]
    assert vocabulary(letters()).tokenize(rows).ids.tolist() == [[5, 6], [7, 2]]
    assert vocabulary(letters(pad_token=None)).tokenize(rows).ids.tolist() == [[5, 6], [7, 0]]
    assert vocabulary().tokenize(rows).ids.tolist() == [[5, 6], [7, 0]]
    small_one = Vocabulary(letters(), size=2, n_ctx=N_CTX, name="toy")
    assert small_one.tokenize([[1, 1], [1]]).ids.tolist() == [[1, 1], [1, 0]]


@given(st.lists(texts, min_size=1, max_size=3))
def test_the_texts_of_the_tokens_make_up_the_text(written):
    found = vocabulary(TOKENIZERS[1]).tokenize(written)
    assert ["".join(tokens) for tokens in found.tokens] == [BOS + text for text in written]
    assert [vocabulary(TOKENIZERS[1]).text(row) for row in found.spans.ids] == written


def test_a_word_keeps_its_leading_space_also_alone():
    words = Vocabulary(word_tokenizer(pieces()), size=len(pieces()), n_ctx=N_CTX, name="toy")
    found = words.tokenize("the lamp, the rope.")
    assert found.tokens == (("<bos>", " the", " lamp", ",", " the", " rope", "."),)
    assert words.texts(found.ids[0].tolist()) == list(found.tokens[0])
    assert words.text(found.ids[0].tolist()) == "the lamp, the rope."


def test_ids_beyond_the_tokenizer_have_no_text(model):
    assert model.vocabulary == (*PIECES, *[""] * (SIZE - len(PIECES)))
    assert model.vocabulary_of([3, 0]) == [" ", BOS]
    assert mi.load(small("GPT-2")).vocabulary[:2] == (" 0", " 1")


@given(ids)
def test_ids_of_every_make_are_ids(row):
    makes = (row, tuple(row), np.array(row), np.array([row]), torch.tensor(row), [torch.tensor(row)], [row])
    makes += (
        [np.int32(i) for i in row],
        [torch.tensor(i) for i in row],
        torch.tensor([row], dtype=torch.int16),
    )
    for make in makes:
        assert vocabulary().tokenize(make).ids.tolist() == [row]


def test_texts_and_ids_mix_in_a_batch():
    found = vocabulary(letters()).tokenize(["cat", [5, 6]])
    assert found.tokens == ((BOS, "c", "a", "t"), (".", ",", "", ""))


def test_a_conversation_begins_once_and_asks_for_an_answer(model):
    asked = model.chat(HELLO)
    assert model.vocabulary_of(asked) == [BOS, *"user:hello", EOS, *"assistant:"]
    assert asked.count(0) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.run(asked).ids.tolist() == [asked]
        written = model.generate(asked, max_new_tokens=2)
    assert written.prompt == "user:helloassistant:"
    answered = [*HELLO, {"role": "assistant", "content": "hi"}, {"role": "user", "content": "bye"}]
    assert model.chat(answered)[: len(asked) - 10] == asked[:-10]
    assert model.tokenizer.decode(model.chat(answered)).endswith("assistant:hi</s>user:bye</s>assistant:")


@pytest.mark.parametrize(
    ("template", "messages", "says"),
    [
        (
            TURNS,
            "hello",
            r"chat takes messages as \[{\"role\": \"user\", \"content\": \"…\"}\]; the template of toy ",
        ),
        (TURNS, [], r"could not use \[\]: Cannot apply chat template to an empty conversation"),
        (TURNS, None, "the template of toy could not use None: "),
        (
            "{{ raise_exception('roles must alternate') }}",
            HELLO,
            r"could not use \[{'role': .*: roles must alternate$",
        ),
        ("{% for", HELLO, r"could not use \[{'role': 'user', 'content': 'hello'}\]: "),
        (None, HELLO, "The tokenizer of toy has no chat template: give the model plain text"),
    ],
)
def test_what_a_chat_template_does_not_take_is_said(template, messages, says):
    with pytest.raises(PromptError, match=says):
        vocabulary(letters(chat_template=template)).chat(messages)


@pytest.mark.parametrize(
    ("prompt", "options", "says"),
    [
        ("", {}, r"^The prompt is empty \(''\): give a text, a list of texts, or token ids\.$"),
        (" \n", {}, r"^The prompt is empty \(' \\n'\): give a text"),
        (["a", ""], {}, r"^The prompt is empty \(''\)"),
        ([], {}, "^The prompt is empty: give a text, a list of texts, or token ids"),
        ([[]], {}, "^The prompt is empty: give"),
        (np.zeros((2, 0), int), {}, "^The prompt is empty: give"),
        (None, {}, "^A prompt is a text, a list of texts, or token ids; got NoneType"),
        (3, {}, "got int"),
        (b"ab", {}, "got bytes"),
        ({"a"}, {}, "got set"),
        ([None], {}, r"^A prompt is a text or token ids \(whole numbers\); got None"),
        ([1.5], {}, "got 1.5"),
        ([True, False], {}, r"got \[True, False\]"),
        ([["a", "b"]], {}, r"got \['a', 'b'\]"),
        ([[[1]]], {}, r"got \[\[1\]\]"),
        (
            torch.zeros(2),
            {},
            r"^Token ids are whole numbers of shape \(pos,\) or \(batch, pos\); got torch.float32 \(2,\)",
        ),
        (torch.zeros(1, 1, 1, dtype=torch.int64), {}, r"got torch.int64 \(1, 1, 1\)"),
        ([50], {}, "^Token id 50 is out of the vocabulary: toy has ids 0 to 49"),
        ([3, -1], {}, "^Token id -1 is out of the vocabulary"),
        ([1] * 43, {}, r"^The prompt has 43 tokens; toy takes at most 40\. Shorten it by 3\.$"),
        ("a", {"padding_side": "both"}, '^padding_side must be "right" or "left"; got \'both\''),
    ],
)
def test_what_is_no_prompt_is_said(prompt, options, says):
    with pytest.raises(PromptError, match=says):
        vocabulary(letters()).tokenize(prompt, **options)


def test_words_that_a_tokenizer_does_not_know_are_named():
    known = Vocabulary(word_tokenizer(pieces()), size=len(pieces()), n_ctx=N_CTX, name="toy")
    with pytest.raises(
        PromptError, match=r"^toy does not know 'Faust', 'wrote': its vocabulary has \d+ tokens, listed "
    ):
        known.tokenize("Faust wrote the rope")


@pytest.mark.parametrize("kind", ["WordLevel", "WordPiece", "BPE", "Unigram"])
@pytest.mark.parametrize(
    "names", [{}, {"unk_token": "?"}, {"eos_token": "?"}, {"unk_token": "?", "bos_token": "?"}]
)
def test_what_a_tokenizer_does_not_know_is_refused_whoever_names_the_token(kind, names):
    known = {"?": 0, "a": 1, "b": 2}
    made = (
        models.Unigram([(piece, -1.0) for piece in known], unk_id=0)
        if kind == "Unigram"
        else models.BPE(known, [], unk_token="?")
        if kind == "BPE"
        else getattr(models, kind)(known, unk_token="?")
    )
    backend = Tokenizer(made)
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    model = mi.load(small("GPT-2"), tokenizer=PreTrainedTokenizerFast(tokenizer_object=backend, **names))
    assert model.run("a b").ids.tolist() == [[1, 2]]
    with pytest.raises(PromptError, match=r"does not know 'z': its vocabulary has"):
        model.run("a z b")
    run = model.run("a b", keep=[at.resid_post])
    with pytest.raises(PromptError, match=r"'z' is not one token"):
        mi.logit_lens(run, tokens=["z"])
    if {"eos_token", "bos_token"} & set(names):  # an end or a beginning of text that is written is meant
        assert model.run("a ? b").ids.tolist() == [[1, 0, 2]]
        with pytest.raises(PromptError, match=r"does not know 'z': its vocabulary has"):
            model.run("a ? z")


def test_without_a_tokenizer_a_text_is_refused():
    with pytest.raises(
        PromptError, match=r"^toy was loaded without a tokenizer: give token ids, or mi\.load\(module, "
    ):
        vocabulary().tokenize("cat")


def test_a_tokenizer_without_a_token_that_begins_a_text_cannot_put_one():
    with pytest.raises(
        PromptError, match=r"^bos=True: the tokenizer of toy has no token that begins a text; leave bos= "
    ):
        vocabulary(letters(bos=0, bos_token=None), bos=True)
    for bos in (None, False):
        found = vocabulary(letters(bos=0, bos_token=None), bos=bos).tokenize("cat")
        assert found.tokens == (("c", "a", "t"),)
