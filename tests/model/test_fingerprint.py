"""Whose weights they are: hashed when code is asked for, once for a state, and never another model's."""

import gc
import re

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.script import Script
from mi_widgets.model import fingerprint
from tests.conftest import small_gpt2, small_transformer

IDS = [[1, 2, 3, 4]]


@pytest.fixture
def hashes(monkeypatch):
    """How often all weights were read."""
    counted = []
    real = fingerprint.hashed
    monkeypatch.setattr(fingerprint, "hashed", lambda *given: counted.append(1) or real(*given))
    return counted


@pytest.fixture
def model():
    return mi.load(small_gpt2())


def weight(model):
    return model.module.get_parameter("transformer.h.1.mlp.c_fc.weight")


def test_only_code_reads_all_weights_and_only_once(model, hashes):
    run = model.run(IDS, keep=[at.pattern])
    results = [run.next_tokens(), mi.attention(run), mi.head_scores(model, "induction", length=4)]
    with model.intervene(mi.ablate(at.z[0, 1])):
        results.append(model.run(IDS).next_tokens())
    for result in results:
        repr(result)
    assert not hashes
    codes = [result.code() for result in results]
    assert len(hashes) == 1
    assert all(f"model.require({model.fingerprint!r})" in code for code in codes)
    assert len(hashes) == 1


def test_a_view_asks_for_the_hash_only_when_its_code_is_copied(model, hashes):
    view = mi.head_scores(model, "induction", length=4).view()
    view.selection = {"layer": 1, "head": 0}
    assert view._repr_mimebundle_()[0]["image/png"]
    assert (view._code, hashes) == ("", [])
    view._handle_custom_msg({"do": "code"}, [])
    assert view._code == view.code()
    assert f"model.require({model.fingerprint!r})" in view._code
    view.selection = {"layer": 0}
    assert view._code == view.code()
    assert len(hashes) == 1


def test_a_result_keeps_the_hash_of_its_own_weights(model, hashes):
    before = model.run(IDS).next_tokens()
    first = model.fingerprint
    with torch.no_grad():
        weight(model).mul_(2)
    after = model.run(IDS).next_tokens()
    second = model.fingerprint
    assert first != second
    assert f"model.require({first!r})" in before.code()
    assert f"model.require({second!r})" in after.code()
    assert len(hashes) == 2


def changed_in_place(model):
    with torch.no_grad():
        weight(model)[3, 5] += 1


def changed_through_data(model):
    weight(model).data.mul_(2)


def one_row_changed_through_data(model):
    weight(model).data[7] += 1


def one_number_changed_through_data(model):
    weight(model).data[7, 12] += 1


def replaced_by_its_equal(model):
    mlp = model.module.get_submodule("transformer.h.1.mlp.c_fc")
    mlp.weight = torch.nn.Parameter(mlp.weight.detach().clone())


def given_other_data(model):
    weight(model).data = torch.zeros_like(weight(model))


@pytest.mark.parametrize(
    "change",
    [
        changed_in_place,
        changed_through_data,
        one_row_changed_through_data,
        one_number_changed_through_data,
        replaced_by_its_equal,
        given_other_data,
    ],
)
def test_weights_that_have_changed_since_are_not_given_as_those_of_a_result(model, change):
    result = model.run(IDS).next_tokens()
    change(model)
    code = result.code()
    assert "the weights of model have changed since this was measured" in code
    assert model.fingerprint not in code
    assert "require" not in code


@pytest.mark.parametrize("change", [changed_through_data, one_row_changed_through_data])
def test_of_a_large_model_a_number_of_every_row_is_looked_at(model, change, monkeypatch):
    monkeypatch.setattr(fingerprint, "_SMALL", 0)
    result = model.run(IDS).next_tokens()
    change(model)
    assert "the weights of model have changed since this was measured" in result.code()


SPARSE = {
    "coo": lambda x: x.to_sparse(),
    "not coalesced": lambda x: torch.sparse_coo_tensor([[0, 0, 1], [1, 1, 2]], x[0, :3], x.shape),
    "csr": lambda x: x.to_sparse_csr(),
    "blocks": lambda x: x.to_sparse_bsr((2, 2)),
}


@pytest.mark.filterwarnings("ignore:Sparse")  # torch says at first use that they are new and unchecked
@pytest.mark.parametrize("sparse", SPARSE.values(), ids=SPARSE)
@pytest.mark.parametrize("trained", [False, True])
def test_what_is_sparse_is_looked_at_and_hashed_too(sparse, trained):
    def loaded(factor):
        module, extra = small_transformer(), sparse(factor * torch.eye(4) + 1)
        if trained:
            module.register_parameter("extra", torch.nn.Parameter(extra))
        else:
            module.register_buffer("extra", extra)
        return mi.load(module)

    def hash_of(result):
        return re.search(r"sha256:\w+", result.code())[0]

    model, *others = (loaded(factor) for factor in (1, 1, 2))
    result = mi.loss_per_token(model.run(IDS))
    again, other = (mi.loss_per_token(each.run(IDS)) for each in others)
    assert hash_of(result) == hash_of(again) != hash_of(other)
    with torch.no_grad():
        model.module.extra.mul_(3)
    assert hash_of(mi.loss_per_token(model.run(IDS))) != hash_of(result) == hash_of(again)


def test_weights_that_keep_no_count_of_changes_are_not_vouched_for():
    with torch.inference_mode():
        module = small_gpt2()
    model = mi.load(module)
    code = model.run(IDS).next_tokens().code()
    assert "keep no count of changes (inference tensors)" in code
    assert model.fingerprint not in code


def test_a_shipped_model_that_keeps_no_count_of_changes_is_not_vouched_for():
    with torch.inference_mode():
        model = mi.load("induction-2l")
        assert "bring" not in model.run(IDS).next_tokens().code()  # its own weights are ordinary ones
        model.module.unembed.W_U = torch.nn.Parameter(model.module.unembed.W_U.clone(), requires_grad=False)
    code = model.run(IDS).next_tokens().code()
    assert "mi.load('induction-2l'), or what became of it: nothing tells whether its weights" in code
    assert "keep no count of changes (inference tensors)" in code


def test_the_control_of_a_module_that_was_changed_is_named_without_reading_its_weights(model, hashes):
    control = model.untrained()
    with torch.no_grad():
        next(control.module.parameters()).add_(1)
    read = len(hashes)
    result = control.run(IDS).next_tokens()
    assert len(hashes) == read
    assert "model.untrained() as you changed it" in result.code()


def test_a_result_outlives_its_model_without_keeping_it():
    model = mi.load(small_gpt2())
    result, known = model.run(IDS).next_tokens(), model.fingerprint
    model.release()
    del model
    gc.collect()
    assert "make sure that it is the same" in result.code()
    assert known not in result.code()


def test_two_states_of_one_model_are_two_variables(model):
    before = model.run(IDS).next_tokens()
    first = model.fingerprint
    with torch.no_grad():
        weight(model)[3, 5] += 1  # which is none of the numbers that are looked at
    after = model.run(IDS).next_tokens()
    script = Script()
    names = [script.assign(result.record, "result") for result in (before, after)]
    assert names == ["result", "next_tokens"]
    requires = [line for line in script.body() if ".require(" in line]
    assert requires == [f"model.require({first!r})", f"model_2.require({model.fingerprint!r})"]


def test_code_says_how_a_text_begins(model):
    assert "bos=False)" in mi.load(model.module, bos=False).code()
    assert "bos" not in model.code()


def test_showing_a_view_writes_no_file_and_reads_no_weights(tmp_path, monkeypatch, hashes):
    monkeypatch.chdir(tmp_path)
    model = mi.load("induction-2l")
    with model.intervene(mi.ablate(at.resid_post[0], to="resample", data=torch.randn(600, 128))):
        run = model.run([[1, 9, 8, 7]], keep=[at.pattern])
    view = mi.attention(run).view()
    assert (view._code, [*tmp_path.iterdir()], hashes) == ("", [], [])
    assert "mi.interventions.Array.load(" in view.code()
    assert len([*tmp_path.iterdir()]) == 1


@pytest.fixture
def shipped():
    return mi.load("induction-2l")


def edited(model):
    with torch.no_grad():
        model.module.blocks[0].attn.W_O.mul_(0.5)


def test_a_shipped_model_is_its_name_as_long_as_nobody_changes_it(shipped, hashes):
    before = shipped.run(IDS)
    assert shipped.code() == "model = mi.load('induction-2l')"
    edited(shipped)
    after = shipped.run(IDS)
    assert before.next_tokens().code().splitlines()[3] == "model = mi.load('induction-2l')"
    assert not hashes
    changed = "as you changed it: its weights are no longer those of that name"
    brought = f"model = ...  # bring mi.load('induction-2l') {changed}"
    assert after.next_tokens().code().splitlines()[3:6] == [
        brought,
        f"model.require({shipped.fingerprint!r})",
        "run = model.run([[1, 2, 3, 4]])",
    ]
    assert shipped.code().splitlines() == [brought, f"model.require({shipped.fingerprint!r})"]


@pytest.mark.parametrize("part", ["data", "a tensor"])
def test_a_shipped_model_that_was_given_other_weights_is_brought(shipped, part):
    attention = shipped.module.blocks[1].attn
    if part == "data":
        attention.W_Q.data[1] += 1
    else:
        attention.W_Q = torch.nn.Parameter(2 * attention.W_Q.detach())
    assert "bring mi.load('induction-2l') as you changed it" in shipped.code()
    control = mi.head_scores(shipped.untrained(), "induction", length=4).code()
    assert "model.untrained()" in control
    assert "mi.load('induction-2l') as you changed it" in control


def test_a_change_in_the_analysis_of_every_checkpoint_is_said():
    def analysis(model):
        edited(model)
        return mi.head_scores(model, "induction", length=4, n=1)

    code = mi.over_checkpoints("induction-2l", analysis, steps=[0], progress=False).code()
    assert "    model_2 = ...  # bring mi.load('induction-2l', checkpoint=0) as you changed it" in code
