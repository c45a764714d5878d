"""Records of calls, and the one place in which they become Python."""

import gc
from enum import Enum
from weakref import ref

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.provenance import Provenance
from mi_widgets.core.record import Call, Definition, Part, Placeholder
from mi_widgets.core.record_files import record_from_json, record_to_json
from mi_widgets.core.recording import recorded
from mi_widgets.core.script import Script, code_of


class Made:
    """What a recorded function returns."""

    record = None

    def with_record(self, record):
        self.record = record
        return self


@recorded
def measure(data, second=1, *, third=None, keep=(), scale=1.0):
    return Made()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


def code_of_made(made: Made) -> str:
    return code_of(made.record, "result").splitlines()[-1]


@given(data=PLAIN, second=PLAIN, third=PLAIN, keep=PLAIN, scale=PLAIN)
def test_every_argument_comes_back_from_the_code(data, second, third, keep, scale):
    made = measure(data, second, third=third, keep=keep, scale=scale)

    def called(data, second=1, *, third=None, keep=(), scale=1.0):
        return data, second, third, keep, scale

    names = {"mi": type("", (), {"measure": staticmethod(called)})}
    exec(code_of_made(made), names)
    again = names["result"]
    assert again[:3] == (data, second, third)
    assert list(again[3]) == list(keep) if isinstance(keep, (list, tuple)) else again[3] == keep
    assert again[4] == scale


def test_arguments_stand_as_the_signature_has_them():
    assert code_of_made(measure(3)) == "result = mi.measure(3)"
    assert code_of_made(measure(3, 2)) == "result = mi.measure(3, 2)"
    assert code_of_made(measure(data=3, second=1, scale=2.0)) == "result = mi.measure(3, scale=2.0)"
    assert code_of_made(measure(3, keep=[])) == "result = mi.measure(3)"
    assert code_of_made(measure(True, True)) == "result = mi.measure(True, True)"  # which is no 1
    assert code_of_made(measure(3, keep=[at.z[1, 3].pos(-1), at.mlp_out])) == (
        "result = mi.measure(3, keep=[at.z[1, 3].pos(-1), at.mlp_out])"
    )


def test_what_cannot_be_called_so_is_not_recorded():
    with pytest.raises(TypeError, match="data"):
        measure(second=2)


def test_an_iterator_is_read_once_and_written_out():
    @recorded
    def summed(numbers):
        made = Made()
        made.total = sum(numbers)
        return made

    made = summed(iter([1, 2, 3]))
    assert made.total == 6
    assert code_of_made(made) == "result = mi.summed([1, 2, 3])"


def test_what_the_user_owns_is_left_to_bring():
    def mine(x):
        return x

    made = measure(torch.zeros(70, 2), mine, third=mi.metrics.logit_diff)
    assert code_of(made.record, "result").splitlines()[-3:] == [
        "data = ...  # bring yours: float32 of shape (70, 2)",
        "second = ...  # bring yours: mine",
        "result = mi.measure(data, second, third=mi.metrics.logit_diff)",
    ]
    assert code_of_made(measure(torch.tensor([[1, 2], [3, 4]]))) == "result = mi.measure([[1, 2], [3, 4]])"
    assert code_of_made(measure(np.array([0.5, 0.25]))) == "result = mi.measure([0.5, 0.25])"
    many = [f"text {i} " * 20 for i in range(500)]
    assert "data = ...  # bring yours: 500 texts, too many to write here" in code_of(
        measure(many).record, "result"
    )


def test_number_types_and_devices_bring_torch():
    code = code_of(measure(torch.bfloat16, torch.device("cpu")).record, "result")
    assert code.startswith("import torch\n")
    assert code.endswith("result = mi.measure(torch.bfloat16, torch.device('cpu'))")


def test_what_is_needed_twice_is_made_once():
    model = Call("mi.load", (("", "m"),), name="model", places=("name",))
    run = Call("run", (("", "abc"),), of=model, name="run", places=("prompt",))
    script = Script()
    assert script.assign(Call("mi.attention", (("", run),), places=("run",)), "result") == "result"
    assert script.assign(Call("mi.loss_per_token", (("", run),), places=("run",)), "result") == "result_2"
    # The same call again is the same value, whoever wrote it down.
    again = Call("mi.attention", (("", run),), places=("run",))
    assert script.assign(again, "other") == "result"
    control = Call("mi.attention", (("", Call("untrained", of=model)),), places=("model",))
    assert script.assign(control, "control") == "control"
    assert script.body() == [
        "model = mi.load('m')",
        "run = model.run('abc')",
        "result = mi.attention(run)",
        "result_2 = mi.loss_per_token(run)",
        "untrained = model.untrained()",
        "control = mi.attention(untrained)",
    ]


def test_parts_and_functions_of_a_model():
    model = Call("mi.load", (("", "m"),), name="model", places=("name",))
    scores = Part(Call("mi.head_scores", (("", model),), places=("model",)), "['rank']")
    assert code_of(scores, "result").splitlines()[-1] == "result = mi.head_scores(model)['rank']"
    curve = Call(
        "mi.over_checkpoints", (("", "m"), ("", Definition(scores, model))), places=("name", "analysis")
    )
    assert code_of(curve, "result").splitlines()[3:] == [
        "def analysis(model):",
        "    result = mi.head_scores(model)['rank']",
        "    return result",
        "result = mi.over_checkpoints('m', analysis)",
    ]
    script = Script()
    other = Call(
        "mi.over_checkpoints", (("", "n"), ("", Definition(scores, model))), places=("name", "analysis")
    )
    assert [script.assign(curve, "one"), script.assign(other, "two")] == ["one", "two"]
    assert [line for line in script.body() if line.startswith("def ")] == ["def analysis(model):"]


def test_a_record_comes_back_from_json():
    model = Placeholder("your Model", "model", check=lambda name, hash_weights: f"{name}.require('sha256:1')")
    run = Call(
        "run", (("", "\0 a"), ("keep", [at.z[1].pos("x")])), of=model, name="run", places=("prompt", "keep")
    )
    made = Part(
        Call("mi.measure", (("", run), ("third", {"a": (run, 2)})), places=("run", "third")), ".sel(layer=1)"
    )
    assert code_of(record_from_json(record_to_json(made)), "result") == code_of(made, "result")
    assert record_from_json(record_to_json(None)) is None


def test_numbers_of_any_make_are_written_with_four_digits():
    script = Script()
    numbers = np.array([[1.23456, np.nan], [np.inf, -2.0]])
    for control in (numbers, xr.DataArray(numbers), torch.tensor(numbers)):
        assert script.expression(control, "control") == "[[1.235, float('nan')], [float('inf'), -2.0]]"
    assert script.expression(np.int64(3), "n") == "3"
    assert script.expression(np.zeros(5000), "control") == "control"
    assert script.body() == ["control = ...  # bring yours: 5000 numbers, too many to write here"]


class Side(Enum):
    LEFT = "left"


class Ids(list):
    pass


def test_arguments_of_every_make_are_kept_as_they_were():
    ids = Ids([np.int64(1)])
    made = measure(ids, Side.LEFT, third={np.str_("a"): {at.z, at.pattern}}, keep={"x": 1}.values())
    ids.append(2)
    assert code_of_made(made) == "result = mi.measure([1], 'left', third={'a': [at.pattern, at.z]}, keep=[1])"
    assert code_of_made(measure(slice(np.int64(1), None))) == "result = mi.measure(slice(1, None, None))"


def test_what_is_brought_is_told_apart_and_not_kept_alive():
    script, alive = Script(), []
    for _ in range(3):
        data = torch.randn(71, 7)
        alive.append(ref(data))
        script.assign(measure(data).record, "r")
        del data
    gc.collect()
    assert [tensor() for tensor in alive] == [None] * 3
    assert [line.split(" = ")[1] for line in script.body() if line.startswith("r")] == [
        "mi.measure(data)",
        "mi.measure(data_2)",
        "mi.measure(data_3)",
    ]

    class Metric:
        __hash__ = None

        def __call__(self, logits):
            return logits

    code = code_of(measure(1, Metric(), third=torch.nn.Linear).record, "result").splitlines()
    assert code[-3:] == [
        "second = ...  # bring yours: Metric",
        "third = ...  # bring yours: Linear",
        "result = mi.measure(1, second, third=third)",
    ]


def test_a_part_of_what_nobody_wrote_down_is_called_the_result():
    own = mi.Result(
        kind="own",
        title="Own",
        dataset=xr.Dataset({"x": (("layer", "head"), np.zeros((2, 3)))}),
        primary="x",
        unit="",
        source="",
        provenance=Provenance("mine"),
    )
    code = own.sel(layer=[np.int64(0), np.int64(1)]).code().splitlines()
    assert code[-2].startswith("whole = ...  # bring your Result")
    assert code[-1] == "result = whole.sel(layer=[0, 1])"
    assert own.sel(head=slice(np.int64(0), 2)).code().endswith("result = whole.sel(head=slice(0, 2, None))")
    view = mi.views.HeatmapView(own["x"])
    assert view.code().splitlines()[-2].startswith("view = mi.views.HeatmapView(result, ")


def test_names_are_those_that_python_reads():
    script = Script()
    assert script.assign(measure(1).record, "ｍｉ") == "mi_2"
    assert script.assign(measure(2).record, "class") == "_class"
