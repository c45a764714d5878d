"""A sweep is one run a cell, but does not do the work of one."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

import mi_widgets as mi
from mi_widgets import sites as at
from tests.conftest import examples
from tests.model.families import FAMILIES, VOCAB, loaded, place, sites_of, small

ROWS = [[7, 8, 2], [3, 1, 4, 1, 5]]
WEIGHTS = torch.randn(4, VOCAB, generator=torch.Generator().manual_seed(0))


def metric(logits):
    """Each prompt has its own: what is asked of it is not asked of the others."""
    return (logits.softmax(-1) * WEIGHTS[: len(logits)]).sum(-1) + logits[:, 3] / 10


def measured(model, rows, edits, row, read=-1):
    """The metric of one prompt, run alone under some edits."""
    with model.intervene(*edits):
        logits = model.run(rows[row]).logits[0, read]
    return metric(torch.stack([logits] * len(rows)))[row].item()


def assert_cells_are_runs(model, rows, make, over, *, around=(), read=-1, some=None, seed=0, **options):
    """Every cell of every prompt (or some, drawn with a seed) against a run of it alone under the same edits."""
    with model.intervene(*around):
        result = model.sweep(rows, make, over, metric=metric, read=read, progress=False, **options)
    axes = result.dims[1:]
    cells = list(itertools.product(*(result.dataset[axis].values.tolist() for axis in axes)))
    drawn = np.random.default_rng(seed).permutation(len(cells) * len(rows))[:some]
    for cell, row in ((cells[i // len(rows)], i % len(rows)) for i in drawn):
        where = dict(zip(axes, cell, strict=True))
        site = place(over.name, where["layer"], where.get("head"), where.get("pos"))
        found = result.sel(**where).values[row]
        if where.get("pos", 0) >= len(rows[row]):
            assert np.isnan(found)
        else:
            expected = measured(model, rows, (*around, make(site)), row, read)
            assert found == pytest.approx(expected, abs=2e-4, rel=2e-4), (where, row)
    return result


def around(family):
    """What holds throughout: before, at and after the layers that are swept."""
    model = loaded(family)
    d = torch.linspace(-1, 1, model.config.d_model)
    return (
        mi.steer(at.embed.pos(0), d),
        mi.scale(at.resid_pre[0], 0.8),
        mi.steer(at.resid_pre[1].pos(-1), d),
        mi.scale(at.z[1, 1], 1.5),
        mi.scale(at.resid_pre[2], 0.7),
        mi.ablate(at.mlp_out[2].pos(1)),
        mi.scale(at.resid_post[model.config.n_layers - 1].pos(-1), 0.9),
        *([mi.scale(at.logits, 1.1)] if FAMILIES.index(family) % 2 else []),
    )


def with_a_layer_before(site):
    return mi.stack(mi.scale(site, 0.3), mi.scale(at.attn_out[max(site.layer - 1, 0)].pos(-1), 0.2))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_cell_is_a_run(family):
    """By layer and position, and by layer and head, on prompts of two lengths, under other interventions."""
    model, turn = loaded(family), FAMILIES.index(family)
    outer = (at.resid_pre, at.resid_post, at.mlp_out)[turn % 3]
    assert_cells_are_runs(
        model, ROWS, with_a_layer_before, outer, positions=[4, 0], some=4, seed=turn, around=around(family)
    )
    result = assert_cells_are_runs(
        model, ROWS, mi.ablate, (at.z, at.q, at.v, at.k)[turn % 4], some=2, seed=turn, around=around(family)
    )
    clean = [measured(model, ROWS, around(family), row) for row in range(len(ROWS))]
    assert result.dataset["clean"].values == pytest.approx(clean, abs=2e-4, rel=2e-4)
    assert result.dims == ("batch", "layer", "head")
    options = {"by": ("pos", "layer", "head"), "positions": [4, 1], "heads": [3, 0], "layers": [2, 0]}
    inner = (at.pattern, at.z)[turn % 2]
    result = assert_cells_are_runs(
        model,
        ROWS,
        lambda site: mi.scale(site, 0.2),
        inner,
        some=3,
        seed=turn,
        around=around(family),
        **options,
    )
    assert result.values.shape == (2, 2, 2, 2)
    assert result.dataset["layer"].values.tolist() == [2, 0]


@settings(max_examples=examples(15))
@given(st.data())
def test_any_part_of_any_sweep_is_runs(data):
    family = data.draw(st.sampled_from(FAMILIES))
    name = data.draw(st.sampled_from([n for n in sites_of(family) if n not in ("embed", "logits")]))
    row = st.lists(st.integers(0, VOCAB - 1), min_size=2, max_size=6)
    rows = data.draw(st.lists(row, min_size=1, max_size=2))
    over, model = getattr(at, name), loaded(family)
    n_heads = model.config.size("head", name) if "head" in over.axes else 0
    by = data.draw(st.permutations(["layer", "pos", *(["head"] if n_heads else [])]))
    n = {"layers": 3, "positions": max(map(len, rows)), "heads": n_heads}
    some = {
        option: data.draw(st.lists(st.integers(0, n[option] - 1), min_size=1, max_size=2, unique=True))
        for option, axis in (("layers", "layer"), ("positions", "pos"), ("heads", "head"))
        if axis in by
    }
    read = data.draw(st.sampled_from([-1, 0, 1, -2]))
    add = mi.stack(*data.draw(st.lists(st.sampled_from(around(family)), max_size=2)))
    if min(map(len, rows)) > 1:
        assert_cells_are_runs(
            model, rows, lambda site: mi.scale(site, 0.3), over, around=add, read=read, some=2, by=by, **some
        )


def test_a_patch_from_other_prompts_is_swept():
    model = loaded("Llama")
    clean = model.run([[16, 17, 18], [11, 12, 13, 14, 15]], keep=[at.resid_pre, at.z])
    assert_cells_are_runs(
        model, [ROWS[1]], lambda s: mi.patch(s, model.run([2, 4, 6, 8, 10], keep=[s])), at.resid_mid
    )
    by_position = model.sweep(ROWS, lambda s: mi.patch(s, clean), at.resid_pre, metric=metric, progress=False)
    assert np.isnan(by_position.sel(layer=2, pos=4).values).tolist() == [True, False]
    for row, pos in ((0, 1), (1, 1), (1, 4)):
        alone = model.run(clean.ids[row, : len(ROWS[row])], keep=[at.resid_pre])
        expected = measured(model, ROWS, [mi.patch(at.resid_pre[2].pos(pos), alone)], row)
        assert by_position.sel(layer=2, pos=pos).values[row] == pytest.approx(expected, abs=1e-4)
    heads = model.sweep(ROWS, lambda s: mi.patch(s, clean), at.z, metric=metric, progress=False)
    for row, ids in enumerate(ROWS):
        alone = model.run(clean.ids[row, : len(ids)], keep=[at.z])
        expected = measured(model, ROWS, [mi.patch(at.z[1, 2], alone)], row)
        assert heads.sel(layer=1, head=2).values[row] == pytest.approx(expected, abs=1e-4)


def test_what_holds_on_a_whole_batch_holds_where_a_position_is_not_in_all_of_it():
    """Frozen patterns and what is drawn are those of each prompt's own row."""
    model = loaded("GPT-2")
    run = model.run(ROWS, keep=[at.pattern, at.mlp_out])
    for held in (mi.interventions.freeze_pattern(run), mi.ablate(at.mlp_out[1], to="resample", data=run)):
        with model.intervene(held):
            result = model.sweep(ROWS, mi.ablate, at.resid_pre, metric=metric, progress=False)
        for row, pos in ((0, 1), (1, 1), (1, 4)):
            # The shorter prompt is changed too, where it can be: it does not reach the other.
            edit = mi.ablate(at.resid_pre[2].pos(pos if pos < 3 else 0))
            if pos >= 3:
                edit = mi.interventions.apply(
                    at.resid_pre[2], lambda x, pos=pos: x.index_fill(1, torch.tensor(pos), 0)
                )
            with model.intervene(held, edit):
                logits = model.run(ROWS).logits
            last = torch.stack([logits[i, len(ids) - 1] for i, ids in enumerate(ROWS)])
            assert result.sel(layer=2, pos=pos).values[row] == pytest.approx(
                metric(last)[row].item(), abs=1e-4
            )


def test_labels_and_code_say_what_was_swept():
    result = loaded("GPT-2").sweep(
        ROWS, mi.ablate, at.resid_pre, metric=metric, positions=[4, 0], progress=False
    )
    assert result.dims == ("batch", "layer", "pos")
    assert result.dataset["pos"].values.tolist() == [4, 0]
    assert result.dataset["pos_token"].values.tolist() == [["", " 7"], [" 5", " 3"]]
    assert np.isnan(result.values[0, :, 0]).all()
    assert "mi.ablate, at.resid_pre, metric=metric, positions=[4, 0], progress=False)" in result.code()
    nothing = loaded("GPT-2").sweep(ROWS, lambda site: mi.stack(), at.z, metric=metric, progress=False)
    assert np.allclose(nothing.values, nothing.dataset["clean"].values[:, None, None], atol=1e-5)
    one = loaded("GPT-2").sweep(ROWS, mi.ablate, at.mlp_out[1], metric=metric, by=("layer",), progress=False)
    assert one.dataset["layer"].values.tolist() == [1]
    assert one.values.shape == (2, 1)


@pytest.mark.parametrize("free", [0, 10**12])
def test_the_numbers_do_not_depend_on_how_many_cells_run_at_once(monkeypatch, free):
    monkeypatch.setattr("mi_widgets.model.sweep.free_bytes", lambda device: free)
    assert_cells_are_runs(loaded("Phi-3"), ROWS, mi.ablate, at.attn_out, around=around("Phi-3"), some=4)


@pytest.mark.parametrize("family", ["GPT-NeoX", "Transformer"])
def test_an_interrupt_between_chunks_leaves_the_untouched_model(family):
    model = loaded(family)
    before, calls = model.run(ROWS).logits, []

    def interrupted(logits):
        calls.append(model.run(ROWS))  # no lock is held
        if len(calls) == 7:
            raise KeyboardInterrupt
        return metric(logits)

    def bad(x):
        raise KeyboardInterrupt

    for act in (
        lambda: model.sweep(ROWS, mi.ablate, at.z, metric=interrupted),
        lambda: model.sweep(ROWS, lambda site: mi.interventions.apply(site, bad), at.z, metric=metric),
    ):
        with pytest.raises(KeyboardInterrupt), model.intervene(mi.scale(at.mlp_out[0], 2.0)):
            act()
        assert model.interventions == mi.stack()
        again = model.run(ROWS)
        assert torch.equal(again.logits[again.mask], before[again.mask])
        assert again.logits[~again.mask].isnan().all()


def counted(act):
    with FlopCounterMode(display=False) as counter:
        act()
    return counter


def test_the_work_is_that_of_the_layers_that_change():
    module = small("GPT-2", n_layer=6, attn_implementation="eager")
    ids = torch.randint(VOCAB, (1, 6), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        plain = counted(lambda: module(ids))
    layer = sum(plain.get_flop_counts()["GPT2LMHeadModel.transformer.h.0"].values())
    unembedding = sum(plain.get_flop_counts()["GPT2LMHeadModel.lm_head"].values()) / ids.shape[1]
    n_pos, n_layers = ids.shape[1], 6
    needed = plain.get_total_flops() + n_pos * n_layers * unembedding
    needed += sum(n_pos * (n_layers - i) * layer for i in range(n_layers))
    model = mi.load(module)
    spent = counted(
        lambda: model.sweep(ids, mi.ablate, at.resid_pre, metric=lambda x: x[:, 3], progress=False)
    ).get_total_flops()
    assert layer > 0
    assert 0.99 * needed <= spent <= 1.2 * needed


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"over": at.embed}, "SiteError", "goes over a kind of site, .* got at.embed"),
        ({"over": at.z[0, 1]}, "SiteError", r"got at.z\[0, 1\]"),
        ({"over": at.z[0].pos(1)}, "SiteError", "or one layer of it; got"),
        ({"over": at.scores}, "SiteError", "has no at.scores"),
        ({"over": at.z[7]}, "SiteError", "the layer must be 0 to 2"),
        (
            {"by": ("layer", "head")},
            "SiteError",
            r"by= takes layer and any of pos for at.resid_pre; got \('layer', 'h",
        ),
        ({"by": ("pos",)}, "SiteError", "by= takes layer and any of pos"),
        ({"by": ("layer", "layer")}, "SiteError", "got"),
        ({"heads": [0]}, "SiteError", "heads= was given, but by=.* does not go over them: add 'head'"),
        ({"layers": [3]}, "SiteError", r"layers must be some of 0 to 2, each once; got \[3\]"),
        ({"positions": [-1]}, "SiteError", "positions must be some of 0 to 4, each once"),
        ({"positions": [1, 1]}, "SiteError", "each once"),
        ({"layers": 1}, "WrongKind", "layers must be a list of numbers; got an int"),
        ({"layers": [1.5]}, "SiteError", r"got \[1.5\]"),
        (
            {"read": "new"},
            "SiteError",
            "read= takes one position, a number or the text of a token; got 'new'",
        ),
        ({"read": [0, 1]}, "WrongKind", "read must be a whole number or a text; got a list"),
        ({"read": 4}, "SiteError", "position 4 is outside of prompt 0, which has 3 tokens"),
        (
            {"metric": lambda x: x},
            "MetricError",
            r"a tensor of shape \(2,\), from logits .*; got shape \(2, 50\)",
        ),
        ({"metric": lambda x: x.mean()}, "MetricError", r"got shape \(\)"),
        ({"metric": lambda x: 1.0}, "MetricError", "got float"),
        ({"make": lambda site: site}, "InterventionError", "made by mi.ablate"),
        ({"make": lambda site: mi.ablate(at.scores[0])}, "SiteError", "has no at.scores"),
        ({"make": lambda site: mi.ablate(at.z[9, 0])}, "SiteError", "the layer must be 0 to 2"),
    ],
)
def test_what_cannot_be_swept_is_named(options, error, says):
    model = loaded("Bloom")
    given = {"make": mi.ablate, "over": at.resid_pre, "metric": metric} | options
    with pytest.raises(getattr(mi.errors, error), match=says):
        model.sweep(ROWS, given.pop("make"), given.pop("over"), progress=False, **given)
