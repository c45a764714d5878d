"""Whatever a notebook has switched on or off, every analysis gives the same numbers, and puts back what it found."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.record import Call
from mi_widgets.core.torch_defaults import torch_defaults
from tests.analysis.recorded_cases import brought, circuits, every_case, load, numbers_of
from tests.conftest import small_gpt2, small_transformer
from tests.model.letters import letters
from tests.names import every_public

IDS = torch.tensor([[3, 1, 4, 1, 5, 9]])


@contextmanager
def switched(switch, value, back):
    switch(value)
    try:
        yield
    finally:
        switch(back)


def strict_warnings():
    inside = ExitStack()
    inside.enter_context(warnings.catch_warnings())
    warnings.simplefilter("error")
    return inside


STATES = {
    "gradients off": lambda: switched(torch.set_grad_enabled, False, True),
    "no_grad": torch.no_grad,
    "inference mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "default device": lambda: switched(torch.set_default_device, "meta", None),
    "a device around": lambda: torch.device("meta"),
    "default float64": lambda: switched(torch.set_default_dtype, torch.float64, torch.float32),
    "default bfloat16": lambda: switched(torch.set_default_dtype, torch.bfloat16, torch.float32),
    "deterministic": lambda: switched(torch.use_deterministic_algorithms, True, False),
    "warnings are errors": strict_warnings,
    "numpy raises": lambda: np.errstate(all="raise"),
}
ALL_AT_ONCE = (
    *("inference mode", "autocast", "default device", "default bfloat16"),
    *("deterministic", "warnings are errors", "numpy raises"),
)


@contextmanager
def all_at_once():
    with ExitStack() as inside:
        for name in ALL_AT_ONCE:
            inside.enter_context(STATES[name]())
        yield


def found():
    """All that an analysis could have left otherwise than it was."""
    with torch.device("cpu"):
        drawn = torch.get_rng_state().numpy().tobytes()
    return {
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")),
        "device": torch.get_default_device(),
        "dtype": torch.get_default_dtype(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "torch's draws": drawn,
        "numpy's draws": np.random.get_state()[1].tobytes(),
        "warnings": list(map(repr, warnings.filters)),
        "numpy's errors": np.geterr(),
    }


@pytest.mark.slow
def test_every_recorded_function_gives_the_same_numbers_with_everything_switched_at_once():
    model, seen = load("atlas"), []
    hook = model.module.register_forward_hook(lambda *_: seen.append(1))  # a user's own
    plain = {}
    try:
        for state in (nullcontext, all_at_once):
            model.module.train(state is all_at_once)
            learns = {name for name, weight in model.module.named_parameters() if weight.requires_grad}
            for function, calls in {**every_case(), **circuits()}.items():
                for i, (given, options) in enumerate(calls):
                    with state():
                        before = found()
                        result = function(*given, **options)
                        assert found() == before, function
                        assert isinstance(result.record, Call), function
                    numbers = numbers_of(result)
                    expected = plain.setdefault((function, i), numbers)
                    np.testing.assert_allclose(numbers, expected, atol=1e-5, rtol=1e-4, err_msg=str(function))
            assert seen
            assert all(weight.grad is None for weight in model.module.parameters())
            assert learns == {name for name, w in model.module.named_parameters() if w.requires_grad}
        assert model.module.training
        assert all(p.training for n, p in model.module.named_modules() if "tap_" not in n)
        assert next(iter(model.module._forward_hooks.values())).__name__ == "<lambda>"
    finally:
        hook.remove()
        model.module.eval()


def test_every_public_function_computes_as_torch_starts():
    public = {
        name: thing.__init__ if isinstance(thing, type) else thing
        for name, thing in every_public().items()
        if callable(thing) and not name.startswith("mi.views.")  # which see Results only
    }
    bare = {name for name, made in public.items() if not hasattr(made, "__wrapped__")}
    no_torch = {
        "mi.MIError",
        "mi.stack",
        "mi.shipped.corpora",
        "mi.shipped.smollm2",
        "mi.shipped.toys",
        "mi.interventions.freeze_pattern",
    }
    made_elsewhere = {
        "mi.Model",
        "mi.Run",
        "mi.Generation",
        "mi.interventions.Intervention",
        "mi.interventions.Stack",
    }
    assert bare == no_torch | made_elsewhere | {"mi.interventions.Array"}  # which is tried below


@pytest.fixture(scope="module")
def tiny():
    return mi.load(small_gpt2(), tokenizer=letters())


def gradient(model):
    run = model.run(IDS, keep=[at.resid_pre], grad=True)
    return run.gradient(lambda run: run.last_logits[0, 5] - run.logits[0, -1, 6], at.resid_pre)


def picked(model):
    run = model.run(IDS, keep=[at.resid_pre], grad=True)
    return run.gradient(run.logits[0, -1, 5], at.resid_pre)


def attributed(model):
    pair = mi.PromptPair("abc", "adc", ("e", "f"))
    return mi.attribution_patching(model, [pair], at.resid_pre, progress=False).values


def trained(_):
    given = torch.arange(400, dtype=torch.float32, device="cpu").reshape(-1, 4).sin()
    return mi.sae.train(activations=given, d_sae=8, k=2, n_tokens=200, batch_size=50, progress=False).W_enc


def toy(_):
    return mi.toys.train(sparsity=0.5, n_steps=3, n_restarts=2, batch_size=8, progress=False).W


CALLS = {
    "gradient": gradient,
    "gradient of what was picked": picked,
    "attribution_patching": attributed,
    "sae.train": trained,
    "toys.train": toy,
    "load": lambda _: mi.load(small_transformer()).run(IDS).logits,
    "load a shipped one": lambda _: mi.load("induction-1l").run(IDS).logits,
    "untrained": lambda model: model.untrained(seed=1).run(IDS).logits,
    "generate": lambda model: model.generate(IDS, max_new_tokens=3, temperature=0.8, seed=2).ids,
    "generate_batch": lambda model: model.generate_batch(IDS, max_new_tokens=2)[0].ids,
    "over_checkpoints": lambda _: (
        mi.over_checkpoints("induction-1l", mi.copying_scores, steps=[0], progress=False).values
    ),
    "last_logits": lambda model: model.run(IDS).last_logits,
    "tokenize": lambda model: model.tokenize([[1, 4], [3]]).ids,
    "weights": lambda model: model.weights.W_U,
    "unembedding": lambda model: model.unembedding.directions([1, 2]) * model.unembedding.biases([1, 2]),
    "Array": lambda _: mi.interventions.Array([1.0, 2.5]).tensor,
    "basis": lambda _: mi.fourier.basis(7),
}


def plain_numbers(made):
    return made.detach().numpy() if isinstance(made, torch.Tensor) else np.asarray(made)


@pytest.fixture(scope="module")
def plainly(tiny):
    return {name: plain_numbers(call(tiny)) for name, call in CALLS.items()}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.slow
def test_what_needs_gradients_and_what_makes_tensors_is_the_same_in_each_state(state, tiny, plainly):
    for name, call in CALLS.items():
        with STATES[state]():
            before = found()
            numbers = plain_numbers(call(tiny))
            assert found() == before, name
        assert numbers.dtype == plainly[name].dtype, name
        np.testing.assert_allclose(numbers, plainly[name], atol=1e-6, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("state", STATES)
def test_an_error_leaves_the_state_as_it_was(state, tiny):
    tiny.module.train()
    with STATES[state]():
        before = found()
        with tiny.intervene(mi.interventions.apply(at.mlp_out[0], lambda x: x[0, 0])):
            with pytest.raises(mi.MIError):
                tiny.run(IDS, grad=True)
            with pytest.raises(mi.errors.WrongKind):
                mi.attention(IDS)
        assert found() == before
    assert tiny.module.training
    tiny.module.eval()


def test_analyses_in_other_threads_give_the_same_while_the_main_thread_is_in_any_state(tiny, plainly):
    names = [name for name in CALLS if name not in ("load a shipped one", "over_checkpoints")] * 2
    with all_at_once(), ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda name: plain_numbers(CALLS[name](tiny)), names))
        assert torch.get_default_dtype() is torch.bfloat16
    for name, each in zip(names, numbers, strict=True):
        np.testing.assert_allclose(each, plainly[name], atol=1e-6, rtol=1e-5, err_msg=name)


def test_the_default_dtype_of_all_threads_comes_back_when_the_last_of_them_leaves():
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with torch_defaults():
            inside.set()
            assert leave.wait(10)
            return torch.get_default_dtype()

    with switched(torch.set_default_dtype, torch.float64, torch.float32), ThreadPoolExecutor(1) as pool:
        there = pool.submit(stay)
        assert inside.wait(10)
        with torch_defaults():
            leave.set()
            assert there.result() is torch.float32
            assert torch.get_default_dtype() is torch.float32
        assert torch.get_default_dtype() is torch.float64


def test_what_the_default_dtype_was_set_to_meanwhile_stays():
    with switched(torch.set_default_dtype, torch.float64, torch.float32):
        with torch_defaults():
            torch.set_default_dtype(torch.float16)
        assert torch.get_default_dtype() is torch.float16


def test_gradients_that_were_off_when_a_number_was_computed_are_said_to_be(tiny):
    run = tiny.run(IDS, keep=[at.resid_pre], grad=True)
    right = run.gradient(run.logits[0, -1, 5] - run.logits[0, -1, 6], at.resid_pre)
    with torch.no_grad():
        with pytest.raises(
            mi.MIError, match=r"without a graph\. Gradients are switched off here .* give a function, as in"
        ):
            run.gradient(run.logits[0, -1, 5] - run.logits[0, -1, 6], at.resid_pre)
        by_function = run.gradient(lambda run: run.logits[0, -1, 5] - run.logits[0, -1, 6], at.resid_pre)
        rows = run.logits[0]
        picked_twice = run.gradient(rows[-1][5], at.resid_pre) - run.gradient(rows[-1, 6], at.resid_pre)
    assert torch.allclose(by_function, right, atol=1e-6)
    assert torch.allclose(picked_twice, right, atol=1e-6)


def test_tensors_made_in_inference_mode_are_taken(tiny):
    with torch.inference_mode():
        given, direction = torch.arange(400.0).reshape(-1, 4).sin(), torch.arange(32.0).cos()
    assert np.allclose(
        mi.sae.train(activations=given, d_sae=8, k=2, n_tokens=200, batch_size=50, progress=False).W_enc,
        trained(None),
        atol=1e-6,
    )
    with tiny.intervene(mi.steer(at.resid_post[0], direction)):
        steered = gradient(tiny)
    with tiny.intervene(mi.steer(at.resid_post[0], torch.arange(32.0).cos())):
        assert torch.allclose(gradient(tiny), steered, atol=1e-6)


def test_a_module_made_in_inference_mode_runs_and_says_that_it_takes_no_gradient():
    with torch.inference_mode():
        module = small_gpt2()
    model, same = mi.load(module, tokenizer=letters()), mi.load(small_gpt2())
    assert torch.allclose(model.run(IDS).logits, same.run(IDS).logits, atol=1e-6)
    assert model.fingerprint == same.fingerprint
    with pytest.raises(
        mi.MIError, match=r"made in torch\.inference_mode\(\) \(transformer\.wte\.weight is .* outside of it"
    ):
        attributed(model)


@pytest.mark.parametrize("panel", ["patching", "steering", "latents", "fourier"])
def test_panels_answer_the_same_in_any_state(panel):
    atlas, adding = load("atlas"), brought()["model"]
    text = "For people in Texas, the capital of their state is"
    sae = mi.sae.load("atlas-2")
    pair = mi.PromptPair(text, text.replace("Texas", "Ohio"), (" Austin", " Columbus"))
    make = {
        "patching": lambda: mi.PatchingPanel(atlas, pair, max_new_tokens=1),
        "steering": lambda: mi.SteeringPanel(
            atlas, {"17": sae.direction(17)}, prompt="I think", max_new_tokens=2
        ),
        "latents": lambda: mi.LatentsPanel(atlas, sae, prompt=text),
        "fourier": lambda: mi.FourierPanel(adding),
    }[panel]
    said = []
    for state in (nullcontext, all_at_once):
        with state():
            made = make()
            assert made.wait(20)
            assert not made.error
            said.append((repr(made), made.png()))
            made.close()
    assert said[0] == said[1]
