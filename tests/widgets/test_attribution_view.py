"""`AttributionView` in Python: what it takes, refuses, selects, says, sends, draws and writes as code."""

import base64
import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from PIL import Image

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.core.results import Result
from mi_widgets.views import AttentionView
from mi_widgets.widgets.attribution.bars import bars_of
from mi_widgets.widgets.attribution.widget import AttributionView
from mi_widgets.widgets.attribution.words import sentence
from mi_widgets.widgets.heat_map.widget import HeatmapView
from tests.analysis.route_by_hand import LOUDNESS, PAIR, route
from tests.conftest import small_gpt2
from tests.model.letters import letters
from tests.provenance import provenance_of

from .grids import grid
from .patterns import result as pattern

EVIL = "</script><img src=x onerror=alert(1)>"
CALL = 'mi.direct_logit_attribution(run, (" Mary", " John"))'


def names_of(by, n_layers, n_heads, n_pos, n_neurons):
    """Name, layer, head, position and neuron of every term, as the analysis gives them."""
    yield "embed", -1, -1, -1, -1
    for layer in range(n_layers):
        heads = range(n_heads)
        if by == "head":
            yield from ((f"L{layer}.H{h}", layer, h, -1, -1) for h in heads)
        if by == "pos":
            yield from ((f"L{layer}.H{h} from {p}", layer, h, p, -1) for h in heads for p in range(n_pos))
        if by in ("sublayer", "neuron"):
            yield f"L{layer}.attn", layer, -1, -1, -1
        else:
            yield f"L{layer}.attn bias", layer, -1, -1, -1
        if by == "neuron":
            yield from ((f"L{layer}.N{n}", layer, -1, -1, n) for n in range(n_neurons))
            yield f"L{layer}.mlp bias", layer, -1, -1, -1
        else:
            yield f"L{layer}.mlp", layer, -1, -1, -1
    yield "bias", -1, -1, -1, -1


def attribution(
    by="head",
    *,
    n_batch=1,
    n_layers=2,
    n_heads=4,
    n_pos=5,
    n_neurons=30,
    seed=0,
    sign=1,
    answers=(" Mary", " John"),
    tokens=None,
    largest=None,
    warnings=(),
    call=CALL,
    values=None,
):
    """A Result as the analysis makes it; a few terms are large, and L1.H2 the largest if there are heads."""
    terms = [*zip(*names_of(by, n_layers, n_heads, n_pos, n_neurons), strict=True)]
    names, numbers = list(terms[0]), np.array(terms[1:])
    rng = np.random.default_rng(seed)
    if values is None:
        values = rng.normal(0, 0.2, (n_batch, len(names))) * rng.random((n_batch, len(names))) ** 3
        values[:, names.index(largest or ("L1.H2" if by == "head" else "embed"))] = 2.1
        values = np.asarray(sign * values, np.float32)
    texts = np.array([*(tokens or ["<bos>", *(f" t{i}" for i in range(1, n_pos))]), ""])
    positions = numbers[2]
    return Result(
        kind="direct_logit_attribution",
        title="Direct logit attribution",
        dataset=xr.Dataset(
            {
                "contribution": (("batch", "term"), values),
                "logit_diff": (("batch",), values.sum(1, dtype=np.float64), {"units": "nats"}),
                "source_token": (("batch", "term"), np.broadcast_to(texts[positions], values.shape)),
            },
            coords={
                "term": names,
                "batch": np.arange(n_batch),
                **{
                    axis: ("term", row)
                    for axis, row in zip(("layer", "head", "pos", "neuron"), numbers, strict=True)
                },
                **{
                    name: ("batch", [answer] * n_batch)
                    for name, answer in zip(("right", "wrong"), answers, strict=True)
                },
            },
        ),
        primary="contribution",
        unit="nats",
        source="",
        provenance=provenance_of(call, model="gpt2", run="model.run('…')", warnings=warnings),
    )


def sent(view, name, of=0):
    """A variable as it travels: what is measured (0), or of the control (1)."""
    packed = view._data["variables"][name]["values"]
    return np.frombuffer(packed["data"], "<f4").reshape(packed["shape"])[of]


def labels(view, name):
    return next(axis["labels"] for axis in view._data["axes"] if axis["name"] == name)


def said(view):
    return sentence(view._drawn, view.selection)


def picked(term, layer=None, head=None, batch=0):
    return {"batch": batch, "term": term, "layer": layer, "head": head}


def image_of(view):
    data, _ = view._repr_mimebundle_()
    png = base64.b64decode(data["image/png"])
    return Image.open(io.BytesIO(png)).convert("RGB"), len(png)


def text_of(part):
    """What of a trait travels as JSON text."""
    if isinstance(part, dict):
        return {key: text_of(value) for key, value in part.items() if key != "data"}
    return [text_of(value) for value in part] if isinstance(part, list | tuple) else part


def of_model(by):
    """The analysis itself, on a small model with biases, MLPs and two prompts."""
    keep = [at.resid_pre, at.attn_out, at.mlp_out, at.resid_post, at.z, at.pattern, at.v, at.mlp_post]
    model = mi.load(small_gpt2(), tokenizer=letters())
    return mi.direct_logit_attribution(model.run(["abcab", "abd"], keep=keep), ("d", "e"), by=by)


@pytest.mark.parametrize("by", ["sublayer", "head", "pos", "neuron"])
def test_everything_adds_up_in_every_kind(by):
    result = of_model(by)
    view = AttributionView(result, control=attribution_like(result))
    difference = result.dataset["logit_diff"].values
    running = sent(view, "running")
    assert labels(view, "stage")[0] == "embed"
    assert labels(view, "stage")[1:3] == ["L0 attn", "L0 MLP"]
    assert np.allclose(running[:, -1], difference, atol=1e-4)
    assert np.allclose(sent(view, "values").sum(1) + sent(view, "unsent"), difference, atol=1e-4)
    outside = sum(
        result.dataset["contribution"].values[:, i]
        for i, name in enumerate(result.dataset["term"].values)
        if name in ("embed", "bias", "interventions")
    )
    assert np.allclose(np.nansum(sent(view, "grid"), (1, 2)) + outside, difference, atol=1e-4)
    for batch, whole in enumerate(difference):
        view.selection = {"batch": batch}
        assert sum(bar.value for bar in bars_of(view._drawn, view.selection)) == pytest.approx(
            whole, abs=1e-4
        )
    heads = ["H0", "H1", "H2", "H3"] if by in ("head", "pos") else ["attn"]
    bias = ["bias"] if any(name.endswith("attn bias") for name in result.dataset["term"].values) else []
    assert labels(view, "part") == [*heads, "MLP", *bias]
    assert view._header["warnings"] == list(result.warnings)
    assert view.png()


def attribution_like(result, factor=0.5):
    """The same terms with other numbers."""
    data = result.to_dataset()
    data["contribution"] = data["contribution"] * factor
    return made(data, result)


def made(dataset, like=None):
    like = attribution() if like is None else like
    return Result(
        kind="direct_logit_attribution",
        title="x",
        dataset=dataset,
        primary=like.primary,
        unit="nats",
        source="",
        provenance=like.provenance,
    )


def test_the_route_set_by_hand_is_the_first_bar():
    model = route()
    run = model.run(PAIR.clean, keep=[at.resid_pre, at.attn_out, at.z, at.resid_post, at.pattern, at.v])
    view = AttributionView(mi.direct_logit_attribution(run, PAIR), selection={"layer": 2, "head": 0})
    assert view.selection == picked("L2.H0", 2, 0)
    assert said(view) == f'L2.H0 adds {LOUDNESS:.1f} of the {LOUDNESS:.1f} nats by which "a" leads "b"'
    first, *others = bars_of(view._drawn, view.selection)
    assert (first.name, first.value) == ("L2.H0", pytest.approx(LOUDNESS, abs=1e-3))
    assert all(abs(bar.value) < 1e-3 for bar in others)
    moved = AttributionView(mi.direct_logit_attribution(run, PAIR, by="pos"))
    assert bars_of(moved._drawn, moved.selection)[0].name == "L2.H0 from 2 c"


def test_bars_are_sorted_signed_and_add_up():
    result = attribution(n_layers=12, n_heads=12)
    view = AttributionView(result)
    bars = bars_of(view._drawn, view.selection)
    values = [bar.value for bar in bars]
    assert [abs(value) for value in values[:20]] == sorted(map(abs, values[:20]), reverse=True)
    assert min(values) < 0 < max(values)
    assert (len(bars), bars[20].name) == (21, "the other 150 terms")
    assert sum(values) == pytest.approx(result.dataset["logit_diff"].item(), abs=1e-5)
    small = result.dataset["term"].values[int(np.abs(result.values[0]).argmin())]
    view.selection = {"term": str(small)}
    bars = bars_of(view._drawn, view.selection)
    assert [bar.name for bar in bars[20:]] == [small, "the other 149 terms"]
    assert sum(bar.value for bar in bars) == pytest.approx(result.dataset["logit_diff"].item(), abs=1e-5)
    all_of_few = bars_of(AttributionView(attribution("sublayer", n_layers=9))._drawn, picked(None))
    assert len(all_of_few) == 20  # embed, bias, 18: none left over


def test_a_term_says_its_head_and_a_head_its_term():
    view = AttributionView(attribution())
    assert view.selection == picked(None)
    view.selection = {"term": "L1.H2"}
    assert view.selection == picked("L1.H2", 1, 2)
    view.selection = {"layer": 0, "head": np.int64(3)}
    assert view.selection == picked("L0.H3", 0, 3)
    view.selection = {"term": "L0.mlp"}
    assert view.selection == picked("L0.mlp")
    view.selection = {"layer": 1}
    assert view.selection == picked(None, 1)
    view.selection = {"term": "L0.H1"}
    view.selection = {"term": None}
    assert view.selection == picked(None)
    view.selection = {"term": "embed", "layer": 0, "head": 1}  # a term knows better
    assert view.selection == picked("embed")
    assert AttributionView(attribution(), selection={"layer": 1, "head": 0}).selection == picked(
        "L1.H0", 1, 0
    )


def test_by_position_a_head_may_be_selected_alone():
    view = AttributionView(attribution("pos"), selection={"term": "L1.H2 from 3"})
    assert view.selection == picked("L1.H2 from 3", 1, 2)
    assert said(view).startswith("L1.H2 from 3 ·t3 ")
    view.selection = {"term": None}
    assert view.selection == picked(None, 1, 2)
    assert said(view).startswith("L1.H2 from all positions ")
    view.selection = {"head": 0}
    assert view.selection == picked(None, 1, 0)
    without = AttributionView(attribution("neuron"))
    assert set(without.selection) == {"batch", "term"}


def test_only_what_there_is_can_be_selected():
    view = AttributionView(attribution(n_batch=2), selection={"term": "L0.H0", "batch": 1})
    for wrong, message in [
        ({"term": "L7.H7"}, r"selection\['term'\] can be only embed, L0\.H0, .* in this view; got 'L7\.H7'"),
        ({"batch": 2}, r"selection\['batch'\] can be 0 to 1 in this view; got 2"),
        ({"head": 4}, r"selection\['head'\] can be 0 to 3 in this view; got 4"),
        ({"pos": 0}, "its keys are batch, term, layer, head"),
    ]:
        with pytest.raises(SelectionError, match=message):
            view.selection = wrong
    assert view.selection == picked("L0.H0", 0, 0, batch=1)
    with pytest.raises(SelectionError, match="no key 'head'; its keys are batch, term"):
        AttributionView(attribution("sublayer"), selection={"head": 1})


def test_a_change_from_the_browser_is_brought_into_agreement():
    view, heard = AttributionView(attribution()), []
    view.observe(lambda change: heard.append(change.new["term"]), "selection")
    view.set_state({"selection": {**picked(None), "layer": 1, "head": 2}})
    assert heard == ["L1.H2"]
    assert "'term': 'L1.H2'" in view._code


def test_linked_views_exchange_the_head():
    view, attention = AttributionView(attribution()), AttentionView(pattern())
    mi.views.link(attention, view)
    attention.selection = {"layer": 0, "head": 2}
    assert view.selection == picked("L0.H2", 0, 2)
    view.selection = {"term": "L1.H3"}
    assert (attention.selection["layer"], attention.selection["head"]) == (1, 3)
    view.selection = {"term": "L0.mlp"}
    assert view.selection == picked("L0.mlp")
    assert (attention.selection["layer"], attention.selection["head"]) == (1, 3)


def test_linked_attributions_and_heat_maps_exchange_what_both_have():
    view, moved, scores = (
        AttributionView(attribution()),
        AttributionView(attribution("pos")),
        HeatmapView(grid()),
    )
    mi.views.link(view, moved, scores)
    moved.selection = {"term": "L1.H2 from 3"}
    assert view.selection == picked("L1.H2", 1, 2)
    assert scores.selection == {"layer": 1, "head": 2}
    assert moved.selection == picked("L1.H2 from 3", 1, 2)
    view.selection = {"term": "L0.mlp"}
    assert moved.selection == view.selection == picked("L0.mlp")
    scores.selection = {"layer": 0, "head": 1}
    assert moved.selection == picked(None, 0, 1)
    assert view.selection == picked("L0.H1", 0, 1)


def test_the_sentence_says_who_leads_and_by_whom():
    values = np.zeros((1, 14), np.float32)
    view = AttributionView(attribution(values=values))
    assert said(view) == '"·Mary" leads "·John" by 0.00 nats · largest: embed 0.00'
    view = AttributionView(
        attribution(seed=1), control={"shuffled": attribution_like(attribution(seed=1), 0.01)}
    )
    lead = view.result.dataset["logit_diff"].item()
    assert said(view) == f'"·Mary" leads "·John" by {lead:.2f} nats · largest: L1.H2 2.10 (shuffled: 0.02)'
    trailing = AttributionView(attribution(seed=1, sign=-1), selection={"term": "L1.H2"})
    joined = "of" if lead >= 2.1 else "to"
    assert said(trailing) == f'L1.H2 adds 2.10 {joined} the {lead:.2f} nats by which "·Mary" trails "·John"'
    values = np.array([[1.0, -0.5, *[0.0] * 12]], np.float32)
    against = AttributionView(attribution(values=values), selection={"term": "L0.H0"})
    assert said(against) == 'L0.H0 takes 0.50 off the 0.50 nats by which "·Mary" leads "·John"'
    against.selection = {"term": "embed"}
    assert said(against).startswith("embed adds 1.00 to the 0.50 nats")
    against.selection = {"term": None, "layer": 0}
    assert said(against).startswith("Layer 0 takes 0.50 off")


def test_one_prompt_may_have_been_chosen():
    result = attribution(n_batch=3)
    view = AttributionView(result.sel(batch=2), control=attribution(n_batch=3, seed=5).sel(batch=0))
    assert view.selection == picked(None, batch=2)
    np.testing.assert_array_equal(sent(view, "values"), result.values[2:])
    assert sent(view, "values", of=1).shape == (1, 14)
    several = AttributionView(result.sel(batch=[0, 2]))
    several.selection = {"batch": 2, "term": "L1.H2"}
    assert several.selection == picked("L1.H2", 1, 2, batch=2)
    assert "prompt 2 of 2" in repr(several)


def test_forty_thousand_terms_are_small_on_the_wire_and_summed_up_exactly():
    result = attribution("neuron", n_layers=12, n_neurons=3400, n_batch=5)
    assert result.values.shape == (5, 40_826)
    view = AttributionView(result)
    state = {name: getattr(view, name) for name in ("_data", "_choices", "_header", "selection", "_code")}
    assert len(json.dumps(text_of(state))) < 60_000
    assert sum(len(variable["values"]["data"]) for variable in view._data["variables"].values()) < 100_000
    names = labels(view, "term")
    assert 200 <= len(names) <= 5 * (200 + 24)
    values = result.values.astype(np.float64)
    places = np.flatnonzero(np.isin(result.dataset["term"].values, names))
    assert np.allclose(sent(view, "unsent"), values.sum(1) - values[:, places].sum(1), atol=1e-4)
    assert np.allclose(sent(view, "running")[:, -1], values.sum(1), atol=1e-4)
    largest = np.argsort(-np.abs(result.values[3]))[:200]
    assert set(result.dataset["term"].values[largest]) <= set(names)
    view.selection = {"batch": 3}
    bars = bars_of(view._drawn, view.selection)
    assert bars[-1].name == "the other 40,806 terms"
    assert sum(bar.value for bar in bars) == pytest.approx(values[3].sum(), abs=1e-4)


def test_the_largest_of_every_cell_can_be_selected():
    view = AttributionView(attribution("neuron", n_layers=40, n_neurons=50, largest="L39.N7"))
    layers = {name.partition(".")[0] for name in labels(view, "term") if ".N" in name}
    assert layers == {f"L{layer}" for layer in range(40)}
    many = AttributionView(attribution(n_layers=40, n_heads=40))
    assert set(many.result.dataset["term"].values) - set(labels(many, "term")) <= {"embed", "bias"}


def test_a_control_has_the_same_terms_but_for_biases():
    ours = attribution(seed=1)
    theirs = ours.to_dataset()
    kept = [name for name in theirs["term"].values if name != "L0.attn bias"]
    view = AttributionView(ours, control={"shuffled": made(theirs.sel(term=kept[::-1]))})
    control = sent(view, "values", of=1)
    wanted = ours.values.copy()
    wanted[:, list(theirs["term"].values).index("L0.attn bias")] = 0
    np.testing.assert_allclose(control, wanted)
    assert view._data["derived"]["control_name"] == "shuffled"
    several = AttributionView(attribution(n_batch=3), control=ours)  # one prompt is a control of all
    assert sent(several, "values", of=1).shape == (3, 14)
    plain = AttributionView(ours, control=np.full(14, 0.25))
    assert (plain._data["derived"]["control_name"], sent(plain, "values", of=1)[0, 3]) == (
        "untrained",
        0.25,
    )


@pytest.mark.parametrize(
    ("control", "message"),
    [
        (
            attribution(n_heads=5),
            r"control has a term 'L0\.H4', which the Result has not: measure the same on both",
        ),
        (attribution(n_heads=3), r"control has no term 'L0\.H3': measure the same on both"),
        (attribution("pos"), r"control has no term 'L0\.H0'"),
        (np.zeros((2, 7)), r"control has shape \(2, 7\), but what it is compared with has \(1, 14\)"),
        ({"a": attribution(), "b": attribution()}, "one control.*got 2: a, b"),
        (grid(), "control= draws a direct logit attribution; this Result has no 'contribution'"),
    ],
)
def test_a_control_of_something_else_is_refused(control, message):
    with pytest.raises((ResultError, WrongKind), match=message):
        AttributionView(attribution(), control=control)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, r"result must be a Result, as in mi\.direct_logit_attribution\(run, answers\); got None"),
        (np.zeros((1, 3)), "result must be a Result, .* got a ndarray"),
        (grid(), r"draws a direct logit attribution; this Result has no 'contribution'"),
        (
            attribution().sel(term="embed"),
            r"needs the axis term; the axes of this Result are batch\. .*leave \.sel",
        ),
        (attribution().sel(term=[]), r"has nothing to draw \(.*choose labels that exist with \.sel"),
        (made(attribution().to_dataset().expand_dims(step=2)), r"Choose with \.sel\(step=…\)"),
        (
            made(attribution().to_dataset().assign_coords(term=["a"] * 14)),
            "have a name each; 'a' is there twice",
        ),
        (made(attribution().to_dataset().drop_vars("right")), "this Result has no 'right'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(wrong, message):
    with pytest.raises((ResultError, WrongKind), match=message):
        AttributionView(wrong)


def test_it_warns_where_terms_were_left_out():
    result = attribution(warnings=("a",))
    view = AttributionView(
        result.sel(term=["embed", "L1.H2"]),
        control=attribution(warnings=("a", "b")).sel(term=["embed", "L1.H2"]),
    )
    *given, found = view._header["warnings"]
    assert given == ["a", "b"]
    assert re.fullmatch(
        r"The terms of prompt 0 add up to 2\.\d+, not to the logit difference \d\.\d+: some were left out .*",
        found,
    )


def test_heads_are_switched_off_where_terms_are_heads():
    view = AttributionView(attribution())
    view.set_state({"_ablated": [[1, 2]]})
    assert view.intervention == mi.stack(mi.ablate(at.z[1, 2]))
    again = AttributionView(attribution("pos"), intervention=view.intervention)
    assert again._ablated == [[1, 2]]
    assert again.png() != AttributionView(attribution("pos")).png()
    with pytest.raises(ResultError, match=r"no term of this attribution is a head's.*by=\"head\""):
        AttributionView(attribution("neuron"), intervention=view.intervention)


def test_code_makes_the_same_view():
    # Registered or not: the code names the view as `mi.views.AttributionView`.
    names = SimpleNamespace(views=mi.views, ablate=mi.ablate, stack=mi.stack)
    result, control = attribution(n_batch=2), attribution(n_batch=2, seed=3, call="untrained()")
    view = AttributionView(
        result,
        selection={"batch": 1, "term": "L0.H3"},
        control={"shuffled": control},
        intervention=mi.ablate(at.z[1, 3]),
    )
    assert view._code == view.code()
    code = view.code()
    assert f"result = {CALL}".replace('"', "'") in code
    assert code.count("mi.load") == 1
    assert "control = untrained()" in code
    call = code[code.index("view = ") :]
    again = {"result": result, "control": control, "mi": names, "at": at}
    exec(call, again)
    assert repr(again["view"]) == repr(view)
    assert (again["view"].selection, again["view"].intervention) == (view.selection, view.intervention)
    np.testing.assert_array_equal(sent(again["view"], "values"), sent(view, "values"))
    again["view"].show(attribution("neuron"))
    assert "intervention" not in again["view"].code()


def test_header_and_repr_say_what_is_seen():
    view = AttributionView(attribution(warnings=("small",)), selection={"term": "L1.H2"})
    assert view._header == {
        "model": "gpt2",
        "title": "Direct logit attribution",
        "unit": "nats",
        "warnings": ["small"],
    }
    data, _ = view._repr_mimebundle_()
    assert data["text/plain"] == repr(view) == f"AttributionView(gpt2, 14 terms; {said(view)})"
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}


@pytest.mark.parametrize(
    "result",
    [
        attribution(),
        attribution(n_layers=12, n_heads=12),
        attribution(n_layers=32, n_heads=32),
        attribution(n_layers=80, n_heads=64),
        attribution("sublayer", n_layers=1),
        attribution("pos", n_pos=12),
        attribution("neuron", n_batch=2),
        attribution("pos", answers=(EVIL, "\n"), tokens=["<bos>", EVIL, " 東京\n", "\r", "x" * 300]),
        attribution().sel(term=["embed", "bias"]),
        attribution().sel(batch=0, term=["L1.H2"]),
    ],
    ids=lambda result: " x ".join(map(str, result.values.shape)),
)
def test_the_picture_is_a_small_png(result):
    image, size = image_of(AttributionView(result))
    assert size < 80_000
    assert image.width == 900
    assert 150 < image.height < 800
    assert image.getpixel((2, 2)) == (255, 255, 255)


def test_the_picture_survives_numbers_that_are_none():
    values = np.full((1, 14), np.nan, np.float32)
    view = AttributionView(attribution(values=values))
    assert view.png()
    assert "none" in repr(view)


def test_bars_of_the_picture_have_the_colours_of_their_signs():
    def warm_and_cold(sign):
        values = np.full((1, 14), 0.5 * sign, np.float32)
        image, _ = image_of(AttributionView(attribution(values=values)))
        left = np.asarray(image).astype(int)[40:300, :420]
        return [(np.abs(left - colour).max(-1) < 20).sum() for colour in ([208, 112, 51], [63, 136, 194])]

    warm, cold = warm_and_cold(1)
    assert warm > 5000 > 100 > cold
    warm, cold = warm_and_cold(-1)
    assert cold > 5000 > 100 > warm


def test_show_draws_another_result_and_keeps_what_it_can():
    view = AttributionView(attribution(n_batch=2), selection={"batch": 1, "term": "L1.H2"})
    view.show(attribution(n_batch=2, seed=4), control=attribution(seed=5))
    assert view.selection == picked("L1.H2", 1, 2, batch=1)
    view.show(attribution("pos"))
    assert view.selection == picked(None, 1, 2)
    view.show(attribution("neuron"))
    assert view.selection == {"batch": 0, "term": None}
    assert list(view._choices) == ["batch", "term"]
    view.selection = {"term": "embed"}
    view.show(attribution())
    assert view.selection == picked("embed")
    with pytest.raises(ResultError):
        view.show(grid())
    assert view.selection == picked("embed")
