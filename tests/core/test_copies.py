"""A copied, saved or pickled Result of every kind: the same numbers, still read-only, and the same code."""

import copy
import pickle
from functools import cache
from multiprocessing import get_context

import numpy as np
import pytest

import mi_widgets as mi
from mi_widgets import sites as at
from tests.kinds import KINDS, model

made = cache(lambda kind: KINDS[kind]())


def saved(result, tmp_path):
    result.save(tmp_path / "result")
    return mi.load_result(tmp_path / "result")


def pickled(result):
    return pickle.loads(pickle.dumps(result))  # noqa: S301 (our own)


def is_the_same(again, result):
    assert again.dataset.identical(result.dataset)
    for name in ("kind", "title", "primary", "unit", "source", "warnings", "model_name"):
        assert getattr(again, name) == getattr(result, name)
    assert again.provenance.seed == result.provenance.seed
    assert again.provenance.active == result.provenance.active
    assert str(again) == str(result)
    for name in {*again.dataset.variables} - {*again.dataset.indexes}:
        assert not again.dataset[name].values.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        again.values[...] = 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_of_every_kind(kind):
    result = made(kind)
    for how in (copy.copy, copy.deepcopy):
        is_the_same(how(result), result)
        assert how(result).code() == result.code()
        assert how(result).provenance is result.provenance
    assert not np.shares_memory(copy.deepcopy(result).values, result.values)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickle_of_every_kind_holds_what_a_file_does(kind, tmp_path):
    result = made(kind)
    once = pickled(result)
    for again in (once, pickled(once)):
        is_the_same(again, result)
        assert again.code() == saved(result, tmp_path).code()


def test_interventions_of_arrays_and_functions_are_pickled():
    stack = mi.stack(mi.steer(at.resid_post[0], np.ones(32, "float32")), mi.ablate(at.z[0, 1]))
    own = mi.interventions.apply(at.resid_post[0], lambda x: 2 * x)
    for changes in (stack, own):
        with model().intervene(changes):
            result = mi.loss_per_token(model().run("abc"))
        again = pickled(result - 1)
        is_the_same(again, result - 1)
        assert (again - 1).title == f"{result.title} − 1 − 1"


@pytest.mark.slow
def test_other_processes_take_and_return_results():
    result = made("loss_per_token")
    with get_context("spawn").Pool(1) as pool:
        [again] = pool.map(abs, [result])
    np.testing.assert_array_equal(again.values, np.abs(result.values))
    assert again.code().splitlines()[-1] == abs(result).code().splitlines()[-1]


@cache
def directions():
    given = mi.directions.mean_difference(model(), ["abc", "abd"], ["xyz", "xyw"], at.resid_post[1])
    probe = mi.directions.linear_probe(model(), ["abc", "abd"], ["xyz", "xyw"], at.resid_post[1])
    return {"difference": given, "probe": probe, "random": mi.directions.random_like(given)}


@pytest.mark.parametrize("which", ["difference", "probe", "random"])
@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, pickled, lambda d: pickled(pickled(d))])
def test_a_direction_is_copied_with_all_that_is_known_of_it(which, how):
    given = directions()[which]
    again = how(given)
    assert again == given
    assert type(again) is type(given)
    assert repr(again) == repr(given)
    assert (again.site, again.facts, again.norm) == (given.site, given.facts, given.norm)
    assert again.provenance.model == given.provenance.model
    assert getattr(again, "bias", None) == getattr(given, "bias", None)
    with pytest.raises(TypeError, match="does not support item assignment"):
        again.facts["new"] = 1.0
    steering = mi.steer(at.resid_post[1], given)
    assert how(steering) == steering
    assert how(mi.stack(steering)).code() == mi.stack(steering).code()


def test_a_copied_direction_is_made_by_the_same_code():
    given = directions()["difference"]
    with model().intervene(mi.steer(at.resid_post[1], given)):
        wanted = mi.loss_per_token(model().run("abc"))
    with model().intervene(copy.deepcopy(mi.steer(at.resid_post[1], given))):
        found = mi.loss_per_token(model().run("abc"))
    assert found.code() == wanted.code()
    np.testing.assert_array_equal(found, wanted)


def test_a_direction_is_a_vector_to_numpy():
    given = directions()["difference"]
    np.testing.assert_array_equal(np.asarray(given), given.tensor.numpy())
    assert np.asarray(given, dtype=np.float64).dtype == np.float64
    assert np.linalg.norm(given) == pytest.approx(given.norm)
    np.asarray(given)[0] = 7
    assert given == directions()["difference"]
    half = mi.interventions.Array(given.tensor.bfloat16())
    np.testing.assert_array_equal(np.asarray(half), half.tensor.float().numpy())
