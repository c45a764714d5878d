"""Sites that name tokens by their text: changed wherever they stand, and nothing else is."""

import re
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import SiteError
from mi_widgets.core.sites import part_axis
from mi_widgets.core.spans import PromptSpans, touches
from tests.conftest import examples
from tests.core.activations import activation, sites

NAMES = {"mi": mi, "at": at}
TEXTS = (".", " .", "a", " a", "\n", "<b>")


@st.composite
def prompt_spans(draw):
    """Prompts of drawn tokens, padded on either side, and what was generated behind them."""
    rows = draw(st.lists(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4), min_size=1, max_size=3))
    n = draw(st.integers(0, 2))
    more = draw(st.lists(st.lists(st.sampled_from(TEXTS), min_size=n, max_size=n), min_size=3, max_size=3))
    lengths = tuple(map(len, rows))
    left = draw(st.booleans()) or n > 0
    spans = PromptSpans(
        lengths,
        max(lengths),
        left,
        tokens=tuple(map(tuple, rows)),
        generated=tuple(map(tuple, more[: len(rows)])),
    )
    return spans, n


def columns_that_read(spans, row, wanted):
    """Where one of the texts stands, in plain counting."""
    texts = [*spans.tokens[row], *spans.generated[row]]
    jump = spans.width - spans.lengths[row]
    for i, text in enumerate(texts):
        if text in wanted or text.strip() in wanted:
            yield i + (jump if spans.left or i >= spans.lengths[row] else 0)


@settings(max_examples=examples(40))
@given(st.data())
def test_only_tokens_that_read_so_are_changed(data):
    spans, n = data.draw(prompt_spans())
    site = data.draw(sites(spans, positions=False))
    wanted = data.draw(st.sampled_from([(".",), (".", "a"), ("\n",), ("z",)]))
    total = spans.width + n
    x = activation(site.name, len(spans.lengths), total)
    expected = x.clone()
    for row in range(len(spans.lengths)):
        for column in columns_that_read(spans, row, wanted):
            by_axis = {"batch": row, "pos": column, "query": column}
            by_axis |= {} if site.part is None else {part_axis(site): site.part}
            expected[tuple(by_axis.get(axis, slice(None)) for axis in site.axes)] *= 2
    edit = mi.scale(site.every(*wanted), 2.0)
    assert torch.equal(edit.apply(x, spans), expected)
    assert touches(x, edit.site, spans) == (not torch.equal(x, expected))
    assert eval(edit.code(), NAMES) == edit
    if n and "query" not in site.axes:  # token by token, behind a cache
        start = total - 1
        one = edit.apply(x[:, start:], replace(spans, start=start))
        assert torch.equal(one, expected[:, start:])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: at.resid_post[0].every(), 'takes texts of tokens, as in .every(".", "!"); got ().'),
        (lambda: at.resid_post[0].every("", "a"), "takes texts of tokens"),
        (lambda: at.resid_post[0].every(3), "got (3,)."),
        (lambda: at.resid_post[0].pos(1).every("."), "has its positions already"),
        (lambda: at.resid_post[0].every(".").pos(1), "names tokens by their text already"),
        (
            lambda: mi.scale(at.resid_post[0].every("."), 2.0).apply(
                torch.zeros(1, 3, 4), PromptSpans((3,), 3)
            ),
            "at.resid_post[0].every('.'): these prompts have no token texts",
        ),
    ],
)
def test_what_names_no_tokens_is_told(make, says):
    with pytest.raises(SiteError, match=re.escape(says)):
        make()


def test_a_run_says_where_they_are_and_reads_them_so(model):
    site = at.resid_post[1].every("7", "9")
    run = model.run([[7, 3, 9, 4], [5, 7]], keep=[site.everywhere])
    assert run.token_mask(site).tolist() == [[True, False, True, False], [False, True, False, False]]
    assert run[at.resid_post[1]][run.token_mask(site)].shape == (3, model.config.d_model)
    with pytest.raises(SiteError, match=re.escape("read run[at.resid_post[1]][run.token_mask(site)]")):
        run[site]


def test_generated_tokens_are_changed_as_if_the_whole_text_were_run(model, monkeypatch):
    monkeypatch.setattr("mi_widgets.model.generate._ends", lambda model: set())
    steps, execute = [], model.execute
    monkeypatch.setattr(model, "execute", lambda forward: steps.append(execute(forward)) or steps[-1])
    site = at.resid_pre[1].every(*map(str, range(0, 50, 2)))
    by = torch.linspace(-3, 3, model.config.d_model)
    prompts = [[3, 30, 4, 40], [9, 33]]
    with model.intervene(mi.steer(site, by)):
        written = model.generate_batch(
            prompts, max_new_tokens=8, temperature=9.0, seed=1, keep=[at.resid_post[1]]
        )
        said = torch.stack([step["logits", None][:, -1] for step in steps[:8]], 1)
        for row, (prompt, generation) in enumerate(zip(prompts, written, strict=True)):
            run = model.run([*prompt, *generation.ids], keep=[at.resid_post[1]])
            assert torch.allclose(said[row], run.logits[0, len(prompt) - 1 : -1], atol=1e-5)
            assert torch.allclose(generation.run[at.resid_post[1]], run[at.resid_post[1]], atol=1e-5)
    assert any(i % 2 == 0 for generation in written for i in generation.ids)


def test_beside_a_prompt_whose_answer_has_ended_others_go_on():
    spans = PromptSpans(
        (1, 1), 1, left=True, start=2, tokens=(("a",), ("b",)), generated=(("x",), ("x", "."))
    )
    assert spans.named(at.resid_post[0].every("."), 1).tolist() == [[False], [True]]
