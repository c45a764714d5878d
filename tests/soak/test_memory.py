"""The process does not grow with runs, nor with the moves of a slider."""

import gc
import time

import psutil
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.conftest import small_gpt2, small_transformer
from tests.model.letters import letters

pytestmark = pytest.mark.soak


def memory_after(do, times):
    """Bytes of the process after something was done several times."""
    for i in range(times):
        do(i)
    gc.collect()
    return psutil.Process().memory_info().rss


def test_memory_does_not_grow_with_runs():
    model = mi.load(small_gpt2())

    def run(i):
        with model.intervene(mi.scale(at.z[0, i % 4], 2.0)):
            model.run([[3, 1, 4, 1, 5, 9, 2, 6]], keep=[at.pattern, at.resid_post])

    before = memory_after(run, 200)
    assert (memory_after(run, 1000) - before) / 1000 < 10_000


def test_memory_does_not_grow_with_the_moves_of_a_slider():
    model = mi.load(small_transformer(7, n_layers=3), tokenizer=letters())
    push = mi.steer(at.resid_post[1], torch.randn(32, generator=torch.Generator().manual_seed(0)))
    panel = mi.SteeringPanel(model, {"push": push}, prompt="abcd", texts=["aabb"], max_new_tokens=6)

    def move(i):
        panel.scales = {"push": (i % 37) / 10}
        time.sleep(0.004)  # so that most are answered, and not only the newest

    before = memory_after(move, 100)
    assert panel.wait(20)
    assert memory_after(move, 500) - before < 5 * 2**20
