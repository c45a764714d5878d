"""Results carry labels, unit, source and code, cannot be changed, and come back from a file."""

import numpy as np
import pytest
import xarray as xr
from safetensors.numpy import save_file

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.frozen import frozen
from mi_widgets.core.provenance import Provenance
from tests.conftest import small_transformer
from tests.provenance import provenance_of


def a_result(**changes):
    dataset = xr.Dataset(
        {
            "score": (("layer", "head"), np.arange(6.0).reshape(2, 3)),
            "rank": (("layer",), np.array([1, 2], "int32")),
        },
        coords={"layer": [0, 1], "head": [0, 1, 2], "name": ("layer", ["a", "</script>"])},
    )
    made = provenance_of(
        "mi.head_scores(model, 'induction')",
        interventions=mi.stack(mi.ablate(at.z[0, 1])),
        warnings=("beware",),
        seed=3,
    )
    fields = {"kind": "test_kind", "title": "Score", "primary": "score", "unit": "nats", "source": "a paper"}
    return mi.Result(provenance=made, **({"dataset": dataset} | fields | changes))


def test_numbers_are_read_only_copies_of_standard_types():
    source = np.zeros((1, 1))
    result = mi.Result(
        kind="k",
        title="t",
        dataset=xr.Dataset({"x": (("a", "b"), source)}),
        primary="x",
        unit="u",
        source="s",
        provenance=Provenance("m"),
    )
    source[0, 0] = 1
    assert result.values[0, 0] == 0
    assert result.values.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        result.values[0, 0] = 1
    mine = result.to_xarray()
    mine[0, 0] = 5
    assert result.values[0, 0] == 0
    assert a_result().dataset["rank"].dtype == np.int64


def test_nothing_of_a_dataset_is_shared_with_who_gave_it():
    labels, names, attrs = np.array([3, 4]), np.array(["a", "b"]), {"units": "nats", "more": [1]}
    dataset = xr.Dataset(
        {"x": ("layer", np.zeros(2, "float32"), attrs), "n": ("layer", np.array([1, 2], "uint8"))},
        coords={"layer": labels, "name": ("layer", names)},
        attrs={"all": [1]},
    )
    kept = frozen(dataset)
    dataset["x"].values[0], labels[0], names[0] = 5, 9, "z"
    dataset["x"].attrs["more"].append(2)
    dataset.attrs["all"].append(2)
    assert list(kept.variables) == ["layer", "name", "x", "n"]
    assert (kept["x"].values.tolist(), kept["layer"].values.tolist()) == ([0, 0], [3, 4])
    assert (kept["name"].values.tolist(), kept["n"].dtype) == (["a", "b"], np.int64)
    assert (kept["x"].attrs["more"], kept.attrs["all"]) == ([1], [1])
    assert not any(kept[name].values.flags.writeable for name in ("x", "n", "name"))
    assert kept.indexes["layer"].equals(dataset.indexes["layer"].__class__([3, 4]))
    with pytest.raises(mi.errors.ResultError, match=r"when holds datetime64.*: a Result holds numbers"):
        frozen(xr.Dataset({"when": ("layer", np.array(["2020-01-01"], "datetime64[ns]"))}))


def test_sel_narrows_numbers_and_code():
    part = a_result().sel(layer=1)
    assert part.values.tolist() == [3, 4, 5]
    assert part.code().endswith("result = mi.head_scores(model, 'induction').sel(layer=1)")
    with pytest.raises(mi.errors.ResultError, match=r"sel\(layer=7\) found nothing; Score has layer 0 to 1"):
        a_result().sel(layer=7)


@pytest.mark.parametrize(
    "labels",
    [
        (head for head in (2, 0)),
        map(int, "20"),
        np.array([2, 0]),
        xr.DataArray([2, 0], dims="head"),
        {2: "", 0: ""}.keys(),
    ],
    ids=["generator", "map", "array", "DataArray", "keys"],
)
def test_labels_of_any_make_are_those_that_the_code_says(labels):
    part = a_result().sel(head=labels)
    assert part.code().endswith("result = mi.head_scores(model, 'induction').sel(head=[2, 0])")
    np.testing.assert_array_equal(part.values, [[2, 0], [5, 3]])


def test_one_label_of_xarrays_is_a_label():
    part = a_result().sel(layer=xr.DataArray(1))
    assert part.dims == ("head",)
    assert part.code().endswith(".sel(layer=1)")
    assert a_result().sel(head=np.array([True, False, True])).values.shape == (2, 2)


def test_a_result_of_a_users_function_says_that_it_is_to_be_brought():
    model, inner = mi.load(small_transformer()), []

    def metric(logits):
        inner.append(mi.repeat_accuracy(model, length=4, n=1))
        return logits[:, 0]

    model.sweep([[1, 2, 3]], mi.ablate, at.mlp_out, metric=metric)
    said = "result = ...  # bring your Result 'Repeat accuracy' of Transformer (passage 2) in share of tokens"
    assert inner[-1].code().splitlines()[-1] == said


def test_points_are_no_labels():
    says = (
        r"sel takes labels of layer; these are points along point\..*result\.to_dataset\(\)\.sel\(layer=…\)"
    )
    points = xr.DataArray([0, 1], dims="point")
    with pytest.raises(mi.errors.ResultError, match=says):
        a_result().sel(layer=points, head=points)
    with pytest.raises(
        mi.errors.ResultError, match=r"sel\(head=\[0, 9\]\) found nothing; Score has layer 0 to 1, head"
    ):
        a_result().sel(head=(0, 9))


def test_a_tuple_of_labels_is_several():
    several = a_result().sel(layer=(0, 1))
    assert several.dataset.identical(a_result().sel(layer=[0, 1]).dataset)
    assert several.code().endswith(".sel(layer=[0, 1])")


def test_another_variable_may_be_the_primary_one():
    dataset = a_result().to_dataset()
    dataset["rank"].attrs["units"] = "place"
    ranked = a_result(dataset=dataset)["rank"]
    assert (ranked.primary, ranked.unit, ranked.title, ranked.dims) == (
        "rank",
        "place",
        "Score: rank",
        ("layer",),
    )
    assert ranked.values.tolist() == [1, 2]
    assert ranked.code().endswith("mi.head_scores(model, 'induction')['rank']")
    assert ranked.sel(layer=1).values.tolist() == 2
    assert ranked["score"].unit == "nats"
    assert a_result()["rank"].unit == ""  # it says nothing of its own
    assert "in " not in repr(a_result()["rank"]).partition(")")[2]
    with pytest.raises(mi.errors.ResultError, match="Score has no variable 'loss'; it has score, rank"):
        a_result()["loss"]


def test_other_numbers_say_their_unit():
    dataset = a_result().to_dataset()
    dataset["loss"] = ("layer", [0.5, 0.25])
    with pytest.raises(mi.errors.ResultError, match=r"unit of the variable 'loss' is missing\. Write it as"):
        a_result(dataset=dataset)
    dataset["loss"].attrs["units"] = ""
    assert a_result(dataset=dataset)["loss"].unit == ""


def test_argmax_gives_labels_that_sel_takes():
    result = a_result()
    assert result.argmax() == {"layer": 1, "head": 2}
    assert result.sel(**result.argmax()).values == result.values.max()
    with pytest.raises(mi.errors.ResultError, match="Score has no numbers"):
        a_result().sel(layer=[]).argmax()


def test_code_is_complete_python():
    code = a_result().code()
    assert "with model.intervene(mi.stack(mi.ablate(at.z[0, 1], to='zero'))):\n    result = " in code
    compile(code, "code", "exec")


def test_a_result_comes_back_from_a_file(tmp_path):
    result = a_result()
    result.save(tmp_path / "r.safetensors")
    again = mi.load_result(tmp_path / "r.safetensors")
    assert again.dataset.identical(result.dataset)
    for name in ("kind", "title", "primary", "unit", "source", "warnings", "model_name"):
        assert getattr(again, name) == getattr(result, name)
    assert again.code() == result.code()
    assert again.provenance.seed == 3


def test_units_of_all_variables_come_back_from_a_file(tmp_path):
    dataset = a_result().to_dataset()
    dataset["rank"].attrs["units"] = "place"
    dataset["score"].attrs["progress"] = "3 / 6 cells"
    a_result(dataset=dataset).save(tmp_path / "x")
    back = mi.load_result(tmp_path / "x")
    assert (back["rank"].unit, back["score"].unit) == ("place", "nats")
    assert back.dataset["score"].attrs == {"progress": "3 / 6 cells", "units": "nats"}


def test_texts_of_no_rows_come_back_from_a_file(tmp_path):
    none = a_result().sel(layer=[])
    none.save(tmp_path / "x")
    assert mi.load_result(tmp_path / "x").dataset.sizes == none.dataset.sizes


def test_what_was_brought_twice_is_brought_once_after_a_file_too(tmp_path):
    model = mi.load(small_transformer())
    with model.intervene(mi.interventions.apply(at.resid_post[0], lambda x: 2 * x)):
        run = model.run([1, 2, 3], keep=[at.pattern])
    made = mi.attention(run)
    made.save(tmp_path / "x")
    code = mi.load_result(tmp_path / "x").code()
    assert code.count("# bring yours") == 1
    assert code.count("with model.intervene(done):") == 1


def test_a_file_holds_all_of_it(tmp_path, monkeypatch):
    """Also the numbers of a large intervention, which code() alone would write beside the script."""
    monkeypatch.chdir(tmp_path)
    big = mi.stack(mi.steer(at.resid_post[0], np.ones(30_000, np.float32)))
    result = mi.Result(
        kind="k",
        title="t",
        dataset=xr.Dataset({"x": 1.0}),
        primary="x",
        unit="u",
        source="s",
        provenance=Provenance("m", interventions=big),
    )
    result.save("r.safetensors")
    assert [p.name for p in tmp_path.iterdir()] == ["r.safetensors"]
    again = mi.load_result("r.safetensors")
    assert eval(again.provenance.interventions, {"mi": mi, "at": at}) == big
    assert len(again.plot().get_suptitle()) < 200
    with pytest.raises(mi.errors.ResultError, match="cannot be written"):
        result.save(tmp_path / "nowhere" / "r")


def test_sel_with_a_numpy_number_is_still_code():
    assert a_result().sel(layer=np.int64(1)).code().endswith(".sel(layer=1)")


def test_many_labels_and_numpy_texts_are_still_code():
    labels = np.arange(100) / 2
    dataset = xr.Dataset({"x": ("place", labels)}, {"place": labels})
    result = a_result(dataset=dataset, primary="x")
    for chosen in (labels[:70], dataset["place"][:70]):
        code = result.sel(place=chosen)[np.str_("x")].code()
        assert f".sel(place={labels[:70].tolist()})['x']" in code


def test_files_that_are_no_results(tmp_path):
    with pytest.raises(mi.errors.ResultError, match="cannot be read"):
        mi.load_result(tmp_path / "missing")
    (tmp_path / "text").write_text("not a result")
    with pytest.raises(mi.errors.ResultError, match="cannot be read"):
        mi.load_result(tmp_path / "text")
    save_file({"x": np.zeros(1)}, tmp_path / "weights")
    with pytest.raises(mi.errors.ResultError, match="not a Result"):
        mi.load_result(tmp_path / "weights")


def test_a_header_that_is_damaged_is_told(tmp_path):
    save_file({"x": np.ones(2)}, tmp_path / "x", metadata={"mi_widgets": "{"})
    with pytest.raises(
        mi.errors.ResultError, match=r"cannot be read: Expecting .* Give the path that result"
    ):
        mi.load_result(tmp_path / "x")


def test_a_kind_without_a_view_says_what_to_do_and_still_shows_itself():
    with pytest.raises(mi.errors.ResultError, match=r"no view for 'test_kind' yet .* use .plot\(\)"):
        a_result().view()
    bundle = a_result()._repr_mimebundle_()
    assert bundle["text/plain"].startswith("Score of toy (layer 2, head 3) in nats\n  under mi.stack(")
    assert bundle["image/png"].startswith(b"\x89PNG")


def test_a_part_that_its_view_cannot_draw_is_shown_as_a_figure_and_texts_as_text():
    run = mi.load(small_transformer()).run([1, 2, 3])
    part = mi.loss_per_token(run).sel(pos=1)
    with pytest.raises(mi.errors.ResultError):
        part.view()
    assert set(part._repr_mimebundle_()) == {"text/plain", "image/png"}
    assert set(run.next_tokens()["token"]._repr_mimebundle_()) == {"text/plain"}


@pytest.mark.parametrize("place", [{"layer": 9}, {"row": 0}])
def test_what_is_not_there_cannot_be_selected(place):
    with pytest.raises(
        mi.errors.ResultError, match=r"sel\(.* found nothing; Score has layer 0 to 1, head 0 to 2"
    ):
        a_result().sel(**place)


def test_an_axis_is_no_variable():
    with pytest.raises(
        mi.errors.ResultError,
        match=r"labels 'layer', which .* result\.dataset\['layer'\], and .*result\.sel\(layer=…\)",
    ):
        a_result()["layer"]


def test_a_wrong_primary_is_refused():
    with pytest.raises(mi.errors.ResultError, match="no variable 'nope'; its variables are score, rank"):
        a_result(primary="nope")
