"""What users bring, texts, answers, metrics and numbers of any make, is taken by one rule, or refused in words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.analysis.route_by_hand import PAIR, route
from tests.kinds import sae as a_dictionary
from tests.model.families import small
from tests.model.letters import letters

TEXTS = ["abc", "hello"]
MAKES = {
    "array": np.array,
    "series": pd.Series,
    "index": pd.Index,
    "values": lambda texts: dict(enumerate(texts)).values(),
    "generator": iter,
    "numpy's": lambda texts: [*map(np.str_, texts)],
}


@pytest.fixture(scope="module")
def model():
    return mi.load(small("GPT-2"), tokenizer=letters())


@pytest.fixture(scope="module")
def by_hand():
    return route()


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_any_iterable_of_texts_is_a_list_of_them(model, make):
    wanted = model.run(TEXTS)
    run = model.run(make(TEXTS))
    assert run.ids.equal(wanted.ids)
    assert repr(TEXTS) in mi.loss_per_token(run).code()
    assert model.tokenize(make(TEXTS)).ids.equal(wanted.ids)
    assert len(model.generate_batch(make(TEXTS), max_new_tokens=1)) == 2
    assert model.generate(make(TEXTS[:1]), max_new_tokens=1).prompt.endswith("abc")
    assert np.array_equal(
        mi.mean_activations(model, make(TEXTS), at.z).values, mi.mean_activations(model, TEXTS, at.z).values
    )
    parts = mi.directions.principal_component(model, make(TEXTS), at.resid_post[1])
    assert parts == mi.directions.principal_component(model, TEXTS, at.resid_post[1])


@pytest.mark.parametrize(
    "given", [{"abc", "hello"}, {"abc": 1}, pd.DataFrame({"a": TEXTS}), np.array(0.5), [["a"]]]
)
def test_what_has_no_order_or_is_no_text_is_refused(model, given):
    for call in (model.run, model.tokenize, lambda texts: mi.mean_activations(model, texts, at.z)):
        with pytest.raises(mi.errors.PromptError):
            call(given)


def test_a_series_of_token_ids_is_a_prompt(model):
    assert model.run(pd.Series([3, 4])).ids.tolist() == [[3, 4]]


def test_texts_with_labels_stand_for_their_text():
    atlas = mi.load("atlas")
    drawn = mi.shipped.sample_texts("atlas", n=2, register="geography")
    plain = [text.text for text in drawn]
    assert atlas.run(drawn).ids.equal(atlas.run(plain).ids)
    assert atlas.run(drawn[0]).prompt == plain[0]
    assert mi.in_context_learning_score(atlas, drawn, early=(1, 3), late=(5, 9)).values == (
        mi.in_context_learning_score(atlas, plain, early=(1, 3), late=(5, 9)).values
    )
    long = mi.shipped.sample_texts("atlas", n=2)  # of which one is longer than the context
    assert mi.in_context_learning_score(atlas, long, early=(1, 5), late=(10, 20)).values < 0


def test_token_ids_of_one_prompt_are_one_prompt(model):
    row = [3, 4, 5]
    several = mi.mean_activations(model, [row], at.resid_post)
    for given in (row, torch.tensor(row), np.array(row)):
        for size in (1, 64):
            found = mi.mean_activations(model, given, at.resid_post, batch_size=size)
            assert (found.title, found.values.tolist()) == (several.title, several.values.tolist())


def test_a_latents_number_may_be_of_any_make():
    sae = a_dictionary()
    for one in (torch.tensor(1), np.array(1), np.int64(1)):
        assert at.latent(sae, one) == at.latent(sae, 1)
        assert sae.direction(one).code() == sae.direction(1).code()
    for several in (torch.tensor([0, 2]), np.array([0, 2]), iter([0, 2])):
        assert at.latent(sae, several) == at.latent(sae, [0, 2])
    for wrong in (np.array(0.5), [], "a", 10**6, True):
        with pytest.raises(mi.errors.SiteError, match="has the latents 0 to "):
            at.latent(sae, wrong)
    with pytest.raises(mi.errors.SiteError, match=r"direction takes one latent, .* got \[0, 2\]"):
        sae.direction([0, 2])


def test_answers_may_be_ids_or_in_an_array(by_hand):
    ids = [by_hand.tokenizer(text, add_special_tokens=False).input_ids[0] for text in PAIR.answers]
    run = by_hand.run(PAIR.clean, keep=[at.resid_pre[0], at.attn_out, at.resid_post, at.z])
    wanted = mi.direct_logit_attribution(run, PAIR.answers)
    for given in (np.array(PAIR.answers), ids, np.array(ids), torch.tensor(ids), iter(PAIR.answers)):
        assert mi.direct_logit_attribution(run, given).dataset.identical(wanted.dataset)
    for given in ({*PAIR.answers}, ids[:1] * 2, PAIR.answers[:1] * 2, [PAIR, "a"]):
        with pytest.raises(mi.MIError, match="two different texts"):
            mi.direct_logit_attribution(run, given)
    by_ids = mi.PromptPair(PAIR.clean, PAIR.corrupted, ids)
    patched, same = (mi.activation_patching(by_hand, pair, "z") for pair in (PAIR, by_ids))
    assert same.dataset.identical(patched.dataset)
    assert repr(tuple(ids)) in same.code()
    with pytest.raises(
        mi.errors.PromptError, match=r"answer 999 of pair 0 is out of the vocabulary: .* 0 to 35"
    ):
        mi.activation_patching(by_hand, mi.PromptPair(PAIR.clean, PAIR.corrupted, (1, 999)), at.z)


def test_a_metric_of_another_form_is_told_how_it_is_called(by_hand):
    says = r"called here as metric\(logits\), which mi\.metrics\.logit_diff does not take .* Write metric=lambda l"
    with pytest.raises(mi.errors.MetricError, match=says):
        by_hand.sweep("ac?", mi.ablate, at.z, metric=mi.metrics.logit_diff)
    says = r"called here as metric\(logits, answers\), which <lambda> does not take .* Write metric=lambda logits, ans"
    with pytest.raises(mi.errors.MetricError, match=says):
        mi.activation_patching(by_hand, PAIR, at.z, metric=lambda logits: logits[:, 7])

    def broken(logits, answers):
        return logits + None

    with pytest.raises(TypeError, match="unsupported operand"):
        mi.activation_patching(by_hand, PAIR, at.z, metric=broken)
    with pytest.raises(mi.errors.MetricError, match=r"no finite number after some prompts .*: .* nan"):
        mi.activation_patching(by_hand, PAIR, at.z, metric=lambda logits, _: logits[:, 7] * float("nan"))


def test_metrics_take_arrays():
    logits = np.array([[1.0, 3.0, 2.0]], dtype=np.float32)
    for answers in ((1, 0), [1, 0], np.array([1, 0]), torch.tensor([1, 0])):
        assert mi.metrics.logit_diff(logits, answers).tolist() == [2]
        assert mi.metrics.rank(torch.from_numpy(logits), answers).tolist() == [0]
    with pytest.raises(mi.errors.MetricError, match="two token ids"):
        mi.metrics.logit_diff(logits, {1, 0})


def test_one_axis_may_stand_alone(by_hand):
    assert mi.activation_patching(by_hand, PAIR, at.z, by="layer").dims == ("layer",)
    with pytest.raises(
        mi.errors.SiteError, match=r"by= takes layer and any of head, pos for at.z; got \('layr',\)"
    ):
        mi.activation_patching(by_hand, PAIR, at.z, by="layr")


def test_a_sites_name_stands_for_it_everywhere(model):
    run = model.run("abc", keep="resid_post")
    assert mi.logit_lens(run, "resid_post").code() == mi.logit_lens(run, at.resid_post).code()
    assert mi.mean_activations(model, "abc", "z").code() == mi.mean_activations(model, "abc", at.z).code()
    means = mi.mean_activations(model, TEXTS, at.z)
    one = mi.interventions.ablate_sites("blocks.0.attn.hook_z", means)
    assert one == mi.interventions.ablate_sites(at.z[0], means)
    with pytest.raises(mi.errors.InterventionError, match=r"at.z names no layer"):
        mi.interventions.ablate_sites("z", means)


def test_paths_are_taken_like_names():
    assert mi.shipped.checkpoints(Path("induction-2l")) == mi.shipped.checkpoints("induction-2l")
    assert mi.toys.load(Path("plane")).name == "plane"
    grown = mi.over_checkpoints(
        Path("induction-2l"), lambda m: mi.copying_scores(m), steps=[0], progress=False
    )
    assert grown.model_name == "induction-2l"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda m: m.run("abc", keep_on="gpu"), "model.run: keep_on='gpu' is no device"),
        (lambda m: m.run("abc", keep_dtype=torch.int8), "model.run: keep_dtype='torch.int8' is not known"),
        (lambda m: mi.load("induction-2l", bos=2), "mi.load: bos must be True, False or None; got 2"),
        (lambda m: mi.load("induction-2l", bos=-1), "mi.load: bos must be True, False or None; got -1"),
        *(
            (
                lambda m, lr=lr: mi.sae.train(activations=torch.ones(9, 3), d_sae=4, k=1, lr=lr),
                "mi.sae.train: lr must be a finite number above 0",
            )
            for lr in (-1, 0, float("inf"), float("nan"))
        ),
        (
            lambda m: mi.directions.linear_probe(m, TEXTS, TEXTS, at.resid_post[1], l2=-1),
            "mi.directions.linear_probe: l2 must be a finite number from 0; got -1",
        ),
        (lambda m: mi.repeated_tokens(m, length=8.0, n=1), "length must be a whole number from 2 to "),
        (lambda m: mi.project_out(at.resid_post[0], [0.0, 0.0]), "^mi.project_out: .* a direction of zeros"),
    ],
)
def test_numbers_that_mean_nothing_are_named(model, call, says):
    with pytest.raises(mi.MIError, match=says):
        call(model)


def test_a_dtype_may_be_named(model):
    assert model.run("abc", keep="z", keep_dtype="bfloat16")["z"].dtype == torch.bfloat16


def test_what_is_no_token_between_words_is_shown_with_its_text():
    with pytest.raises(mi.errors.PromptError, match=r"does not know '\\t' of 'the\\ttown': its "):
        mi.load("atlas").run("the\ttown")
