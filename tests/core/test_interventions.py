"""Every intervention does what plain indexing would do, is a value, and names what does not fit."""

import functools
import re
from dataclasses import FrozenInstanceError, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.edits import Apply, Replace
from mi_widgets.core.errors import InterventionError
from mi_widgets.core.patching import Patch
from mi_widgets.core.sites import AXES, part_axis
from mi_widgets.core.spans import PromptSpans, read
from tests.conftest import examples, small_transformer
from tests.core.activations import SIZES, Seen, activation, picked, prompt_spans, real, sites

NAMES = {"mi": mi, "at": at}
LINES = tuple(name for name, axes in AXES.items() if "key" not in axes)  # sites with one vector a place
Z, RESID = at.z[0, 1], at.resid_post[0]
RIGHT, LEFT = PromptSpans((2, 4), 4), PromptSpans((2, 4), 4, left=True)


def vector(site, n, seed=5):
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn({**SIZES, "key": n}[site.axes[-1]], generator=generator)
    return drawn if site.expert is None else drawn[site.expert]  # one expert's weight is one number


def halved(x):
    x *= 0.5  # in place: what it is given is its own
    return x


def kinds(site, d):
    """Each intervention that treats every place alike, with what it makes of one vector."""
    yield mi.ablate(site), torch.zeros_like
    yield mi.ablate(site, to="mean", data=d), lambda x: d.expand_as(x)
    yield mi.scale(site, -1.5), lambda x: -1.5 * x
    yield mi.steer(site, d, scale=2.0), lambda x: x + 2 * d
    yield mi.interventions.replace(site, d), lambda x: d.expand_as(x)
    yield mi.interventions.replace(site, 3.0), lambda x: torch.full_like(x, 3.0)
    yield mi.interventions.apply(site, halved), lambda x: 0.5 * x
    yield mi.patch(site, d), lambda x: d.expand_as(x)
    if d.ndim:
        unit = d / d.norm()
        yield mi.project_out(site, 7 * d), lambda x: x - (x @ unit)[..., None] * unit


@settings(max_examples=examples(30))
@given(st.data())
def test_every_intervention_is_plain_indexing(data):
    spans = data.draw(prompt_spans())
    site = data.draw(sites(spans))
    x = activation(site.name, len(spans.lengths), spans.width)
    before = x.clone()
    for intervention, change in kinds(site, vector(site, spans.width)):
        expected = x.clone()
        for row in range(len(spans.lengths)):
            for index in picked(site, spans, row, spans.width):
                expected[index] = change(x[index])
        if isinstance(intervention, Patch) and "key" in site.axes:
            continue  # its keys are padded as the prompt is: tested below
        puts = isinstance(intervention, (Patch, Replace))
        if puts and site.positions is None:  # at padding there is nothing to put
            axis = next(i for i, name in enumerate(AXES[site.name]) if name in ("pos", "query"))
            sizes = [n if i in (0, axis) else 1 for i, n in enumerate(x.shape)]
            expected = torch.where(spans.real.reshape(sizes), expected, x)
        assert torch.allclose(intervention.apply(x, spans), expected, atol=1e-5), intervention
        assert torch.equal(x, before)


@settings(max_examples=examples(30))
@given(st.data())
def test_token_by_token_is_as_the_whole_text_at_once(data):
    spans = replace(data.draw(prompt_spans()), left=True)  # as generate pads
    site = data.draw(sites(spans))
    n = spans.width + 2
    x = activation(site.name, len(spans.lengths), n)
    square = "query" in site.axes
    values = [mi.ablate(site), mi.scale(site, 2.0), mi.interventions.apply(site, torch.tanh)]
    if not square:
        pool = activation(site.name, 1, 7)[0]
        values = [value for value, _ in kinds(site, vector(site, n))]
        values += [mi.ablate(replace(site, head=None, expert=None), to="resample", data=pool)]
    for value in values:
        whole = value.apply(x, spans)
        for start, end in ((0, n - 2), (n - 2, n - 1), (n - 1, n)):
            here = (
                (slice(None), slice(None), slice(start, end), slice(end))
                if square
                else (slice(None), slice(start, end))
            )
            assert torch.allclose(
                value.apply(x[here], replace(spans, start=start)), whole[here], atol=1e-6
            ), value


@settings(max_examples=examples(30))
@given(st.data())
def test_a_patch_from_a_run_gives_its_real_tokens_whichever_side_is_padded(data):
    spans = data.draw(prompt_spans())
    there = replace(spans, left=data.draw(st.booleans()))
    site = data.draw(sites(spans).filter(lambda site: site.positions != "new"))
    rows = len(spans.lengths)
    source, x = (activation(site.name, rows, spans.width, seed) for seed in (1, 2))
    value = mi.patch(site, Seen(source, spans))
    assert eval(value.code(), NAMES) == value
    assert value == mi.patch(site, Seen(read_as(source, site, spans, there), there))
    patched = value.apply(x, there)
    for row in range(rows):
        part = real(read(patched, site, there), site, there, row)
        assert torch.equal(part, real(read(source, site, spans), site, spans, row))
    untouched = mi.interventions.replace(site, 0.0)
    assert torch.equal(untouched.apply(patched, there), untouched.apply(x, there))
    # What was generated since stays, and a part of the batch takes its own rows.
    longer = activation(site.name, rows, spans.width + 1, 3)
    later, changed = value.apply(longer, there), read(longer, replace(site, positions="new"), there)
    assert (
        torch.equal(read(later, replace(site, positions="new"), there), changed) or site.positions is not None
    )
    for row in range(rows):
        assert torch.equal(value.apply(x[[row]], there.rows([row])), patched[[row]])


def read_as(x, site, spans, there):
    """The same activation, padded as another batch is."""
    return spans.aligned(x, replace(site, head=None, expert=None, positions=None), left=there.left)


@settings(max_examples=examples(30))
@given(st.data())
def test_a_resampled_token_depends_on_seed_row_and_position_alone(data):
    spans = data.draw(prompt_spans())
    site = data.draw(sites(spans, names=LINES))
    rows, n = len(spans.lengths), spans.width
    gone = {"batch", "pos", part_axis(site) if site.part is not None else ""}
    sizes = [SIZES[axis] for axis in site.axes if axis not in gone]
    pool = torch.arange(30.0).reshape(30, *[1] * len(sizes)).expand(30, *sizes)  # each of them is its number
    seed = data.draw(st.integers(0, 5))
    value = mi.ablate(site, to="resample", data=pool, seed=seed)
    everywhere = replace(value, site=replace(site, positions=None))
    x = activation(site.name, rows, n)
    drawn, all_drawn = value.apply(x, spans), everywhere.apply(x, spans)
    chosen = mi.scale(site, 0.0).apply(torch.ones_like(x), spans) == 0
    assert torch.equal(drawn, torch.where(chosen, all_drawn, x))
    assert drawn[chosen].eq(drawn[chosen].round()).all()
    other = replace(spans, left=not spans.left)
    there = everywhere.apply(x, other)
    for row in range(rows):
        own = replace(site, positions=None)
        tokens = real(read(all_drawn, own, spans), own, spans, row)
        assert torch.equal(real(read(there, own, other), own, other, row), tokens)
        # Another batch of more rows, of which some are left out, and more tokens.
        more = PromptSpans((*spans.lengths, 1), n, spans.left).rows([row])
        assert torch.equal(everywhere.apply(x[[row]], more), all_drawn[[row]])
        longer = everywhere.apply(activation(site.name, rows, n + 3), spans)
        assert torch.equal(real(read(longer, own, spans), own, spans, row), tokens)


def test_resampling_draws_every_token_of_the_pool_alike():
    pool = torch.arange(5.0)[:, None].expand(5, 4)
    x = torch.zeros(10, 100, 4)
    drawn = mi.ablate(RESID, to="resample", data=pool).apply(x, PromptSpans((100,) * 10, 100))[..., 0]
    counts = drawn.flatten().long().bincount(minlength=5)
    assert ((counts - 200).abs() < 60).all()  # 4.7 standard deviations
    assert len({tuple(row) for row in drawn.tolist()}) == 10
    other = mi.ablate(RESID, to="resample", data=pool, seed=1).apply(x, PromptSpans((100,) * 10, 100))[..., 0]
    assert 0.1 < (other == drawn).float().mean() < 0.3
    assert 0.1 < (other[0] == drawn[1]).float().mean() < 0.3  # no row is another seed's


def test_resampling_from_a_run_draws_its_real_tokens_of_the_head_that_is_named():
    spans = PromptSpans((1, 3), 3, left=True)
    run = Seen(activation("z", 2, 3), spans)
    pool = mi.ablate(Z, to="resample", data=run).data.tensor
    assert torch.equal(pool, torch.cat([run.x[0, 2:, 1], run.x[1, :, 1]]))
    x = activation("z", 2, 4, 1)
    drawn = mi.ablate(Z.pos(-1), to="resample", data=run).apply(x, LEFT)
    assert (drawn[:, -1, 1][:, None] == pool).all(-1).any(-1).all()
    assert (drawn != x).sum() == 4


@settings(max_examples=examples(30))
@given(st.data())
def test_what_is_projected_out_is_gone_and_what_is_left_stays(data):
    n = data.draw(st.integers(1, 4))
    rows = torch.randn(n, 6, generator=torch.Generator().manual_seed(data.draw(st.integers(0, 9))))
    lengths = 10.0 ** torch.tensor(data.draw(st.lists(st.integers(-9, 9), min_size=n, max_size=n)))
    dtype = data.draw(st.sampled_from([torch.float32, torch.float64, torch.bfloat16]))
    x = torch.randn(2, 4, 6, generator=torch.Generator().manual_seed(1)).to(dtype)
    value = mi.project_out(RESID, rows * lengths[:, None])
    left, once = value.apply(x, RIGHT), x.double()
    assert left.dtype == dtype
    eps = 20 * max(torch.finfo(dtype).eps, torch.finfo(torch.float32).eps)
    span = rows.double()
    gone = once @ torch.linalg.pinv(span) @ span
    assert torch.allclose(left.double(), once - gone, atol=eps)
    assert torch.allclose(left.double() @ span.T, torch.zeros(()).double(), atol=4 * eps)
    assert torch.allclose(value.apply(left, RIGHT), left, atol=eps)
    sizes = (part.square().sum(-1) for part in (left.double(), gone, once))
    assert torch.allclose(next(sizes) + next(sizes), next(sizes), rtol=eps, atol=eps)
    assert eval(value.code(), NAMES) == value


def test_directions_that_lie_close_together_are_both_taken_away_in_short_numbers():
    first = torch.randn(64, generator=torch.Generator().manual_seed(0))
    rows = torch.stack([first, first + 1e-3 * torch.randn(64, generator=torch.Generator().manual_seed(1))])
    x = torch.randn(2, 4, 64, generator=torch.Generator().manual_seed(2)).bfloat16()
    left = mi.project_out(RESID, rows).apply(x, RIGHT).float() @ torch.linalg.qr(rows.T).Q
    assert left.abs().max() < 0.02
    whole_numbers = mi.project_out(RESID, [1, 0, 0, 0]).apply(torch.ones(2, 4, 4), RIGHT)
    assert whole_numbers[0, 0].tolist() == [0, 1, 1, 1]


class Double:
    """A function that is an object."""

    def __call__(self, x):
        return 2 * x


def test_interventions_are_values():
    d = torch.ones(4)
    values = [value for value, _ in kinds(RESID.pos([0, -1]), d)] + [
        mi.ablate(RESID, to="resample", data=torch.ones(3, 4), seed=2),
        mi.patch(RESID.pos("new"), d),
        mi.patch(RESID.pos(" Mary"), d[None], only=[[1, 2]]),
        mi.project_out(RESID, torch.eye(4)),
    ]
    for value in values:
        with pytest.raises(FrozenInstanceError):
            value.site = Z
        assert hash(value) == hash(replace(value))
        assert value == replace(value) != replace(value, site=at.resid_post[1])
        assert value != mi.scale(RESID, 0.25)
        if not isinstance(value, Apply):
            assert eval(value.code(), NAMES) == value
            assert eval(value.code(inline=True), NAMES) == value
            assert repr(value).partition("(")[0] == value.code().partition("(")[0]
    for simple in (
        mi.ablate(Z),
        mi.scale(Z.pos("new"), -0.5),
        mi.stack(mi.ablate(Z), mi.scale(at.logits, 1e-30)),
    ):
        assert eval(repr(simple), NAMES) == simple
    assert {mi.ablate(Z), mi.ablate(at.z[0, 1])} == {mi.ablate(Z)}
    assert repr(mi.steer(RESID, d)).startswith("mi.steer(at.resid_post[0], Array(4, sha256:")
    seeded = mi.ablate(RESID, to="resample", data=torch.ones(3, 4), seed=2)
    assert repr(seeded).startswith("mi.ablate(at.resid_post[0], to='resample', data=Array(3×4, sha256:")
    assert repr(seeded).endswith("…), seed=2)")


def test_a_function_is_named_but_never_written():
    for function, name in (
        (torch.relu, "relu"),
        (halved, "halved"),
        (lambda x: x, "<lambda>"),
        (functools.partial(torch.clamp, min=0), "partial"),
        (torch.nn.ReLU(), "ReLU"),
        (Double(), "Double"),
    ):
        value = mi.interventions.apply(Z, function)
        assert repr(value) == f"mi.interventions.apply(at.z[0, 1], {name})"
        assert value == mi.interventions.apply(Z, function)
        says = f"{value!r} holds a function of yours, which cannot be written as code: define {name}"
        with pytest.raises(InterventionError, match=re.escape(says)):
            mi.stack(value).code()
        x = activation("z", 2, 4)
        assert torch.allclose(value.apply(x, RIGHT)[:, :, 1], function(x[:, :, 1].clone()))


def test_what_a_function_raises_is_its_own_error():
    with pytest.raises(ZeroDivisionError):
        mi.interventions.apply(RESID, lambda x: x / (1 // 0)).apply(activation("resid_post", 2, 4), RIGHT)


def test_a_patch_for_its_own_prompts_refuses_others():
    spans = PromptSpans((2, 1), 2, ids=((1, 2), (3,)))
    x = activation("resid_post", 2, 2)
    value = mi.patch(RESID, x, only=[[1, 2], [3, -1]])
    for same in (spans, replace(spans, left=True), spans.rows([1]), replace(spans.rows([1]), width=1)):
        value.apply(x[: len(same.lengths), : same.width], same)
    for ids in (((1, 2), (4,)), ((3,), (1, 2)), ((1, 2),)):
        with pytest.raises(
            InterventionError, match=r"made to hold on its own prompts only; these are others\."
        ):
            value.apply(x, replace(spans, ids=ids))


def test_a_part_of_a_batch_is_changed_as_in_the_whole():
    """What generate keeps of one prompt, and a sweep runs of those that have a position, is what the batch saw."""
    model = mi.load(small_transformer())
    rows, others = [[1, 2, 3], [4, 5, 6, 7, 8], [9]], [[3, 2, 1], [8, 7, 6, 5, 4], [2]]
    clean = model.run(others, keep=[at.resid_post, at.pattern, at.z], padding_side="left")
    own = model.run(rows, keep=[at.pattern])
    for change in (
        mi.patch(RESID, clean),
        mi.patch(at.resid_post[1].pos(-1), clean),
        mi.patch(at.pattern[1].pos(-1), clean),
        mi.ablate(Z, to="resample", data=clean),
        mi.interventions.freeze_pattern(own),
    ):
        with model.intervene(change):
            written = model.generate_batch(rows, max_new_tokens=3, keep=[at.resid_post])
            swept = model.sweep(rows, mi.ablate, at.mlp_out, metric=lambda x: x[:, 1], progress=False)
            with model.intervene(mi.ablate(at.mlp_out[1].pos(0))):
                run = model.run(rows)
        for each in written:
            n = len(each.ids)
            assert each.run.logits[0, -n - 1 : -1].argmax(-1).tolist() == list(each.ids)
        expected = run.logits[torch.arange(3), run.tokenized.last, 1]
        assert torch.allclose(torch.tensor(swept.values[:, 1, 0]), expected, atol=1e-5), change


def test_one_number_is_written_as_it_was_given():
    for value, code in ((5.0, "5.0"), (5.1, "5.1"), (-1e-8, "-1e-08")):
        edit = mi.interventions.replace(at.z[0, 1], value)
        assert edit.code() == repr(edit) == f"mi.interventions.replace(at.z[0, 1], {code})"
        assert eval(edit.code()) == edit
    for value in (3, float("inf"), [1.0], True):
        edit = mi.interventions.replace(at.z[0, 1], torch.tensor(value))
        assert "mi.interventions.Array" in edit.code()
