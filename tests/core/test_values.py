"""Sites, Arrays, interventions and pairs are values: equal, hashable, and written as code."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.sites import AXES, WHOLE_MODEL, Site, part_axis
from mi_widgets.core.spans import PromptSpans, read, write
from mi_widgets.core.texts import plain_texts
from mi_widgets.core.whole_numbers import number_from

NAMES = {"mi": mi, "at": at}
arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.bool_]),
    hnp.array_shapes(min_dims=0, max_dims=3, max_side=4),
)
positions = (
    st.none() | st.just("new") | st.integers(-9, 9) | st.lists(st.integers(-9, 9), min_size=1, max_size=3)
)


@st.composite
def a_site(draw):
    name = draw(st.sampled_from(sorted(AXES)))
    site = getattr(at, name)
    if name not in WHOLE_MODEL:
        site = (
            site[(draw(st.integers(0, 9)), draw(st.integers(0, 9)))]
            if part_axis(site)
            else site[draw(st.integers(0, 9))]
        )
    where = draw(positions)
    return site if where is None else site.pos(where)


@given(a_site())
def test_a_site_is_its_code(site):
    assert eval(site.code(), NAMES) == site
    assert eval(repr(site), NAMES) == site
    assert hash(eval(repr(site), NAMES)) == hash(site)


@given(arrays)
def test_an_array_is_its_code(values):
    array = mi.interventions.Array(values)
    again = eval(array.code(), NAMES)
    assert again == array
    assert hash(again) == hash(array)
    assert np.array_equal(again.tensor.numpy(), values, equal_nan=values.dtype.kind == "f")
    assert "Array(" in repr(array)
    assert len(repr(array)) < 60


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.uint8])
def test_arrays_of_every_number_type(dtype):
    array = mi.interventions.Array(torch.arange(6).reshape(2, 3).to(dtype))
    assert eval(array.code(), NAMES) == array
    assert array.dtype == str(dtype).removeprefix("torch.")


def test_an_array_keeps_its_own_copy():
    source = torch.zeros(3)
    array = mi.interventions.Array(source)
    source[0] = 1
    array.tensor[1] = 1
    assert array == mi.interventions.Array(torch.zeros(3))
    assert array != mi.interventions.Array(torch.zeros(3, 1))
    assert mi.interventions.Array(torch.tensor(2.0).expand(1)) == mi.interventions.Array([2.0])
    assert array != mi.interventions.Array(torch.zeros(3, dtype=torch.int64))


def test_a_large_array_is_written_beside_the_script(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    array = mi.interventions.Array(torch.randn(20_000))
    code = array.code()
    assert len(code) < 200
    assert eval(code, NAMES) == array
    file = next(tmp_path.glob("array-*.safetensors"))
    mi.interventions.Array(torch.randn(20_000, generator=torch.Generator().manual_seed(1))).code()
    other = next(f for f in tmp_path.glob("array-*.safetensors") if f != file)
    file.write_bytes(other.read_bytes())
    with pytest.raises(mi.errors.DamagedWeights, match="other numbers"):
        eval(code, NAMES)


@given(a_site(), arrays, st.floats(-5, 5))
def test_interventions_are_their_code(site, values, number):
    for value in (
        mi.ablate(site),
        mi.ablate(site, to="mean", data=values),
        mi.scale(site, number),
        mi.patch(site, values),
        *([mi.steer(site, values, scale=number)] if np.isfinite(values).all() else []),
    ):
        assert eval(value.code(), NAMES) == value
        assert hash(eval(value.code(), NAMES)) == hash(value)
        both = mi.stack(value, mi.ablate(site))
        assert eval(both.code(), NAMES) == both
    assert eval(repr(mi.ablate(site)), NAMES) == mi.ablate(site)
    assert eval(repr(mi.scale(site, number)), NAMES) == mi.scale(site, number)


def test_stacks_flatten():
    a, b = mi.ablate(at.z[0, 1]), mi.scale(at.mlp_out[0], 2)
    assert tuple(mi.stack(a, mi.stack(b, a))) == (a, b, a)
    assert not mi.stack()


def test_a_pair_is_its_code():
    pair = mi.PromptPair("Mary gave it to", "John gave it to", (" John", " Mary"))
    assert eval(pair.code(), NAMES) == pair


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: at.embed[0], "has no layers"),
        (lambda: at.resid_pre[0, 1], "has no heads"),
        (lambda: at.z[1, -1], "head must be a whole number from 0, got -1"),
        (lambda: at.z["1"], "layer must be a whole number, or a slice; got '1'"),
        (lambda: at.z[::-1], r"steps from 1; got slice\(None, None, -1\)"),
        (lambda: at.z[0.5:], r"with whole numbers, and steps from 1; got slice\(0\.5"),
        (lambda: at.z[1][2], "has its layer already"),
        (lambda: at.z[0].pos(1.5), "got 1.5"),
        (lambda: at.z[0].pos([]), r"got \[\]"),
    ],
)
def test_site_errors_say_what_to_write(make, says):
    with pytest.raises(mi.errors.SiteError, match=says):
        make()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: mi.ablate(at.z), r"names no layer: write at.z\[0\]"),
        (lambda: mi.ablate(at.z[0], to="median"), '"zero", "mean"'),
        (lambda: mi.ablate(at.z[0], to="mean"), "needs data="),
        (lambda: mi.ablate(at.z[0], data=[1.0]), "needs none"),
        (lambda: mi.stack("x"), "made by mi.ablate"),
        (lambda: mi.interventions.Array("text"), "made of numbers"),
    ],
)
def test_intervention_errors_say_what_is_allowed(make, says):
    with pytest.raises(mi.errors.InterventionError, match=says):
        make()


def test_what_is_no_site_is_told():
    with pytest.raises(mi.errors.SiteError, match=r"^'zz' names no site\. Names are embed, "):
        mi.ablate("zz")
    with pytest.raises(mi.errors.WrongKind, match=r"^mi.ablate: site must be a Site, .* got an int. Write "):
        mi.ablate(3)


def test_the_name_of_a_site_stands_for_it():
    assert mi.ablate("blocks.1.attn.hook_z") == mi.ablate(at.z[1])
    with pytest.raises(mi.errors.InterventionError, match=r"^at\.z names no layer: write at\.z\[0\]"):
        mi.ablate("z")


class _Written(str):
    """A text of a class of its own."""

    def __repr__(self):
        return "not to be written"


def test_texts_of_other_makes_become_pythons():
    for make in (np.str_, _Written):
        assert mi.scale(at.z[0].every(make("a")), 0).code() == "mi.scale(at.z[0].every('a'), 0.0)"
        assert at.z[0].pos(make("a")).code() == "at.z[0].pos('a')"
        assert at.z[0].pos([make("a"), np.int64(1)]).code() == "at.z[0].pos(['a', 1])"
        annotation = mi.sae.Annotation(np.int64(0), torch.tensor(3), make("kind"), make("b"))
        assert annotation.code() == "mi.sae.Annotation(text=0, end=3, kind='kind', value='b')"
        assert mi.PromptPair(make("a"), make("b"), (make("x"), make("y"))).code() == (
            "mi.PromptPair('a', 'b', ('x', 'y'))"
        )


@pytest.mark.parametrize("place", [{"text": 0.5}, {"text": -1}, {"end": 0}, {"kind": 3}, {"value": None}])
def test_an_annotation_is_checked(place):
    with pytest.raises(mi.MIError, match=rf"^mi.sae.Annotation: {next(iter(place))} must be a "):
        mi.sae.Annotation(**{"text": 0, "end": 1, "kind": "a", "value": "b"} | place)


def test_answers_may_be_token_ids():
    for ids in ((5, 4), [5, 4], np.array([5, 4]), torch.tensor([5, 4])):
        assert mi.PromptPair("a", "b", ids).code() == "mi.PromptPair('a', 'b', (5, 4))"
    assert mi.PromptPair("a", "b", np.array(["x", "y"])).answers == ("x", "y")


@pytest.mark.parametrize("answers", [(5, 5), {"x", "y"}, (0.5, 4), (True, 2), ("x", "y", "z"), "xy", None])
def test_what_are_no_two_answers_is_refused(answers):
    with pytest.raises(
        mi.errors.PromptError, match=r"^mi\.PromptPair: answers must be two different texts, as in "
    ):
        mi.PromptPair("a", "b", answers)


def test_several_interventions_in_a_list_are_told_how_they_go_in():
    with pytest.raises(
        mi.errors.InterventionError, match=r"Several go in one by one: mi\.stack\(\*interventions\)"
    ):
        mi.stack([mi.ablate(at.z[0]), mi.ablate(at.z[1])])


def test_pair_errors():
    with pytest.raises(mi.errors.PromptError, match="corrupted must be a text"):
        mi.PromptPair("a", "", ("x", "y"))
    with pytest.raises(mi.errors.PromptError, match="two different texts"):
        mi.PromptPair("a", "b", ("x", "x"))


def _tensor_for(site: Site):
    sizes = {
        "batch": 2,
        "pos": 5,
        "query": 5,
        "key": 5,
        "head": 3,
        "d_head": 4,
        "expert": 4,
        "d_model": 6,
        "d_mlp": 7,
        "d_vocab": 8,
    }
    return torch.randn([sizes[a] for a in site.axes], generator=torch.Generator().manual_seed(0))


@given(
    st.sampled_from(sorted(AXES)),
    st.none() | st.integers(0, 2),
    st.none()
    | st.just("new")
    | st.integers(-3, 2)
    | st.lists(st.integers(-3, 2), min_size=1, max_size=3, unique=True),
)
def test_write_then_read_gives_back_what_was_written_and_touches_nothing_else(name, one, where):
    site = Site(name, None if name in WHOLE_MODEL else 0)
    site = replace(site, **{part_axis(site): one}) if part_axis(site) else site
    if where is not None:
        site = site.pos(where)
        if isinstance(where, list):  # 0 and -3 are one position in a prompt of three
            site = site.pos(sorted({w % 3 for w in where}))
    spans = PromptSpans((3, 3), 3)  # prompts of three tokens, two generated since
    x = _tensor_for(site)
    part = read(x, site, spans)
    new = torch.full_like(part, 100.0)
    y = write(x, site, spans, new)
    assert torch.equal(read(y, site, spans), new)
    assert torch.equal(write(y, site, spans, part), x)
    assert (y != x).sum() == part.numel()
    if where == "new":
        assert (
            part.shape[
                site.axes.index("pos" if "pos" in site.axes else "query")
                - (one is not None and "query" in site.axes)
            ]
            == 2
        )


def test_a_whole_site_is_read_as_it_lies():
    for name in AXES:
        site = Site(name, None if name in WHOLE_MODEL else 0)
        x = _tensor_for(site)
        assert torch.equal(read(x, site, PromptSpans((5, 5), 5)), x)


def test_negative_positions_count_from_the_end_of_each_prompt():
    x = torch.arange(8.0).reshape(2, 4, 1)
    last = read(x, at.resid_pre[0].pos(-1), PromptSpans((2, 4), 4))
    assert last.flatten().tolist() == [1.0, 7.0]
    with pytest.raises(mi.errors.SiteError, match="position 3 is outside of prompt 0, which has 2 tokens"):
        read(x, at.resid_pre[0].pos(3), PromptSpans((2, 4), 4))


@pytest.mark.parametrize("dtype", ["U2", "O"])
def test_texts_with_labels_are_texts(dtype):
    texts = xr.DataArray(np.array(["ab", "c"], dtype), dims="prompt")
    assert plain_texts(texts) == ["ab", "c"]
    assert plain_texts(texts[0]) == "ab"
    assert plain_texts(np.str_("ab")) == "ab"


@pytest.mark.parametrize(
    "given", [10**400, -(10**400), "1", b"1", True, torch.ones(2), np.ones(2), None, math.nan]
)
def test_what_is_no_number_in_a_range_is_told(given):
    with pytest.raises(mi.errors.MIError, match="f: x must be a finite number from 0; got "):
        number_from(given, "f: x", 0)


@pytest.mark.parametrize("given", [2, 2.0, np.float32(2), np.array(2), torch.tensor(2), torch.tensor([2.0])])
def test_numbers_of_any_make_are_floats(given):
    found = number_from(given, "f: x", 0)
    assert (found, type(found)) == (2.0, float)
