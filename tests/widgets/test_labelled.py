"""The labelled data on the wire: what `pack_dataset` sends of a Dataset."""

import numpy as np
import pytest
import xarray as xr

from mi_widgets.widgets._shared.labelled import pack_dataset
from mi_widgets.widgets._shared.labels import with_labels
from mi_widgets.widgets._shared.scale import ColourScale


@pytest.fixture
def dataset():
    rank = np.array([[[0, 1, -1], [3, 4, 5]], [[6, 7, 8], [9, 10, 70_000]]])
    probability = np.linspace(0, 1, 12, dtype=np.float32).reshape(2, 2, 3)
    probability[1, 1, 2] = np.nan
    token = np.array([[" a", "b", " a"], ["", "b", "\0"]], object)
    return xr.Dataset(
        {
            "probability": (("batch", "layer", "pos"), probability, {"units": "probability"}),
            "rank": (("batch", "layer", "pos"), rank),
            "token": (("batch", "pos"), token),
        },
        coords={"layer": [2, 5], "pos_token": (("batch", "pos"), token)},
    )


def numbers(packed):
    return np.frombuffer(packed["data"], packed["dtype"]).reshape(packed["shape"])


def test_axes_have_their_labels_once(dataset):
    axes = {axis["name"]: axis for axis in pack_dataset(dataset)["axes"]}
    assert list(axes) == ["batch", "layer", "pos"]
    assert (axes["layer"]["labels"], axes["layer"]["texts"]) == ([2, 5], ["L2", "L5"])
    assert (axes["pos"]["labels"], axes["pos"]["by"], axes["pos"]["tokens"]) == ([0, 1, 2], "batch", True)
    assert axes["pos"]["texts"] == [[" a", "b", " a"], ["", "b", "\0"]]


def test_numbers_travel_as_they_are_or_as_codes_on_their_scale(dataset):
    scale = ColourScale("sequential", 0.0, 2.0)
    sent = pack_dataset(dataset, scales={"probability": scale})["variables"]["probability"]
    assert (sent["unit"], sent["map"], sent["axes"]) == (
        "probability",
        "sequential",
        ["batch", "layer", "pos"],
    )
    assert (sent["values"]["min"], sent["values"]["max"]) == (0, 2)
    np.testing.assert_array_equal(numbers(sent["values"]), dataset["probability"].values)
    coded = pack_dataset(dataset, scales={"probability": scale}, codes={"probability": "uint8"})
    codes = numbers(coded["variables"]["probability"]["values"])
    assert (codes.dtype, codes[0, 0, 0], codes[1, 1, 2]) == (np.uint8, 0, 255)
    np.testing.assert_allclose(codes.ravel()[:-1] / 127, np.linspace(0, 1, 12)[:-1], atol=0.005)


def test_codes_that_are_made_already_go_as_they_are():
    made = xr.Dataset({"small": (("row", "column"), np.array([[0, 254], [7, 255]], np.uint8))})
    sent = pack_dataset(made, scales={"small": ColourScale("sequential", 0.0, 2.0)})["variables"]["small"]
    assert (sent["values"]["min"], sent["values"]["max"], sent["map"]) == (0, 2, "sequential")
    np.testing.assert_array_equal(numbers(sent["values"]), made["small"].values)
    assert numbers(sent["values"]).dtype == np.uint8
    plain = pack_dataset(made)["variables"]["small"]["values"]  # without a scale they are whole numbers
    assert numbers(plain).tolist() == [[0, 254], [7, 255]]
    assert (plain["dtype"], plain["max"]) == ("uint16", 65534)


def test_whole_numbers_and_texts_take_two_bytes_where_these_are_enough(dataset):
    variables = pack_dataset(dataset)["variables"]
    assert variables["rank"]["values"]["dtype"] == "float32"  # 70,000 is too much
    rank = numbers(variables["rank"]["values"])
    assert (np.isnan(rank[0, 0, 2]), rank[1, 1, 2]) == (True, 70_000)
    low = pack_dataset(dataset[["rank"]].isel(batch=[0]))["variables"]["rank"]["values"]
    assert (low["dtype"], numbers(low)[0, 0, 2]) == ("uint16", 65_535)
    below = pack_dataset(xr.Dataset({"x": ("pos", [-5, -1])}))["variables"]["x"]["values"]
    np.testing.assert_array_equal(numbers(below), [-5, -1])
    token = variables["token"]
    assert [token["texts"][i] for i in numbers(token["values"]).ravel()] == [" a", "b", " a", "", "b", "\0"]


def test_a_part_keeps_its_labels_and_what_was_derived_is_sent_beside(dataset):
    part = with_labels(dataset).isel(pos=[2], layer=[1])
    sent = pack_dataset(part, asked=["x"])
    assert [axis["labels"] for axis in sent["axes"]] == [[0, 1], [5], [2]]
    assert sent["derived"] == {"asked": ["x"]}
    mixed = with_labels(xr.Dataset({"x": ("a", [1.0, 2.0])}, coords={"a": np.array([1, "b"], object)}))
    assert pack_dataset(mixed)["axes"][0]["labels"] == [1, "b"]
