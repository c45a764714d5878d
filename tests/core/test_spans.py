"""Positions mean the same tokens whichever side is padded; names of three libraries mean the same sites."""

import re
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import SiteError
from mi_widgets.core.sites import AXES
from mi_widgets.core.spans import PromptSpans, read, sequence_axes, touches, write
from tests.conftest import examples
from tests.core.activations import COLUMNS, activation, axes_of, picked, prompt_spans, real, sites

RESID = at.resid_post[0]


@settings(max_examples=examples(40))
@given(st.data())
def test_a_site_names_the_same_tokens_as_plain_indexing(data):
    spans = data.draw(prompt_spans())
    site = data.draw(sites(spans))
    columns = spans.width + data.draw(st.integers(0, 2))
    x = activation(site.name, len(spans.lengths), columns)
    marked, count = x.clone(), 0
    for row in range(len(spans.lengths)):
        for index in picked(site, spans, row, columns):
            count += x[index].numel()
            marked[index] = 7.0
    part = read(x, site, spans)
    assert torch.equal(write(x, site, spans, torch.full_like(part, 7.0)), marked)
    assert part.ndim == len(axes_of(site))
    assert part.numel() == count
    assert touches(x, site, spans) == bool(part.numel())
    assert torch.equal(write(x, site, spans, part), x)
    in_place = x.clone()
    write(x, site, spans, part * 2)
    assert torch.equal(x, in_place)


@settings(max_examples=examples(40))
@given(st.data())
def test_an_activation_padded_on_one_side_is_the_other_sides_at_every_real_token(data):
    spans = data.draw(prompt_spans())
    site = data.draw(sites(spans).filter(lambda site: site.positions != "new"))
    part = read(activation(site.name, len(spans.lengths), spans.width), site, spans)
    there = replace(spans, left=not spans.left)
    moved = spans.aligned(part, site, left=there.left)
    for row in range(len(spans.lengths)):
        assert torch.equal(real(moved, site, there, row), real(part, site, spans, row))
    assert torch.equal(there.aligned(moved, site, left=spans.left), part)
    assert spans.aligned(part, site, left=spans.left) is part
    assert [axes_of(site)[axis] in COLUMNS for axis in sequence_axes(site)] == [True] * len(
        sequence_axes(site)
    )


def test_keys_move_with_the_padding_where_one_query_is_named():
    spans = PromptSpans((2, 4), 4, left=True)
    x = torch.arange(2 * 3 * 4 * 4.0).reshape(2, 3, 4, 4)
    for site in (at.pattern[0].pos(-1), at.pattern[0, 1].pos(-1), at.pattern[0].pos([0, -1])):
        moved = spans.aligned(read(x, site, spans), site, left=False)
        assert torch.equal(moved[0, ..., :2], read(x, site, spans)[0, ..., 2:])
        assert torch.equal(moved[1], read(x, site, spans)[1])


TOKENS = PromptSpans(
    (4, 3), 4, ids=((0, 5, 6, 5), (7, 5, 8)), tokens=(("<bos>", " Mary", "Mary", "\n"), (" Mary", ".", " "))
)


@pytest.mark.parametrize(
    ("text", "columns"),
    [(" Mary", [1, 0]), ("Mary", None), ("<bos>", None), (".", None)],
)
def test_a_position_by_text_is_exact_before_it_is_stripped(text, columns):
    site = RESID.pos(text)
    if columns is not None:
        assert TOKENS.resolve(site, 4).tolist() == [[c] for c in columns]
        assert replace(TOKENS, left=True).resolve(site, 4).tolist() == [[1], [1]]
        return
    for row, spans in enumerate((TOKENS.rows([0]), TOKENS.rows([1]))):
        found = {"Mary": (2, 0), "<bos>": (0, None), ".": (None, 1)}[text][row]
        if found is None:
            with pytest.raises(SiteError, match="is not in it"):
                spans.resolve(site, 4)
        else:
            assert spans.resolve(site, 4).tolist() == [[found]]


def test_texts_and_numbers_mix_and_each_row_has_its_own():
    assert TOKENS.resolve(RESID.pos([" Mary", -1, 0]), 4).tolist() == [[1, 3, 0], [0, 2, 0]]


@pytest.mark.parametrize(
    ("tokens", "text", "says"),
    [
        (
            (" a", " b", " a"),
            " a",
            r"at.resid_post[0].pos(' a'): in prompt 0 the token ' a' stands at 0, 2: give one of",
        ),
        (
            (" a", "b", " a"),
            "a",
            "in prompt 0 the token 'a' stands at 0, 2: give one of these numbers. Its tokens: ",
        ),
        ((" a", " b"), "c", "in prompt 0 the token 'c' is not in it. Its tokens: [' a', ' b']."),
        (("\n", " b"), " ", "in prompt 0 the token ' ' is not in it"),
        ((), "c", "this prompt has no token texts; give the position as a number."),
    ],
)
def test_a_text_that_names_no_one_token_is_told_with_the_tokens(tokens, text, says):
    spans = PromptSpans((max(len(tokens), 1),), 3, tokens=(tokens,) if tokens else ())
    with pytest.raises(SiteError, match=re.escape(says)):
        spans.resolve(RESID.pos(text), 3)


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("position", [2, -3])
def test_a_position_outside_of_a_prompt_names_the_prompt(left, position):
    says = (
        f"at.resid_post[0].pos({position}): position {position} is outside of prompt 1, which has 2 tokens "
        "(allowed: -2 to 1)."
    )
    with pytest.raises(SiteError, match=re.escape(says)):
        PromptSpans((4, 2), 4, left).resolve(RESID.pos(position), 4)


@pytest.mark.parametrize("given", ["", [], [""], None, True, 1.5, b"a", ["new", 1], ["new"], [1, None]])
def test_what_is_no_position_is_told(given):
    says = f'at.resid_post[0].pos takes whole numbers, texts of tokens, or "new"; got {given!r}.'
    with pytest.raises(SiteError, match=re.escape(says)):
        RESID.pos(given)


def test_new_tokens_are_those_behind_the_prompt_and_a_word_new_has_its_space():
    spans = PromptSpans((2, 3), 3, tokens=((" a", " new"), (" a", " b", "new")))
    assert spans.resolve(RESID.pos("new"), 5).tolist() == [[3, 4], [3, 4]]
    assert spans.resolve(RESID.pos("new"), 3).shape == (2, 0)
    assert spans.resolve(RESID.pos(" new"), 3).tolist() == [[1], [2]]
    step = replace(spans, start=4)
    assert step.resolve(RESID.pos("new"), 1).tolist() == [[0], [0]]
    assert step.resolve(RESID.pos(-1), 1).shape == (2, 0)
    assert step.resolve(RESID.pos(" a"), 1).shape == (2, 0)
    assert step.resolve(RESID, 1) is None


def test_rows_of_a_batch_know_which_they_are():
    ids, tokens = ((1,), (2, 3), (4, 5, 6)), (("a",), ("b", "c"), ("d", "e", "f"))
    whole = PromptSpans((1, 2, 3), 3, True, 0, ids, tokens)
    part = whole.rows([2, 0])
    assert (part.lengths, part.ids, part.tokens) == ((3, 1), (ids[2], ids[0]), (tokens[2], tokens[0]))
    assert (part.width, part.left, list(part.numbers)) == (3, True, [2, 0])
    assert list(part.rows([1]).numbers) == [0]
    assert part.rows([1]).whole == part.whole == whole
    assert list(whole.numbers) == [0, 1, 2]
    assert list(replace(part.rows([0]), left=False, width=3).numbers) == [2]


ALIASES = {
    "attn.hook_attn_scores": "scores",
    "attn.hook_pattern": "pattern",
    "attn.hook_q": "q",
    "attn.hook_rot_q": "q",
    "attn.hook_rot_k": "k",
    "attn.hook_k": "k",
    "attn.hook_v": "v",
    "attn.hook_z": "z",
    "hook_attn_out": "attn_out",
    "hook_mlp_out": "mlp_out",
    "hook_resid_pre": "resid_pre",
    "hook_resid_mid": "resid_mid",
    "hook_resid_post": "resid_post",
    "mlp.hook_in": "mlp_in",
    "mlp.hook_pre": "mlp_pre",
    "mlp.hook_post": "mlp_post",
}
NNTERP = {
    "token_embeddings": "embed",
    "layers_input": "resid_pre",
    "layers_output": "resid_post",
    "attentions_output": "attn_out",
    "mlps_output": "mlp_out",
    "attention_probabilities": "pattern",
}


def test_names_of_three_libraries_mean_the_same_sites():
    for theirs, ours in ALIASES.items():
        assert at.named(f"blocks.12.{theirs}") == getattr(at, ours)[12]
        assert at.named(theirs) == getattr(at, ours)
    assert at.named("hook_embed") == at.embed
    for theirs, ours in NNTERP.items():
        assert at.named(theirs) == getattr(at, theirs) == getattr(at, ours)
    assert at.layers_output[3] == at.resid_post[3]
    assert at.attention_probabilities[1, 2].code() == "at.pattern[1, 2]"
    for name in AXES:
        assert at.named(name) == getattr(at, name)
    assert {*ALIASES.values(), "embed", "router", "logits"} == set(AXES)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "patern",
            "Site",
            "named",
            "replace",
            "AXES",
            "blocks.0.pattern",
            "blocks.1.hook_embed",
            "blocks.0.logits",
        ),
        *(
            "blocks.-1.hook_resid_pre",
            "blocks.x.hook_resid_pre",
            "blocks.0.attn.hook_result",
            "blocks.0.layers_output",
        ),
        *("ln_final.hook_normalized", "hook_pos_embed", "blocks.0.hook_resid_pre ", "transformer.h.0"),
    ],
)
def test_a_name_of_no_library_lists_those_that_are(name):
    says = f"Names are {', '.join(AXES)}, nnterp's (layers_output, …) and TransformerLens's (blocks.0.attn."
    with pytest.raises(SiteError, match=rf"^{re.escape(repr(name))} names no site.* {re.escape(says)}"):
        at.named(name)


def test_a_run_takes_every_librarys_name():
    run = mi.load("induction-2l").run(
        "the lamp", keep=["blocks.1.attn.hook_pattern", "layers_output", at.z[0]]
    )
    assert torch.equal(run["blocks.1.attn.hook_pattern"], run[at.pattern[1]])
    assert torch.equal(run["layers_output"], run[at.resid_post])
    assert run.keep == (at.pattern[1], at.resid_post, at.z[0])
