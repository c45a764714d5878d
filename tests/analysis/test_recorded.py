"""Every public function that makes a Result says every argument, and its code gives equal numbers in a new process."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets.core.recording import is_recorded
from mi_widgets.core.script import code_of
from tests.analysis.recorded_cases import brought, every_case, numbers_of
from tests.names import every_public

ROOT = Path(__file__).parents[2]

# Trained or loaded elsewhere: their own tests run their code.
ELSEWHERE = {mi.sae.load, mi.toys.load, mi.sae.train, mi.toys.train}


def test_every_recorded_function_is_tested_with_every_parameter():
    methods = [*vars(mi.Model).values(), *vars(mi.Run).values()]
    functions = filter(inspect.isfunction, [*every_public().values(), *methods])
    cases = every_case()
    recorded = {function for function in functions if is_recorded(function)} - ELSEWHERE
    assert recorded == set(cases)
    for function, calls in cases.items():
        signature = inspect.signature(function)
        away = {
            name
            for given, options in calls
            for name, value in signature.bind(*given, **options).arguments.items()
            if value is not None
        }
        # No shipped model has experts: tests/model/test_router.py has them.
        elsewhere = {"experts", *({"positions"} if function is mi.Model.sweep else set())}
        assert away == set(signature.parameters) - elsewhere


@pytest.mark.slow
def test_code_says_every_argument_and_gives_equal_numbers_in_a_new_process(tmp_path):
    scripts, wanted = [], []
    for function, calls in every_case().items():
        for given, options in calls:
            result = function(*given, **options)
            code = code_of(result.record, "result")
            for name, value in options.items():
                assert value is None or f"{name}=" in code, (function.__name__, name)
            for name in brought():
                code = code.replace(f"\n{name} = ...", f"\n{name} = brought()[{name!r}]")
            scripts.append(code)
            wanted.append(numbers_of(result))
    path = tmp_path / "scripts.json"
    path.write_text(json.dumps(scripts))
    # One process for all: it takes longer to begin than to run them.
    command = [sys.executable, "-c", _AGAIN, str(path), str(tmp_path / "found.npz")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert not done.returncode, done.stderr[-3000:]
    with np.load(tmp_path / "found.npz") as found:
        for i, numbers in enumerate(wanted):
            np.testing.assert_allclose(found[f"arr_{i}"], numbers, atol=1e-4, rtol=1e-4, err_msg=scripts[i])


_AGAIN = """
import json, sys
import numpy as np, torch
import mi_widgets as mi
from tests.names import every_public
from tests.analysis.recorded_cases import brought, load, numbers_of

torch.set_num_threads(1)
mi.load = load  # each model once
found = []
for script in json.loads(open(sys.argv[1]).read()):
    exec(script, names := {"brought": brought})
    found.append(numbers_of(names["result"]))
np.savez(sys.argv[2], *found)
"""
