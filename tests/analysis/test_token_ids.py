"""Token ids stand everywhere a text does: with a tokenizer, a vocabulary or neither, the numbers are the same."""

import inspect
import re

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import MIError, PromptError
from tests.conftest import examples
from tests.core.dictionaries import random_sae
from tests.model.families import small
from tests.model.letters import PIECES, letters
from tests.names import every_public

SIZE = 50
NAMES = [f"w{i}" for i in range(SIZE)]
CLEAN, CORRUPTED, RIGHT, WRONG = [14, 15, 16, 14], [17, 15, 16, 14], 20, 21
MORE = [[18, 19, 20, 21, 22, 23], [24, 25, 26, 27, 28, 29, 30], [14, 16, 18], [15, 17, 19, 21]]
EVEN = [[18, 19, 20, 21], [24, 25, 26, 27]]
KEEP = [at.resid_pre, at.resid_post, at.attn_out, at.mlp_out, at.z, at.pattern, at.v]
SITE = at.resid_post[1]
STILL = {"progress": False}


@pytest.fixture(scope="module")
def models():
    module = small("GPT-2")
    return {
        "nothing": mi.load(module),
        "tokenizer": mi.load(module, tokenizer=letters(bos=0)),
        "vocabulary": mi.load(module, vocabulary=NAMES),
    }


def spelled(ids):
    return "".join(PIECES[i] for i in ids)


def named(ids):
    return " ".join(NAMES[i] for i in ids)


# How ids are written: (the model, a prompt, an answer).
WRITTEN = {
    "ids": ("nothing", list, int),
    "a tensor": ("nothing", torch.tensor, torch.tensor),
    "numbers as text": ("nothing", lambda ids: " ".join(map(str, ids)), str),
    "ids beside a tokenizer": ("tokenizer", tuple, np.int64),
    "text": ("tokenizer", spelled, PIECES.__getitem__),
    "ids beside a vocabulary": ("vocabulary", np.array, np.uint8),
    "text of a vocabulary": ("vocabulary", named, NAMES.__getitem__),
}


def dictionary(model):
    return random_sae("topk", d_in=32, d_sae=24, k=5, site=SITE)


def pair(p, a, second=0):
    return mi.PromptPair(p(CLEAN), p([*CORRUPTED[:-1], CORRUPTED[-1] + second]), (a(RIGHT), a(WRONG)))


def several(p):
    return [p(ids) for ids in MORE]


def two(p):
    return several(p)[:2], several(p)[2:]


def steering(m, p):
    return mi.steer(SITE, mi.directions.mean_difference(m, *two(p), SITE, **STILL), scale=2.0)


def read(result):
    return np.asarray(result.values)


CALLS = {
    "run": lambda m, p, a: m.run(p(CLEAN)).logits.numpy(),
    "a batch": lambda m, p, a: m.run(several(p)).last_logits.numpy(),
    "generate": lambda m, p, a: np.array(m.generate(p(CLEAN), max_new_tokens=4).ids),
    "generate_batch": lambda m, p, a: np.array(
        [g.ids for g in m.generate_batch(several(p), max_new_tokens=3)]
    ),
    "sweep": lambda m, p, a: read(
        m.sweep(p(CLEAN), mi.ablate, at.resid_pre, metric=lambda x: x[:, RIGHT], **STILL)
    ),
    "loss": lambda m, p, a: read(mi.loss_per_token(m.run(p(CLEAN)))),
    "attention": lambda m, p, a: read(mi.attention(m.run(p(CLEAN), keep=KEEP))),
    "logit lens": lambda m, p, a: (
        mi.logit_lens(m.run(p(CLEAN), keep=KEEP), tokens=[a(RIGHT), a(WRONG)], **STILL)
        .to_dataset()["asked_probability"]
        .values
    ),
    "attribution of a pair": lambda m, p, a: read(
        mi.direct_logit_attribution(m.run(p(CLEAN), keep=KEEP), pair(p, a))
    ),
    "attribution of answers": lambda m, p, a: read(
        mi.direct_logit_attribution(m.run(p(CLEAN), keep=KEEP), (a(RIGHT), a(WRONG)))
    ),
    "attribution of answers for each": lambda m, p, a: read(
        mi.direct_logit_attribution(
            m.run([p(CLEAN), p(CORRUPTED)], keep=KEEP), [(a(RIGHT), a(WRONG)), (a(22), a(23))]
        )
    ),
    "activation patching": lambda m, p, a: read(
        mi.activation_patching(m, [pair(p, a), pair(p, a, 1)], at.resid_pre, **STILL)
    ),
    "attribution patching": lambda m, p, a: read(
        mi.attribution_patching(m, pair(p, a), at.resid_pre, **STILL)
    ),
    "path patching": lambda m, p, a: read(mi.path_patching(m, pair(p, a), at.logits, **STILL)),
    "ablation effects": lambda m, p, a: read(mi.ablation_effects(m, pair(p, a), at.z, **STILL)),
    "faithfulness": lambda m, p, a: read(mi.faithfulness(m, [at.z[1, 2]], pair(p, a), **STILL)),
    "means": lambda m, p, a: read(mi.mean_activations(m, several(p), at.z, **STILL)),
    "means by position": lambda m, p, a: read(
        mi.mean_activations(m, [p(ids) for ids in EVEN], at.z, by_position=True, **STILL)
    ),
    "in context": lambda m, p, a: read(
        mi.in_context_learning_score(m, several(p)[:2], early=(1, 3), late=(3, 5))
    ),
    "mean difference": lambda m, p, a: mi.directions.mean_difference(
        m, *two(p), SITE, **STILL
    ).tensor.numpy(),
    "principal component": lambda m, p, a: mi.directions.principal_component(
        m, several(p), SITE, **STILL
    ).tensor.numpy(),
    "probe": lambda m, p, a: mi.directions.linear_probe(m, *two(p), SITE, **STILL).tensor.numpy(),
    "erasure": lambda m, p, a: mi.directions.erase_concept(m, *two(p), SITE, **STILL).read_by.tensor.numpy(),
    "steering effect": lambda m, p, a: read(
        mi.steering_effect(m, steering(m, p), p(CLEAN), texts=several(p))
    ),
    "read by a probe": lambda m, p, a: (
        mi.steering_effect(
            m,
            steering(m, p),
            p(CLEAN),
            probes={"a": mi.directions.linear_probe(m, *two(p), SITE, **STILL)},
            max_new_tokens=3,
        )
        .to_dataset()["read"]
        .values
    ),
    "latents": lambda m, p, a: read(mi.sae.latents(m.run(p(CLEAN), keep=[SITE]), dictionary(m))),
    "dashboards": lambda m, p, a: read(mi.sae.dashboards(m, dictionary(m), several(p), **STILL)),
    "evaluation": lambda m, p, a: (
        mi.sae.evaluate(m, dictionary(m), several(p), **STILL).to_dataset()["loss_recovered"].values
    ),
    "training": lambda m, p, a: mi.sae.train(
        m, SITE, several(p), d_sae=16, k=2, n_tokens=40, batch_size=8, **STILL
    ).W_dec.numpy(),
}


@pytest.mark.parametrize("called", CALLS)
def test_ids_say_what_texts_say_whatever_the_model_knows_of_them(models, called):
    first, *others = WRITTEN
    n = len(others)
    some = examples(1)  # all of them would take long; each way is tried with many calls
    chosen = [others[(list(CALLS).index(called) + i * 5) % n] for i in range(min(some, n))]
    wanted = CALLS[called](models[WRITTEN[first][0]], *WRITTEN[first][1:])
    assert np.size(wanted)
    for how in chosen:
        of, prompt, answer = WRITTEN[how]
        found = CALLS[called](models[of], prompt, answer)
        np.testing.assert_allclose(found, wanted, atol=1e-4, rtol=1e-4, err_msg=how)


def test_no_function_that_takes_prompts_is_forgotten():
    def takes_prompts(function):
        kinds = {"Prompt", "Prompts", "Pairs", "AnswerTexts", "Run"}
        given = inspect.signature(function).parameters.values()
        return any(kinds & set(re.findall(r"\w+", str(parameter.annotation))) for parameter in given)

    def names(code):
        inner = [names(each) for each in code.co_consts if inspect.iscode(each)]
        return set(code.co_names).union(*inner)

    called = set().union(*(names(call.__code__) for call in [*CALLS.values(), steering, two, pair]))
    functions = {name: f for name, f in every_public().items() if inspect.isfunction(f) and takes_prompts(f)}
    methods = {
        f"Model.{name}": f for name, f in vars(mi.Model).items() if inspect.isfunction(f) and takes_prompts(f)
    }
    assert len(functions) > 15
    forgotten = {name for name in {**functions, **methods} if name.rpartition(".")[2] not in called}
    assert not forgotten


def test_the_answers_of_a_pair_are_ids_never_their_digits(models):
    """ids 5 and 6 are the tokens 5 and 6, not the texts "5" and "6"."""
    for model in models.values():
        run = model.run([14, 15, 16], keep=KEEP)
        for answers in (
            (5, 6),
            (np.int64(5), np.int32(6)),
            tuple(torch.tensor([5, 6])),
            torch.tensor([5, 6]),
        ):
            made = mi.PromptPair([14, 15], [16, 15], answers)
            assert made == mi.PromptPair((14, 15), (16, 15), (5, 6))
            found = mi.direct_logit_attribution(run, made).to_dataset()["logit_diff"]
            assert float(found[0]) == pytest.approx(
                float(run.logits[0, -1, 5] - run.logits[0, -1, 6]), abs=1e-4
            )


def test_a_pair_of_ids_is_its_code_and_hashable():
    made = mi.PromptPair(torch.tensor([1, 2, 3]), np.array([1, 4, 3]), (5, 6))
    assert repr(made) == "mi.PromptPair((1, 2, 3), (1, 4, 3), (5, 6))"
    assert eval(made.code(), {"mi": mi}) == made
    assert len({made, mi.PromptPair([1, 2, 3], [1, 4, 3], (5, 6))}) == 1
    encoded = {"input_ids": torch.tensor([[1, 2, 0]]), "attention_mask": torch.tensor([[1, 1, 0]])}
    assert mi.PromptPair(encoded, [1, 4], (5, 6)).clean == (1, 2)


@pytest.mark.parametrize(
    ("clean", "answers", "says"),
    [
        ([], (5, 6), "mi.PromptPair: clean must be a text that is not empty, or token ids; got []"),
        (
            [[1, 2], [3, 4]],
            (5, 6),
            "mi.PromptPair: clean must be a text that is not empty, or token ids; got [[1, 2]",
        ),
        (
            [1.5, 2],
            (5, 6),
            "mi.PromptPair: clean must be a text that is not empty, or token ids; got [1.5, 2]",
        ),
        ([1, 2], (5, 5), "mi.PromptPair: answers must be two different texts"),
    ],
)
def test_what_is_no_pair_is_refused(clean, answers, says):
    with pytest.raises(PromptError, match=f"^{re.escape(says)}"):
        mi.PromptPair(clean, [1, 2], answers)


def test_two_answers_that_are_one_token_are_refused(models):
    model = models["tokenizer"]
    same = mi.PromptPair(spelled(CLEAN), spelled(CORRUPTED), (PIECES[RIGHT], RIGHT))
    says = f"The two answers of pair 0, {PIECES[RIGHT]!r} and 20, are one token of GPT2LMHeadModel, 20: "
    with pytest.raises(PromptError, match=f"^{re.escape(says)}"):
        mi.activation_patching(model, same, at.resid_pre)


# -- a vocabulary -----------------------------------------------------------------------------------------------------


def test_tokens_are_shown_by_their_names(models):
    model = models["vocabulary"]
    assert model.run([3, 4]).tokens == ((" w3", " w4"),)
    assert model.run([["w3", "w4"], [5]]).ids.tolist() == [[3, 4], [5, 0]]
    assert model.vocabulary == tuple(f" {name}" for name in NAMES)
    assert model.untrained().run("w3 w4").tokens == ((" w3", " w4"),)
    answer = model.generate("w3 w4", max_new_tokens=2)
    assert model.run(str(answer)).ids[0].tolist() == [3, 4, *answer.ids]
    own = mi.load(small("GPT-2"), vocabulary=["the", *[f" {i}" for i in range(49)]])
    assert own.vocabulary[:3] == ("the", " 0", " 1")  # with spaces of their own
    assert own.run("the 1 0").ids.tolist() == [[0, 2, 1]]


@pytest.mark.parametrize(
    ("names", "more", "says"),
    [
        (
            NAMES[:-1],
            {},
            "mi.load: vocabulary must have one text for each of the 50 token ids of GPT2LMHeadModel",
        ),
        (
            {"a": 0},
            {},
            "mi.load: vocabulary must be a list of texts; got a dict.",
        ),
        (
            [*NAMES[:-1], ""],
            {},
            "mi.load: vocabulary is a list of texts that are not empty; at 49 it has ''.",
        ),
        (list(range(50)), {}, "mi.load: vocabulary is a list of texts that are not empty; at 0 it has 0."),
        (NAMES, {"tokenizer": letters()}, "mi.load: vocabulary= is for a model without a tokenizer"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(names, more, says):
    with pytest.raises(MIError, match=f"^{re.escape(says)}"):
        mi.load(small("GPT-2"), vocabulary=names, **more)


def test_a_shipped_model_has_its_own_texts():
    with pytest.raises(MIError, match="a shipped model has its own tokenizer; leave vocabulary= out"):
        mi.load("induction-2l", vocabulary=NAMES)


def test_a_text_outside_of_the_vocabulary_is_refused(models):
    with pytest.raises(
        PromptError, match=r"^GPT2LMHeadModel does not know 'w99': its vocabulary has 50 tokens"
    ):
        models["vocabulary"].run("w1 w99")
    twice = mi.load(small("GPT-2"), vocabulary=["a", "b", "a", *NAMES[3:]])
    with pytest.raises(
        PromptError, match=r"^'a' is the text of the tokens \[0, 2\] of GPT2LMHeadModel: give token ids"
    ):
        twice.run("a b")
    assert twice.run([0, 1, 2]).tokens == ((" a", " b", " a"),)
    with pytest.raises(PromptError, match=r"^GPT2LMHeadModel was loaded without a tokenizer: give token ids"):
        models["nothing"].run("a cat")
    for text in ("3 50", "3 -1", "3 04", "3 ²"):  # no token id
        with pytest.raises(PromptError, match="without a tokenizer"):
            models["nothing"].run(text)


def test_the_code_of_a_model_with_a_vocabulary_says_what_to_bring(models):
    assert "bring your GPT2LMHeadModel: mi.load(module, vocabulary=vocabulary)" in models["vocabulary"].code()


# -- what is said ------------------------------------------------------------------------------------------------------


def brought(code, model):
    """Code with this model brought, run."""
    lines = [line for line in code.splitlines() if not line.startswith("model = ...")]
    names = {"model": model}
    exec("\n".join(lines), names)
    return names


@pytest.mark.parametrize("of", ["nothing", "tokenizer", "vocabulary"])
def test_code_and_files_keep_ids(models, of, tmp_path):
    model = models[of]
    run = model.run(torch.tensor([CLEAN, CORRUPTED]), keep=[at.resid_post])
    pairs = [mi.PromptPair(CLEAN, CORRUPTED, (RIGHT, WRONG))]
    padded = {"input_ids": torch.tensor([[3, 4], [5, 0]]), "attention_mask": torch.tensor([[1, 1], [1, 0]])}
    for result in (
        mi.logit_lens(run, tokens=[RIGHT], progress=False),
        mi.attribution_patching(model, pairs, at.resid_pre, progress=False),
        mi.loss_per_token(model.run(padded)),
        mi.loss_per_token(model.run(padded["input_ids"], attention_mask=padded["attention_mask"])),
    ):
        result.save(tmp_path / "result.json")
        for code in (result.code(), mi.load_result(tmp_path / "result.json").code()):
            again = [x for x in brought(code, model).values() if isinstance(x, mi.Result)][-1]
            np.testing.assert_allclose(again.values, result.values, atol=1e-5)


def test_panels_of_ids_say_them_in_their_code(models, capsys):
    for model in models.values():
        panel = mi.PatchingPanel(
            model,
            mi.PromptPair(CLEAN, CORRUPTED, (RIGHT, WRONG)),
            max_new_tokens=3,
            selection={"layer": 1, "pos": 0},
        )
        assert panel.wait(20)
        assert not panel.error
        line = next(line for line in panel.says.lines if line.name.startswith("patched"))
        assert line.prompt == "".join(model.vocabulary_of(CORRUPTED))
        brought(panel.code(), model)
        assert capsys.readouterr().out.rstrip("\n").endswith(line.continuation)
        panel.close()


def test_a_steering_panel_takes_ids_until_somebody_edits_its_text(models, capsys):
    push = {"one": mi.steer(SITE, torch.ones(32), scale=2.0)}
    ids = [0, 0, 14, 15]  # which no text of this tokenizer gives: special tokens are written out
    for of, model in models.items():
        panel = mi.SteeringPanel(model, push, prompt=ids, texts=MORE, max_new_tokens=3)
        assert panel.wait(20)
        assert panel.view.plain.text == "".join(model.generate(ids, max_new_tokens=3).tokens)
        assert f"model.generate({ids}" in panel.code()
        edited = {"nothing": "14 15", "tokenizer": spelled([14, 15]), "vocabulary": "w14 w15"}[of]
        panel.prompt = edited
        assert panel.wait(20)
        assert not panel.error
        assert f"model.generate({edited!r}" in panel.code()
        assert panel.view.plain.text == "".join(model.generate([14, 15], max_new_tokens=3).tokens)
        panel.prompt = ids
        assert panel.wait(20)
        assert f"model.generate({ids}" in panel.code()
        panel.close()


def test_a_latents_panel_takes_ids(models):
    for model in models.values():
        panel = mi.LatentsPanel(model, dictionary(model), prompt=np.array(CLEAN), max_new_tokens=2)
        assert panel.wait(20)
        assert panel.says.lines[0].continuation == model.generate(CLEAN, max_new_tokens=2).text
        assert np.allclose(
            panel.view.result.values,
            mi.sae.latents(model.run(CLEAN, keep=[SITE]), dictionary(model)).values,
            equal_nan=True,
        )
        assert f"model.generate({CLEAN}" in panel.code()
        panel.close()


def test_the_corpora_of_ids_are_prompts():
    model, texts = mi.load("induction-2l"), mi.shipped.sample_texts("repeats", n=2, seed=3)
    run = model.run(texts)
    assert torch.equal(run.ids, texts.ids)
    assert torch.equal(run.logits, model.run(texts.ids).logits)
    scores = [mi.in_context_learning_score(model, x).values for x in (texts, texts.ids)]
    assert scores[0] == scores[1]
    assert mi.mean_activations(model, texts, at.z, progress=False).values.shape[0] == model.config.n_layers
