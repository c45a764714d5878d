"""Fourier analyses: identities, networks set by hand, and the plainest of definitions beside ours."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.analysis.fourier import logits as by_logits
from mi_widgets.analysis.fourier import pairs as pairs_module
from mi_widgets.analysis.fourier.basis import energies, gini
from mi_widgets.analysis.fourier.neurons import polynomial_shares
from mi_widgets.analysis.fourier.pairs import AllPairs, along, mean_by
from mi_widgets.analysis.fourier.task import Task
from mi_widgets.core.errors import MIError
from mi_widgets.core.public import public_name
from tests.analysis.adding_by_hand import adding_circuit, neurons_of
from tests.conftest import examples, small_gpt2, small_transformer

PRIMES = [59, 113]
ALPHAS = {3: 5.0, 17: 2.0, 20: 9.0}


@pytest.fixture(scope="module", params=PRIMES)
def circuit(request):
    return mi.load(adding_circuit(request.param, ALPHAS))


def logits_by_hand(p, alphas):
    n = torch.arange(p).double()
    total = n[:, None, None] + n[:, None] - n
    return sum(a * (2 * torch.pi * k / p * total).cos() for k, a in alphas.items()).float()


def random_logits(p=7, seed=0):
    return torch.randn(p, p, p, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("p", [5, 7, *PRIMES])
def test_the_basis_is_orthonormal_and_made_of_waves(p):
    basis = mi.fourier.basis(p)
    assert torch.allclose(basis @ basis.T, torch.eye(p), atol=1e-5)
    n = torch.arange(p).double()
    assert torch.allclose(basis[3], ((2 / p) ** 0.5 * (2 * torch.pi * 2 * n / p).cos()).float(), atol=1e-5)
    assert torch.allclose(basis[4], ((2 / p) ** 0.5 * (2 * torch.pi * 2 * n / p).sin()).float(), atol=1e-5)


@given(st.sampled_from([5, 7, 11]), st.integers(1, 4), st.integers(0, 100))
def test_squared_norms_add_up_to_the_matrixs(p, d, seed):
    matrix = torch.randn(p, d, generator=torch.Generator().manual_seed(seed))
    found = mi.fourier.norms(matrix).dataset
    total = (found["norm"] ** 2).sum() + found["constant"] ** 2
    assert total.item() == pytest.approx(matrix.square().sum().item(), rel=1e-4)
    assert np.allclose(found["norm"] ** 2, found["cos"] ** 2 + found["sin"] ** 2, atol=1e-4)
    assert np.allclose(energies(matrix), found["norm"] ** 2, atol=1e-4)


def test_a_wave_has_its_norm_at_its_frequency_alone():
    n = torch.arange(59).double()
    matrix = torch.stack(
        [3 * (2 * torch.pi * 4 * n / 59).cos(), (2 * torch.pi * 9 * n / 59).sin()], 1
    ).float()
    norms = mi.fourier.norms(matrix)
    assert norms.argmax() == {"frequency": 4}
    assert norms.sel(frequency=4).values == pytest.approx(3 * (59 / 2) ** 0.5, rel=1e-4)
    assert norms.sel(frequency=9).dataset["sin"].item() == pytest.approx((59 / 2) ** 0.5, rel=1e-4)
    assert norms.to_xarray().drop_sel(frequency=[4, 9]).max() < 1e-4


def test_a_circuit_set_by_hand_computes_what_it_was_set_to(circuit):
    p = circuit.config.d_vocab - 1
    found = circuit.run(mi.fourier.modular_sums(p).ids).logits[:, -1, :p].reshape(p, p, p)
    assert torch.allclose(found, logits_by_hand(p, ALPHAS), atol=5e-3)


def test_its_frequencies_are_read_back(circuit):
    found = mi.fourier.key_frequencies(circuit)
    assert found.dataset["frequency"].values[found.dataset["key"].values].tolist() == sorted(ALPHAS)
    squares = {k: a * a for k, a in ALPHAS.items()}
    for k in ALPHAS:
        assert found.sel(frequency=k).values == pytest.approx(squares[k] / sum(squares.values()), abs=1e-3)
    assert found.values.sum() == pytest.approx(1, abs=1e-3)


def test_its_cosines_are_read_back(circuit):
    fit = mi.fourier.logit_trig_fit(circuit)
    assert fit.values == pytest.approx([ALPHAS[k] for k in sorted(ALPHAS)], abs=1e-2)
    assert fit.dataset["variance_explained"].item() == pytest.approx(1, abs=1e-4)
    assert fit.dataset["loss_of_fit"].item() == pytest.approx(fit.dataset["loss"].item(), rel=0.05, abs=1e-3)
    part = mi.fourier.logit_trig_fit(circuit, frequencies=[20, 5])
    assert part.values == pytest.approx([9, 0], abs=1e-2)
    assert part.dataset["variance_explained"].item() == pytest.approx(81 / 110, abs=1e-3)


def test_its_map_from_neurons_is_read_back(circuit):
    found = mi.fourier.neuron_logit_map(circuit).dataset
    assert found["share_of_keys"].item() == pytest.approx(1, abs=1e-3)
    for part in ("u_explained", "v_explained"):
        assert found[part].sel(frequency=sorted(ALPHAS)).values == pytest.approx(1, abs=1e-3)
        assert np.isnan(found[part].sel(frequency=1))
    assert found["singular_value"].values[6:].max() < 1e-3 * found["singular_value"].values[0]


def test_losing_a_frequency_costs_what_the_others_leave(circuit):
    p = circuit.config.d_vocab - 1
    answers = mi.fourier.modular_sums(p).answers
    ablated = mi.fourier.frequency_ablation(circuit)

    def loss(alphas):
        logits = logits_by_hand(p, alphas).flatten(0, 1).double()
        return torch.nn.functional.cross_entropy(logits, answers).item()

    assert ablated.dataset["loss"].item() == pytest.approx(loss(ALPHAS), rel=0.05)
    for k in ALPHAS:
        rest = {other: a for other, a in ALPHAS.items() if other != k}
        assert ablated.sel(frequency=k).values == pytest.approx(loss(rest), rel=0.05)
    assert ablated.sel(frequency=1).values == pytest.approx(loss(ALPHAS), rel=0.05)


def test_its_progress_is_complete(circuit):
    p = circuit.config.d_vocab - 1
    task = mi.fourier.Task(p, split=mi.fourier.modular_sums(p, "train"))
    found = mi.fourier.progress_measures(circuit, task=task).dataset
    assert found["test_accuracy"].item() == found["train_accuracy"].item() == 1
    assert found["restricted"].item() == pytest.approx(found["test_loss"].item(), rel=0.2)
    assert found["excluded"].item() == pytest.approx(np.log(p), abs=0.02)  # nothing is left but a guess
    assert found["squared_weights"].item() == pytest.approx(
        sum(w.double().square().sum().item() for w in circuit.module.parameters()), rel=1e-6
    )


@pytest.mark.parametrize("p", PRIMES)
def test_the_frequency_of_a_neuron_set_by_hand_is_read_back(p):
    given = [1, 4, 20, 4, 9]
    found = mi.fourier.neuron_frequencies(mi.load(neurons_of(p, given)))
    assert found.dataset["frequency"].values.tolist() == given
    assert found.values == pytest.approx(1, abs=1e-4)
    assert found.dataset["clear"].item() == 1


def test_products_of_one_frequency_are_polynomials_of_it_and_of_two_are_not():
    n = torch.arange(11).double()
    cos = {k: (2 * torch.pi * k * n / 11).cos() for k in (2, 3)}
    same, mixed = torch.outer(cos[2], cos[2]), torch.outer(cos[2], cos[3])
    sine = torch.outer((2 * torch.pi * 2 * n / 11).sin(), cos[2])
    explained = polynomial_shares(torch.stack([same, mixed, sine, torch.zeros(11, 11)], -1).float())
    assert explained[1].tolist() == pytest.approx([1, 0, 1, 0], abs=1e-5)
    assert explained.max(0).values.tolist() == pytest.approx([1, 0, 1, 0], abs=1e-5)


@settings(max_examples=examples(20))
@given(st.sampled_from([5, 7, 11]), st.sets(st.integers(1, 2)), st.integers(0, 100))
def test_what_is_kept_and_what_is_left_add_up_to_the_logits(p, keys, seed):
    logits, answers = random_logits(p, seed), Task(p, "a-b" if seed % 2 else "a+b").answers
    pairs = AllPairs(Task(p, "a-b" if seed % 2 else "a+b"), logits, torch.empty(p, p, 0))
    both = by_logits.only(pairs, sorted(keys)) + by_logits.without(pairs, sorted(keys))
    assert torch.allclose(both - logits.mean((0, 1)), logits, atol=1e-4)
    assert by_logits.shares(logits, answers).sum() <= 1
    everything = range(1, (p - 1) // 2 + 1)
    mean_of_sum = mean_by(logits, answers)[answers]
    assert torch.allclose(along(logits, everything, answers), mean_of_sum - logits.mean((0, 1)), atol=1e-4)


def test_parts_are_projections_by_the_plainest_definition():
    logits, n = random_logits(), torch.arange(7).double()
    total = n[:, None] + n
    part = torch.zeros(7, 7, 7, dtype=torch.double)
    for wave in (torch.cos, torch.sin):
        w = wave(2 * torch.pi * 2 * total / 7)
        part += torch.einsum("ab,abc->c", w, logits.double()) / w.square().sum() * w[..., None]
    task = Task(7)
    assert torch.allclose(along(logits, [2], task.answers), part.float(), atol=1e-5)
    assert by_logits.shares(logits, task.answers)[1] == pytest.approx(
        (part.square().sum() / (logits - logits.mean((0, 1))).square().sum()).item(), rel=1e-4
    )
    w = (2 * torch.pi * 3 * (total[..., None] - n) / 7).cos()
    alpha, _ = by_logits.trig_fit(AllPairs(task, logits, torch.empty(7, 7, 0)), [3])
    assert alpha.item() == pytest.approx(((w * logits).sum() / w.square().sum()).item(), rel=1e-4)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12))
def test_the_gini_coefficient_is_the_mean_difference(values):
    x = np.array(values, dtype=np.float32).astype(np.float64)
    expected = np.abs(x[:, None] - x).mean() / (2 * x.mean()) if x.sum() > 0 else 0
    assert gini(torch.from_numpy(x)) == pytest.approx(expected, abs=1e-5)


def test_a_network_of_nothing_has_no_frequencies():
    module = adding_circuit(7, {})
    found = mi.load(module)
    assert not mi.fourier.key_frequencies(found).dataset["key"].values.any()
    assert mi.fourier.neuron_logit_map(found).dataset["share_of_keys"].item() == 0
    assert mi.fourier.logit_trig_fit(found).dataset["variance_explained"].item() == 0
    task = Task(7, split=range(20))
    measures = mi.fourier.progress_measures(found, task=task).dataset
    for what in ("restricted", "excluded", "train_loss", "loss"):
        assert measures[what].item() == pytest.approx(np.log(7), abs=1e-5)


def test_an_untrained_network_has_none_of_it():
    module = small_transformer(n_layers=1, d_vocab=60, n_ctx=3, normalization=None)
    model = mi.load(module)
    assert mi.fourier.neuron_frequencies(model).dataset["clear"].item() < 0.2
    assert mi.fourier.progress_measures(model).dataset["accuracy"].item() < 0.1
    fit = mi.fourier.logit_trig_fit(model, frequencies=range(1, 30))
    assert fit.dataset["variance_explained"].item() < 0.1


def test_an_intervention_reaches_the_analyses(circuit):
    with circuit.intervene(mi.ablate(mi.sites.mlp_out[0])):
        assert not mi.fourier.key_frequencies(circuit).dataset["key"].values.any()
        assert mi.fourier.progress_measures(circuit).dataset["accuracy"].item() < 0.1


def test_a_network_set_by_hand_lies_on_its_circles_and_loses_one():
    p = 59
    model = mi.load(neurons_of(p, [4, 9]))
    found = mi.fourier.spectrum(model, neurons=[1], logits=[0, 3])
    norms = mi.fourier.norms(model.weights.W_E[:p])
    assert found.values == pytest.approx(norms.values, abs=1e-4)
    for k in (4, 9):
        circle = found.sel(frequency=k).dataset
        assert circle["x"].values == pytest.approx(np.cos(2 * np.pi * k * np.arange(p) / p), abs=1e-4)
        assert circle["y"].values == pytest.approx(np.sin(2 * np.pi * k * np.arange(p) / p), abs=1e-4)
    spectrum = found.dataset["spectrum"].sel(target="neuron 1")
    size = (59 / 2) ** 0.5 * 59**0.5  # of a wave of one of the two numbers
    both = [(spectrum.sel(component_a=f"{w} 9", component_b="1") ** 2).item() for w in ("cos", "sin")]
    assert sum(both) == pytest.approx(size**2, rel=1e-3)
    squared = (found.dataset["spectrum"] ** 2).sum(("component_a", "component_b")).values
    neurons = model.run(mi.fourier.modular_sums(p).ids, keep=[at.mlp_post])[at.mlp_post[0].pos(-1)][:, 1]
    assert squared[0] == pytest.approx(neurons.square().sum().item(), rel=1e-3)
    with model.intervene(mi.fourier.project_out_frequency(model, 9)):
        left = mi.fourier.spectrum(model)
        assert mi.fourier.neuron_frequencies(model).values == pytest.approx([1, 0], abs=1e-4)
    assert left.sel(frequency=9).values == pytest.approx(0, abs=1e-4)
    assert left.sel(frequency=4).values == pytest.approx(found.sel(frequency=4).values, rel=1e-4)
    assert "spectrum" not in left.dataset


ANALYSES = [
    mi.fourier.spectrum,
    mi.fourier.key_frequencies,
    mi.fourier.neuron_frequencies,
    mi.fourier.logit_trig_fit,
    mi.fourier.frequency_ablation,
    mi.fourier.neuron_logit_map,
    mi.fourier.progress_measures,
]


@pytest.mark.parametrize("analysis", ANALYSES)
def test_what_is_no_network_for_modular_addition_is_named(analysis):
    for module in (small_gpt2(), small_transformer(n_layers=1, d_vocab=60, n_ctx=3, d_mlp=0)):
        with pytest.raises(
            MIError, match=rf"{public_name(analysis)}: \S+ is no network for modular addition, which has"
        ):
            analysis(mi.load(module))


@pytest.mark.parametrize(
    "sizes", [{"n_layers": 2}, {"d_mlp": 0}, {"n_ctx": 2}, {"d_vocab": 1010}], ids=lambda sizes: str(*sizes)
)
def test_what_is_no_network_for_modular_addition_is_named_without_a_table_of_all_pairs(monkeypatch, sizes):
    """Which of a real vocabulary takes gigabytes."""
    monkeypatch.setattr(pairs_module, "Task", lambda *_: pytest.fail("A table of all pairs was made."))
    module = small_transformer(**{"n_layers": 1, "n_heads": 1, "d_vocab": 14, "n_ctx": 3, **sizes})
    with pytest.raises(
        MIError, match=r"no network for modular addition, .* for a prime p, here up to 1000; it has"
    ):
        mi.fourier.spectrum(mi.load(module))


@pytest.mark.parametrize("analysis", ANALYSES)
def test_the_code_of_each_makes_it_again(analysis, circuit):
    code = analysis(circuit).code()
    scope = {"mi": mi, "at": mi.sites}
    exec(
        code.replace("model = ...", "model = given").partition("model.require")[0], scope | {"given": circuit}
    )
    assert f"result = {public_name(analysis)}(model" in code


@pytest.mark.parametrize("p", [0, 1, 2, 3, 4, 9, 111, -7, 7.0, True])
def test_a_modulus_that_is_no_prime_is_named(p):
    with pytest.raises(MIError, match=r"must be a prime from 5, as in \d+; got"):
        mi.fourier.modular_sums(p)
    with pytest.raises(MIError, match="must be a prime from 5"):
        mi.fourier.basis(p)


def test_what_cannot_be_analysed_is_named(circuit):
    with pytest.raises(MIError, match=r"takes a matrix \(p, d\), a row a number; got shape \(5,\)"):
        mi.fourier.norms(torch.ones(5))
    with pytest.raises(MIError, match=r"prime from 5, as in 7; got 6"):
        mi.fourier.norms(torch.ones(6, 2))
    p = circuit.config.d_vocab - 1
    with pytest.raises(
        MIError, match=rf"frequencies are some of 1 to {(p - 1) // 2}, each once; got \[0, 3\]"
    ):
        mi.fourier.logit_trig_fit(circuit, frequencies=[0, 3])
    with pytest.raises(MIError, match=r"the splits are all, train, test; got 'dev'"):
        mi.fourier.modular_sums(7, "dev")
    with pytest.raises(MIError, match=r"share is more than 0 and less than 1; got 1"):
        mi.fourier.modular_sums(7, "train", share=1)


def test_the_split_parts_all_sums_and_follows_its_seed():
    whole, train, test = (mi.fourier.modular_sums(59, part) for part in ("all", "train", "test"))
    assert len(whole) == 59 * 59
    assert len(train) == int(0.3 * 59 * 59)
    assert sorted(train.ids.tolist() + test.ids.tolist()) == whole.ids.tolist()
    assert (whole.answers == whole.ids[:, :2].sum(1) % 59).all()
    assert (whole.ids[:, 2] == 59).all()
    assert not torch.equal(train.ids, mi.fourier.modular_sums(59, "train", seed=1).ids)
    assert eval(repr(train)).ids.equal(train.ids)
