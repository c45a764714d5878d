"""Records that are deep or long, and what their code imports."""

import pytest
import torch

from mi_widgets.core.record import Call, Part, Placeholder, said_of
from mi_widgets.core.record_files import record_from_json, record_to_json
from mi_widgets.core.script import Script, code_of
from tests.core.test_record import measure

DEEP = 10_000


def chain_of_calls():
    made = measure(0).record
    for i in range(DEEP):
        made = Call("mi.measure", (("", made), ("third", i)), places=("data", "third"))
    return made


def chain_of_methods():
    made = Call("mi.load", (("", "m"),), name="model", places=("name",))
    for _ in range(DEEP):
        made = Call("untrained", of=made)
    return made


def chain_of_parts():
    made = measure(0).record
    for i in range(DEEP):
        made = Part(made, f"[{i}]")
    return made


class Chained:
    """Counts what was done to it."""

    def __init__(self, n=0):
        self.n = n

    def untrained(self):
        return Chained(self.n + 1)

    def __getitem__(self, i):
        assert i == self.n
        return Chained(self.n + 1)

    def measure(self, data, *, third=None):
        return Chained(third is not None and data.n + 1)

    def load(self, name):
        return Chained()


@pytest.mark.parametrize("chain", [chain_of_calls, chain_of_methods, chain_of_parts])
def test_a_record_may_stand_on_ten_thousand_others(chain):
    made = chain()
    code = code_of(made, "result")
    exec(code.partition("sites as at\n")[2], names := {"mi": Chained()})
    assert names["result"].n == DEEP
    assert code_of(record_from_json(record_to_json(made)), "result") == code
    assert said_of(made) in ("measure", "untrained")


def test_lists_that_are_too_long_to_write_are_left_to_bring():
    ids = [[i, i + 1] for i in range(2500)]
    wordy = {"a": ["word " * 2000], "b": ["word " * 2001]}
    mixed = [("a", 1)] * 4000
    code = code_of(measure(ids, mixed, third=wordy, keep=list(range(4096))).record, "result").splitlines()
    assert code[-4:-1] == [
        "data = ...  # bring yours: 5,000 numbers, too many to write here",
        "second = ...  # bring yours: 8,000 values, too many to write here",
        "third = ...  # bring yours: 4 texts, too many to write here",
    ]
    assert code[-1].startswith("result = mi.measure(data, second, third=third, keep=[0, 1, 2, ")
    # The same numbers are brought once, others beside them; of what was made no list is the user's.
    script, run = (
        Script(),
        Call("run", (("", "abc"),), of=Placeholder("your model", "model"), places=("prompt",)),
    )
    for data in (ids, [*ids], [*ids, [0]], [run, ids]):
        script.assign(measure(data).record, "result")
    assert [line for line in script.body() if line.startswith("result")] == [
        "result = mi.measure(data)",
        "result_2 = mi.measure(data_2)",
        "result_3 = mi.measure([run, data])",
    ]


@pytest.mark.parametrize(
    ("given", "imported"),
    [
        ("import torch.nn and torch.", False),
        (["torch.float16", {"torch.": 'as "torch.x"'}], False),
        (torch.nn.Linear(2, 2), False),
        (torch.float16, True),
        ({"a": ["torch.", torch.device("cpu")]}, True),
    ],
)
def test_torch_is_imported_where_the_code_uses_it(given, imported):
    assert code_of(measure(given).record, "result").startswith("import torch\n") == imported
