"""Tasks of the Fourier analyses: other operations, other prompts, other splits; and what is at chance says so."""

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import MIError
from tests.analysis.calculating_by_hand import calculating, logits_by_hand
from tests.conftest import small_transformer
from tests.model.decoders import small_decoder

P = 11
ALPHAS = {2: 5.0, 4: 9.0}
SUBTRACT = lambda a, b: (a - b) % P  # noqa: E731
SHIFTED = "b a =, after three special tokens"
# name -> how a prompt looks, the places of a and b, the id of the number 0, and what the task says
LAYOUTS = {
    "a b =": (lambda a, b: [a, b, P], (0, 1), 0, {}),
    "a b": (lambda a, b: [a, b], (0, 1), 0, {"prompt": ("a", "b")}),
    SHIFTED: (lambda a, b: [3 + b, 3 + a, 3 + P], (1, 0), 3, {"prompt": ["b", "a", "="], "first": 3}),
    "<bos> a - b =": (lambda a, b: [13, a, 12, b, P], (1, 3), 0, {"prompt": [13, "a", 12, "b", "="]}),
}


def network(sign=-1, name="a b =", **more):
    """A network for a + b or a - b, and its task."""
    prompt, places, first, says = LAYOUTS[name]
    shape = {"n_ctx": len(prompt(0, 0)), "first": first, "d_vocab": first + P + 3}
    model = mi.load(calculating(P, ALPHAS, sign, places=places, **shape))
    return model, mi.fourier.Task(P, "a+b" if sign > 0 else "a-b", **says, **more), prompt


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("sign", [1, -1])
def test_waves_of_a_sum_and_of_a_difference_are_read_back_in_any_layout(sign, name):
    model, task, prompt = network(sign, name)
    assert task.ids.tolist() == [prompt(a, b) for a in range(P) for b in range(P)]
    found = mi.fourier.key_frequencies(model, task=task)
    squares = {k: a * a for k, a in ALPHAS.items()}
    for k in range(1, 6):
        share = squares.get(k, 0) / sum(squares.values())
        assert found.sel(frequency=k).values == pytest.approx(share, abs=1e-3)
    fit = mi.fourier.logit_trig_fit(model, task=task)
    assert fit.values == pytest.approx([5, 9], abs=1e-2)
    assert fit.dataset["variance_explained"].item() == pytest.approx(1, abs=1e-4)
    assert found.warnings == fit.warnings == ()
    logits = logits_by_hand(P, ALPHAS, sign)
    answers = (torch.arange(P)[:, None] + sign * torch.arange(P)) % P
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), answers.flatten()).item()
    # The other tokens have logits of 50 in this network: a loss that counted them would be near 50.
    assert fit.dataset["loss"].item() == pytest.approx(loss, abs=1e-3)
    spectrum = mi.fourier.spectrum(model, logits=[3], task=task).dataset
    assert spectrum["accuracy"].item() == 1
    assert spectrum["share"].values == pytest.approx(found.values)
    mapped = mi.fourier.neuron_logit_map(model, task=task).dataset
    assert mapped["share_of_keys"].item() == pytest.approx(1, abs=1e-3)
    assert mapped["u_explained"].sel(frequency=[2, 4]).values == pytest.approx(1, abs=1e-3)
    without = mi.fourier.frequency_ablation(model, task=task)
    assert without.sel(frequency=4).values > 10 * without.dataset["loss"].item()


def test_the_wrong_operation_is_at_chance_and_says_so():
    model, _, _ = network(-1)
    found = mi.fourier.key_frequencies(model, task=mi.fourier.Task(P))
    [warning] = found.warnings
    assert (
        "is right on 9.1% of all pairs, and a guess on 9.1%: these numbers say nothing of how it computes a+b"
        in warning
    )
    assert "task=mi.fourier.Task(p, operation, prompt=…)" in warning


@pytest.mark.parametrize("operation", ["a+b", "a*b"])
def test_an_untrained_network_says_that_it_is_at_chance(operation):
    model = mi.load(small_transformer(n_layers=1, d_vocab=24, n_ctx=3, normalization=None))
    task = mi.fourier.Task(23, operation)
    for analysis in (mi.fourier.spectrum, mi.fourier.neuron_frequencies):
        [warning] = analysis(model, task=task).warnings
        assert "say nothing of how it computes" in warning
    view = mi.fourier.spectrum(model, task=task).view()
    assert "no better than a guess" in view._picture().sentence
    assert view._header["warnings"] == [warning]


def test_any_function_has_a_spectrum_and_only_sums_have_waves_of_the_answer():
    """Of a table of products as logits, and of neurons, by the plainest of definitions."""
    model, _, _ = network(1)
    task = mi.fourier.Task(P, lambda a, b: (a * b) % P)
    assert torch.equal(task.answers, mi.fourier.Task(P, "a * b").answers)
    found = mi.fourier.spectrum(model, neurons=[2], logits=[3], task=task).dataset
    assert np.isnan(found["share"].values).all()
    assert not found["key"].values.any()
    run = model.run(task.ids, keep=[at.mlp_post])
    basis = mi.fourier.basis(P)
    for target, table in {"logit 3": run.logits[:, -1, 3], "neuron 2": run[at.mlp_post[0]][:, -1, 2]}.items():
        plain = (basis @ table.reshape(P, P) @ basis.T).abs()
        assert np.allclose(found["spectrum"].sel(target=target), plain, atol=1e-3)
    assert len(mi.fourier.neuron_frequencies(model, task=task).values) == P * P
    for analysis in (
        mi.fourier.key_frequencies,
        mi.fourier.logit_trig_fit,
        mi.fourier.frequency_ablation,
        mi.fourier.neuron_logit_map,
        mi.fourier.progress_measures,
    ):
        with pytest.raises(MIError, match=r"reads waves of the answer, .* is no sum of multiples of a and b"):
            analysis(model, task=task)


def test_multiples_and_constants_are_sums_too():
    assert mi.fourier.Task(7, "2*a - 3*b + 4").is_linear
    for other in ("a*b", "a", "b + 7*a", "a**2 + b", "3"):
        assert not mi.fourier.Task(7, other).is_linear
    cubes = mi.fourier.Task(101, "a**3 + b**99").answers
    assert cubes[5, 7].item() == (5**3 + 7**99) % 101
    assert mi.fourier.Task(7, "-a * (b - 10)").answers[3, 5].item() == (-3 * (5 - 10)) % 7


def test_a_strangers_network_has_no_split_of_ours():
    model, task, _ = network(1)
    found = mi.fourier.progress_measures(model, task=task)
    assert not {"train_loss", "test_loss", "train_accuracy", "test_accuracy", "excluded"} & set(found.dataset)
    assert found.dataset["accuracy"].item() == 1
    [warning] = found.warnings
    assert "nobody has said which pairs" in warning
    assert "give task=mi.fourier.Task(11, split=…)" in warning


@pytest.mark.parametrize("form", ["mask", "flat", "places", "numpy"])
def test_figures_are_of_the_users_own_split(form):
    mask = torch.rand(P, P, generator=torch.Generator().manual_seed(0)) < 0.4
    split = {
        "mask": mask,
        "flat": mask.flatten(),
        "places": mask.flatten().nonzero().flatten().tolist(),
        "numpy": mask.numpy(),
    }[form]
    model, task, _ = network(-1, "a b", split=split)
    found = mi.fourier.progress_measures(model, frequencies=[4], task=task).dataset
    logits = logits_by_hand(P, ALPHAS, -1)
    answers = (torch.arange(P)[:, None] - torch.arange(P)) % P
    rest = logits_by_hand(P, {2: 5.0}, -1)

    def loss(table, some):
        return torch.nn.functional.cross_entropy(table[some], answers[some]).item()

    assert found["train_loss"].item() == pytest.approx(loss(logits, mask), abs=1e-3)
    assert found["test_loss"].item() == pytest.approx(loss(logits, ~mask), abs=1e-3)
    assert found["excluded"].item() == pytest.approx(loss(rest, mask), abs=1e-2)
    assert found["train_accuracy"].item() == found["test_accuracy"].item() == 1


def test_our_own_network_has_its_own_split_until_it_is_changed():
    model = mi.load("modadd-113", checkpoint=1000)
    ours = mi.fourier.progress_measures(model, frequencies=[21])
    said = mi.fourier.Task(113, split=mi.fourier.modular_sums(113, "train"))
    assert ours.dataset.identical(mi.fourier.progress_measures(model, frequencies=[21], task=said).dataset)
    assert ours.dataset["train_accuracy"].item() == 1
    assert ours.dataset["test_accuracy"].item() < 0.1
    with torch.no_grad():
        model.module.unembed.b_U += 1.0
    changed = mi.fourier.progress_measures(model, frequencies=[21])
    assert "train_loss" not in changed.dataset
    assert any("nobody has said" in warning for warning in changed.warnings)


def test_a_frequency_is_taken_out_of_numbers_that_begin_elsewhere():
    model, task, _ = network(1, SHIFTED)
    with model.intervene(mi.fourier.project_out_frequency(model, 2, task=task)):
        left = mi.fourier.spectrum(model, task=task)
    assert left.sel(frequency=2).values == pytest.approx(0, abs=1e-4)
    numbers = model.weights.W_E[3 : 3 + P]
    assert mi.fourier.spectrum(model, task=task).values == pytest.approx(
        mi.fourier.norms(numbers).values, abs=1e-3
    )


def test_the_code_of_a_task_says_it_all_and_what_the_user_brings():
    model, task, _ = network(-1, "a b")
    code = mi.fourier.key_frequencies(model, task=task).code()
    assert "task = mi.fourier.Task(11, 'a-b', prompt=('a', 'b'))" in code
    names = {}
    exec(
        code.replace("model = ...", "model = given").replace("model.require", "#"),
        names | {"given": model},
        names,
    )
    assert names["result"].dataset.identical(mi.fourier.key_frequencies(model, task=task).dataset)
    brought = mi.fourier.Task(P, SUBTRACT, prompt=("a", "b"), split=torch.eye(P).bool())
    assert repr(brought) == "mi.fourier.Task(11, <lambda>, prompt=('a', 'b'), split: 11 of 121 pairs)"
    code = mi.fourier.progress_measures(model, task=brought).code()
    assert "operation = ...  # bring yours: <lambda>" in code
    assert "split = ...  # bring yours: bool of shape (11, 11)" in code


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"operation": "a/b"}, r"operation is a text of a, b, whole numbers, .*; got 'a/b'"),
        ({"operation": "a+c"}, "got 'a\\+c'"),
        ({"operation": "a**b"}, "got"),
        ({"operation": "__import__('os')"}, "or a function of both; got"),
        ({"operation": lambda a, b: a / 2}, "for a = 0 and b = 0 it gives 0.0"),
        ({"prompt": ("a", "=")}, "'a' and 'b' once each, '=' and token ids"),
        ({"prompt": "ab"}, "prompt is a list of tokens"),
        ({"prompt": ("a", "b", -1)}, "prompt is a list of tokens"),
        ({"first": -1}, "first must be a whole number from 0; got -1"),
        ({"first_answer": 1.5}, "first_answer must be a whole number from 0; got 1.5"),
        ({"split": torch.ones(P, 3).bool()}, r"shape \(11, 11\) or \(121,\), .*; got \(11, 3\) of bool"),
        ({"split": [121]}, r"from 0 to 120; got \(1,\) of int64"),
        ({"split": [[0, 1]]}, r"got \(1, 2\) of int64"),
        ({"split": [0, 7, 7]}, r"names each pair once, by its place a \* 11 \+ b; got 7 2 times\.$"),
        (
            {"split": np.eye(P, dtype=int).flatten()},
            r"got 0 110 times\. 121 of 0 and 1 are a mask, .*np\.array\(split, dtype=bool\)",
        ),
        ({"split": torch.ones(P, P).bool()}, "some of the 121 pairs, not all of them"),
        ({"split": torch.zeros(P, P).bool()}, "some of the 121 pairs, not none of them"),
        (
            {"split": mi.fourier.modular_sums(7, "train")},
            r"split takes mi.fourier.modular_sums\(11, 'train', seed=…\)",
        ),
        (
            {"split": mi.fourier.modular_sums(P)},
            r"split takes mi.fourier.modular_sums\(11, 'train', seed=…\)",
        ),
    ],
)
def test_a_task_that_means_nothing_is_named(wrong, says):
    with pytest.raises(MIError, match=f"mi.fourier.Task: .*{says}"):
        mi.fourier.Task(P, **wrong)


@pytest.mark.parametrize(
    "prompt", [("a", "b", "="), ("a", "b"), (115, "a", 114, "b", 113), (0, "b", "a"), ("=", "a", "b", 3)]
)
def test_the_last_id_of_its_prompts_is_told_without_them(prompt):
    task = mi.fourier.Task(P, prompt=prompt, first=4)
    assert task.last_id == int(task.ids.max())


def test_a_task_that_does_not_fit_the_network_is_named():
    model, _, _ = network(1, "a b")
    with pytest.raises(
        MIError, match=r"a prompt of task has 3 tokens with ids up to 11; .* takes 2 tokens with ids up to 13"
    ):
        mi.fourier.spectrum(model, task=mi.fourier.Task(P))
    with pytest.raises(
        MIError, match=r"the answers of task are the logits 9 to 19; .* has 14. .*first_answer=…"
    ):
        mi.fourier.spectrum(model, task=mi.fourier.Task(P, prompt=("a", "b"), first_answer=9))
    with pytest.raises(MIError, match=r"what another network computes is said with task="):
        mi.fourier.spectrum(model)
    deep = mi.load(small_transformer(n_layers=2, d_vocab=12, n_ctx=3))
    assert len(mi.fourier.spectrum(deep, task=mi.fourier.Task(P)).values) == 5
    with pytest.raises(MIError, match=r"looks at the neurons of a network with one layer; .* has 2 layer"):
        mi.fourier.neuron_frequencies(deep, task=mi.fourier.Task(P))


def test_weights_of_a_foreign_network_are_read_as_those_of_ours():
    """W_L of a Llama with one layer, from its own matrices; the logits do not see what all of them have in common."""
    module = small_decoder("LlamaForCausalLM", num_hidden_layers=1)
    task = mi.fourier.Task(P, split=range(40))
    found = mi.fourier.neuron_logit_map(mi.load(module), task=task)
    unembed = (module.lm_head.weight * module.model.norm.weight).detach()
    matrix = (unembed @ module.model.layers[0].mlp.down_proj.weight).detach()[:P]  # (number, neuron)
    wave = 2 * np.pi * np.outer(np.arange(1, P // 2 + 1), np.arange(P)) / P
    parts = [torch.from_numpy(f(wave)).float() @ matrix for f in (np.cos, np.sin)]
    energy = sum(part.square().sum(1) for part in parts) * 2 / P
    total = (matrix - matrix.mean(0)).square().sum()
    np.testing.assert_allclose(found.values, energy / total, rtol=1e-3)
    assert mi.fourier.progress_measures(mi.load(module), task=task).dataset["gini_W_L"].item() > 0
