"""Threads in a real kernel, while a cell runs."""

import json

import pytest
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.browser

SETUP = """
import json, threading, torch
import mi_widgets as mi
from mi_widgets import sites as at
model = mi.load("induction-2l")
ids = torch.arange(20, 40)[None]
changes = [mi.ablate(at.z[0, 3]), mi.scale(at.z[1, 1], 3.0), mi.ablate(at.resid_mid[1].pos(-1))]
changes += [mi.scale(at.scores[0], 2.0)]

def changed(i):
    with model.intervene(changes[i]):
        run = model.run(ids, keep=[at.pattern])
    return run.logits, run[at.pattern]

alone, plain = [changed(i) for i in range(4)], model.run(ids).logits
largest, problems = [0.0] * 5, []

def work(i):
    try:
        for _ in range(100):
            for got, expected in zip(changed(i), alone[i]):
                largest[i] = max(largest[i], (got - expected).abs().max().item())
    except BaseException as error:
        problems.append(repr(error))
"""
CELL = """
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for thread in threads: thread.start()
while any(thread.is_alive() for thread in threads):
    largest[4] = max(largest[4], (model.run(ids).logits - plain).abs().max().item())
print(json.dumps([largest, problems]))
"""


def test_four_threads_of_a_hundred_runs_during_a_cell_give_what_each_gives_alone():
    manager, client = start_new_kernel()
    printed = []

    def hear(message):
        assert message["msg_type"] != "error", message["content"]
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            printed.append(message["content"]["text"])

    try:
        for code in (SETUP, CELL):
            reply = client.execute_interactive(code, timeout=120, output_hook=hear)
            assert reply["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    largest, problems = json.loads("".join(printed))
    assert not problems
    assert max(largest) < 1e-5
