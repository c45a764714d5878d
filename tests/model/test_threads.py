"""Many threads, many runs, and stops in the middle: the model is as before, and nothing piles up."""

import threading

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.conftest import small_gpt2, small_transformer

IDS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])


def hooks_of(module):
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return [(name, kind) for name, part in module.named_modules() for kind in kinds if getattr(part, kind)]


def in_threads(work, n):
    problems = []

    def safely(i):
        try:
            work(i)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=safely, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_two_wrappers_of_a_module_in_four_threads_give_what_each_gives_alone():
    module = small_gpt2()
    wrappers = [mi.load(module), mi.load(module)]
    direction = torch.randn(32, generator=torch.Generator().manual_seed(0))
    changes = [
        mi.scale(at.z[0, 1], 3.0),
        mi.ablate(at.mlp_out[1]),
        mi.steer(at.resid_post[0].pos(-1), direction, scale=5.0),
        mi.project_out(at.resid_pre[1], direction),
    ]

    def once(i):
        model = wrappers[i % 2]
        with model.intervene(changes[i]):
            run = model.run(IDS, keep=[at.pattern])
            return run.logits, run[at.pattern], model.generate(IDS, max_new_tokens=3).ids

    expected = [once(i) for i in range(4)]

    def work(i):
        for _ in range(10):
            logits, pattern, written = once(i)
            assert torch.allclose(logits, expected[i][0], atol=1e-5)
            assert torch.allclose(pattern, expected[i][1], atol=1e-5)
            assert written == expected[i][2]

    in_threads(work, 4)


def test_a_sweep_lets_others_in_between_its_chunks():
    model = mi.load(small_transformer(n_layers=4))
    waits, stop = [], threading.Event()

    def others():
        while not stop.is_set():
            model.run(IDS)
            waits.append(1)

    thread = threading.Thread(target=others)
    thread.start()
    try:
        model.sweep(IDS, mi.ablate, at.resid_pre, metric=lambda logits: logits[:, 5])
    finally:
        stop.set()
        thread.join()
    assert waits


class Stop(BaseException):
    """Neither ours nor an Exception, as KeyboardInterrupt is not."""


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, Stop])
@pytest.mark.parametrize("where", ["intervention", "module", "metric", "on_token"])
def test_after_a_stop_in_the_middle_the_model_is_untouched(kind, where):
    model = mi.load(small_gpt2())
    before, hooks = model.run(IDS).logits, hooks_of(model.module)

    def stop(*_):
        raise kind("stopped")

    def hooked():
        handle = model.module.transformer.h[1].mlp.register_forward_pre_hook(stop)
        try:
            model.run(IDS)
        finally:
            handle.remove()

    def intervened():
        with model.intervene(mi.interventions.apply(at.resid_post[0], stop)):
            model.run(IDS)

    acts = {
        "intervention": intervened,
        "module": hooked,
        "metric": lambda: model.sweep(IDS, mi.ablate, at.resid_pre, metric=stop),
        "on_token": lambda: model.generate(IDS, on_token=stop),
    }
    with pytest.raises(kind, match="stopped"):
        acts[where]()
    assert model.interventions == mi.stack()
    assert torch.equal(model.run(IDS).logits, before)
    assert hooks_of(model.module) == hooks


def test_no_hook_is_left_on_the_module():
    module = small_gpt2()
    clean = hooks_of(module)
    model = mi.load(module)
    with model.intervene(mi.ablate(at.z[0, 1])):
        model.run(IDS, keep=[at.pattern, at.resid_post])
        model.generate(IDS, max_new_tokens=2)
    model.release()
    assert hooks_of(module) == clean == []
