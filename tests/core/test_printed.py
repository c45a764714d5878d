"""What a Result says as text: its largest values with their labels, in every kind."""

import numpy as np
import pytest
import xarray as xr

import mi_widgets as mi
from mi_widgets.core.printed import largest
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.results import Result
from tests.kinds import KINDS, model


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is_and_its_largest_value(kind):
    result = KINDS[kind]()
    first, *lines = str(result).splitlines()
    assert first.startswith(result.title)
    assert first.endswith(f" in {result.unit}")
    assert all(f"{axis} {n}" in first for axis, n in result.to_xarray().sizes.items())
    values = [number(line.split()[0]) for line in lines]
    if result.values.dtype.kind in "fiub":
        largest = float(np.nanmax(result.values))
        assert any(
            value == pytest.approx(largest, rel=6e-3, abs=1e-12) for value in values if value is not None
        )
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 160
    assert str(KINDS[kind]()) == str(result)


def number(said):
    said = said.replace("−", "-").replace(",", "")
    try:
        return float(said)
    except ValueError:
        return None


def lines(values, unit="nats", **coords):
    axes = ("layer", "pos")[-np.ndim(values) :] if np.ndim(values) else ()
    coords = {name: value for name, value in coords.items() if value is not None}
    dataset = xr.Dataset({"score": (axes, np.asarray(values))}, coords=coords)
    return largest(dataset, "score")


def test_the_largest_come_first_and_the_rest_is_counted():
    assert lines([[0.5, 0.25, 1.0], [0.125, 0.0625, 0.03125]]) == [
        "       1  layer 0, pos 2",
        "     0.5  layer 0, pos 0",
        "    0.25  layer 0, pos 1",
        "   0.125  layer 1, pos 0",
        "  0.0625  layer 1, pos 1",
        "       …  1 more, down to 0.0313",
    ]


def test_of_signed_numbers_both_ends_are_said():
    assert lines([3.0, -1.0, 0.0, 2.0, -4.0, 1.0]) == [
        "   3  pos 0",
        "   2  pos 3",
        "   1  pos 5",
        "   …  1 between",
        "  −1  pos 1",
        "  −4  pos 4",
    ]
    assert lines([-3.0, -1.0]) == ["  −1  pos 1", "  −3  pos 0"]


def test_labels_and_tokens_stand_beside_the_value():
    said = lines([[1.0, 2.0]], layer=[7], pos=[3, 4], pos_token=("pos", [" a", "\n"]))
    assert said == ["  2  pos 4 '\\n'", "  1  pos 3 ' a'"]
    by_prompt = lines([[1.0, np.nan], [3.0, 2.0]], pos_token=(("layer", "pos"), [["a", ""], ["b", "c"]]))
    assert by_prompt == [
        "  3  layer 1, pos 0 'b'",
        "  2  layer 1, pos 1 'c'",
        "  1  layer 0, pos 0 'a'",
        "     1 without a number",
    ]


def test_of_a_single_number_its_companions_are_said():
    dataset = xr.Dataset({"loss": 0.5, "train_accuracy": 1.0, "over": ("x", [1, 2])})
    assert largest(dataset, "loss") == ["  0.5  loss", "    1  train accuracy"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], ["  no numbers"]),
        ([np.nan, np.nan], ["  no numbers"]),
        ([np.inf, 1e-9, -np.inf], ["        ∞  pos 0", "  1.00e-9  pos 1", "       −∞  pos 2"]),
        ([3e38, 12345.0], ["  3.00e38  pos 0", "    12300  pos 1"]),
        ([True, False], ["   True  pos 0", "  False  pos 1"]),
        (["a", "b"], ["  'a'  pos 0", "  'b'  pos 1"]),
        (
            list("abcdefg"),
            ["  'a'  pos 0", "  'b'  pos 1", "  'c'  pos 2", "  'd'  pos 3", "  'e'  pos 4", "    …  2 more"],
        ),
    ],
)
def test_odd_ones(values, said):
    assert lines(values) == said


def test_a_text_is_one_line_however_it_is_written():
    said = lines(["a\nb" * 50])
    assert len(said) == 1
    assert len(said[0]) < 60


def test_the_plain_text_of_an_output_is_what_is_printed():
    run = model().run("abc")
    for result in (mi.loss_per_token(run), run.next_tokens()):
        shown = result._repr_mimebundle_()
        data = shown[0] if isinstance(shown, tuple) else shown
        assert data["text/plain"] == str(result)


def test_no_model_no_of():
    result = Result(
        kind="k",
        title="T",
        dataset=xr.Dataset({"x": 1.0}),
        primary="x",
        unit="u",
        source="",
        provenance=Provenance(""),
    )
    assert str(result) == "T (one number) in u\n  1  x"


def test_texts_of_nothing_are_left_out():
    names = {"value": ("place", [1.0, 2.0]), "of": ("place", ["", "a"])}
    made = {
        "kind": "k",
        "title": "T",
        "primary": "value",
        "unit": "",
        "source": "",
        "provenance": Provenance(""),
    }
    both = Result(dataset=xr.Dataset(names), **made)
    assert str(both).splitlines() == ["T (place 2)", "  2  place 1, of 'a'", "  1  place 0"]
    one = Result(dataset=xr.Dataset({"value": 1.0, "of": ""}), **made)
    assert str(one).splitlines() == ["T (one number)", "  1  value"]
