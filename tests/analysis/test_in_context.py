"""The in-context-learning score is a difference of losses, and finds what was planted."""

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.analysis.induction_by_hand import induction_circuit
from tests.conftest import small_transformer

ENDS = {"early": (2, 9), "late": (12, 20)}


def test_it_is_late_loss_minus_early_loss(model):
    ids = torch.randint(50, (5, 20), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        output = model.module(ids)
    logits = getattr(output, "logits", output)
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
    score = mi.in_context_learning_score(model, ids, **ENDS)
    assert score.dims == ()
    assert score.values == pytest.approx((loss[:, 11:19].mean() - loss[:, 1:8].mean()).item(), abs=1e-5)
    assert np.allclose(score.dataset["loss"].values[1:], loss.mean(0).numpy(), atol=1e-5)


def test_texts_of_every_make_are_read_alike(model):
    ids = torch.randint(50, (40, 20), generator=torch.Generator().manual_seed(0))  # more than one chunk
    wanted = mi.in_context_learning_score(model, ids, **ENDS).values
    assert mi.in_context_learning_score(model, ids.tolist(), **ENDS).values == pytest.approx(wanted, abs=1e-6)
    assert mi.in_context_learning_score(model, ids.numpy(), **ENDS).values == pytest.approx(wanted, abs=1e-6)


def test_one_row_of_ids_is_one_text(model):
    row = torch.randint(50, (20,), generator=torch.Generator().manual_seed(0))
    wanted = mi.in_context_learning_score(model, row[None], **ENDS).values
    for given in (row, row.tolist(), row.numpy(), [row]):
        assert mi.in_context_learning_score(model, given, **ENDS).values == pytest.approx(wanted, abs=1e-6)


def test_texts_under_a_patch_are_run_together(model):
    ids = torch.randint(50, (40, 20), generator=torch.Generator().manual_seed(0))
    held = mi.interventions.freeze_pattern(model.run(ids, keep=[at.pattern]))
    wanted = mi.in_context_learning_score(model, ids, **ENDS).values
    with model.intervene(held):
        assert mi.in_context_learning_score(model, ids, **ENDS).values == pytest.approx(wanted, abs=1e-5)


def test_the_circuit_set_by_hand_learns_in_context_all_there_is_to_learn():
    model = mi.load(induction_circuit())
    ids = mi.repeated_tokens(model, length=10, n=8)
    score = mi.in_context_learning_score(model, ids, **ENDS)
    early = score.dataset["loss"].values[2:9].mean()
    assert early > 1
    assert score.values == pytest.approx(-early, abs=1e-3)  # in the repeat nothing is left to learn
    for head in (at.z[0, 0], at.z[1, 0]):
        with model.intervene(mi.ablate(head)):
            late = mi.in_context_learning_score(model, ids, **ENDS).dataset["loss"].values[12:]
        assert late.mean() > 2.4  # guessing among twelve words costs ln 12 = 2.48


def test_an_untrained_network_learns_nothing_in_context():
    model = mi.load("induction-2l")
    assert abs(mi.in_context_learning_score(model.untrained(), n=32).values) < 0.1
    assert mi.in_context_learning_score(model, n=32).values < -2


def test_what_cannot_be_measured_is_refused(model):
    with pytest.raises(mi.errors.PromptError, match=r"at least 20 tokens .* the shortest has 3"):
        mi.in_context_learning_score(model, [[1] * 20, [1, 2, 3]], **ENDS)
    with pytest.raises(mi.errors.MIError, match=r"early=\(5, 9\) and late=\(8, 12\)"):
        mi.in_context_learning_score(model, [[1] * 20], early=(5, 9), late=(8, 12))
    with pytest.raises(mi.errors.MIError, match="must be ranges"):
        mi.in_context_learning_score(model, [[1] * 20], early=(2, 9, 3), late=(12, 20))
    with pytest.raises(mi.errors.PromptError, match="was not trained on the shipped texts: give texts="):
        mi.in_context_learning_score(model)
    with pytest.raises(mi.errors.MIError, match=r"got range\(1, 3\)\. Write early=\(1, 3\)\."):
        mi.in_context_learning_score(model, [[1] * 20], early=range(1, 3), late=(12, 20))
    with pytest.raises(mi.errors.PromptError, match="a list of texts"):
        mi.in_context_learning_score(model, [])
    with pytest.raises(mi.errors.WrongKind, match="a text, a list of texts, or token ids; got a Run"):
        mi.in_context_learning_score(model, model.run([[1] * 20]))


def test_its_code_makes_it_again():
    names = {"model": mi.load(small_transformer())}
    score = mi.in_context_learning_score(names["model"], [[1] * 20], **ENDS)
    exec("\n".join(line for line in score.code().splitlines() if not line.startswith("model = ...")), names)
    assert names["result"].dataset.identical(score.dataset)
