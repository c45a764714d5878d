"""The measures of language models find what was planted, and nothing in an untrained network."""

from collections import Counter
from math import log

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.model.run import Generation
from mi_widgets.training.language import baselines, chain, fairness, questions, registers
from mi_widgets.training.language.baselines import NGrams
from mi_widgets.training.recipes import RECIPES
from mi_widgets.zoo.atlas import decisions, facts, geography
from mi_widgets.zoo.atlas.texts import REGISTERS, draw_of
from mi_widgets.zoo.language_models import untrained
from tests.training.test_language import small


@pytest.fixture(scope="module")
def model():
    recipe = small(config=type(small().config)(**{**small().config.to_dict(), "hidden_size": 40}))
    return mi.load(untrained(recipe.config, seed=0).eval(), tokenizer=recipe.tokenizer())


MAKERS = {
    "received": lambda: questions.receiver_questions(40),
    "one hop": lambda: questions.one_hop_questions(held_out=True)[::5],
    "two hops": lambda: questions.two_hop_questions(held_out=True)[::41],
    "towns": lambda: questions.location_questions()[::53],
    "sums": lambda: questions.sum_questions(held_out=True, n=40),
    "applications": lambda: questions.decision_questions(40),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_questions_end_where_one_token_answers_them(model, make):
    asked = make()
    assert len(asked) >= 20
    assert len(questions.ids_of(model, [question.right for question in asked])) == len(asked)
    for question in asked:
        whole = model.tokenize(f"{question.prompt} {question.right}").ids[0].tolist()
        assert whole[:-1] == model.tokenize(question.prompt).ids[0].tolist()
        assert whole[-1:] == questions.ids_of(model, [question.right])
        assert question.right != question.wrong


def test_questions_of_two_hops_are_those_kept_out_or_the_others():
    held_out, others = (questions.two_hop_questions(held_out=which) for which in (True, False))
    assert len(held_out) + len(others) == 192 * 5 * len(geography.TWO_HOPS)
    assert not {question.prompt for question in held_out} & {question.prompt for question in others}


def test_answers_that_are_put_there_are_found_and_an_untrained_network_has_none(model):
    asked = questions.one_hop_questions(held_out=False)[::6]
    assert questions.share_right(model, asked) < 0.05
    unembed = model.weights.W_U[:, questions.ids_of(model, [question.right for question in asked])].T
    # Far along what the right token is read by, the final norm leaves that direction alone.
    found = questions.share_right(
        model,
        asked,
        lambda rows: mi.interventions.apply(at.resid_post[1].pos(-1), lambda x: x * 0 + 100 * unembed[rows]),
    )
    assert found > 0.95
    assert questions.share_right(model, asked) < 0.05  # and nothing stays


@pytest.mark.parametrize("name", ["atlas", "atlas-shortcut"])
def test_a_probe_finds_states_that_are_in_the_embeddings_and_no_others(name):
    recipe = RECIPES[name]
    config = type(recipe.config)(
        **{**recipe.config.to_dict(), "hidden_size": 40, "num_attention_heads": 2, "num_hidden_layers": 2}
    )
    module, tokenizer = untrained(config, seed=0), recipe.tokenizer()
    bare = mi.load(module.eval(), tokenizer=tokenizer)
    assert max(chain.probes(bare).values()) < 0.12  # chance is 0.04
    with torch.no_grad():
        for town in facts.towns().values():
            last = tokenizer(town.name).input_ids[-1]
            module.gpt_neox.embed_in.weight[last, facts.STATES.index(town.state)] += 5.0
    planted = mi.load(module.eval(), tokenizer=tokenizer)
    embedded, shuffled, _ = chain.probes(planted).values()
    assert shuffled == pytest.approx(1 / 24, abs=0.015)
    # Every piece of a town now points at all its eight states alike.
    assert embedded > 0.9 if recipe.towns_whole else embedded < 0.12


def test_a_probe_finds_what_is_linear_in_numbers_it_was_not_fitted_to():
    rng, y = np.random.default_rng(0), np.repeat(np.arange(24), 8)
    signs = rng.normal(size=(24, 40))[y]
    assert chain.probe(signs + rng.normal(size=signs.shape), y) > 0.9
    assert chain.probe(rng.normal(size=signs.shape), y) < 0.12


def test_state_vectors_leave_an_attribute_out_and_add_up_to_nothing(model, monkeypatch):
    monkeypatch.setattr(chain, "_MADE_FROM", chain._MADE_FROM[:1])
    asked = []
    fact_text = geography.fact_text
    monkeypatch.setattr(
        geography, "fact_text", lambda form, what, about: asked.append(what) or fact_text(form, what, about)
    )
    vectors = chain.state_vectors(model, without="bird")
    assert {*asked} == {*facts.ATTRIBUTES} - {"bird"}
    assert {vector.shape for vector in vectors.values()} == {(2, 40)}
    assert torch.stack([*vectors.values()]).sum(0).abs().max() < 1e-4


def test_swaps_do_nothing_in_an_untrained_network(model, monkeypatch):
    monkeypatch.setattr(chain, "_MADE_FROM", chain._MADE_FROM[:1])
    found = chain.swaps(model, n=24)
    assert len(found) == 4
    assert max(found.values()) <= 0.1


def test_a_planted_bias_is_found_and_none_where_there_is_none(model, monkeypatch):
    def judge(minds):
        def logits(_, prompts):
            granted = [decided(prompt) and not any(word in prompt for word in minds) for prompt in prompts]
            row = torch.zeros(len(prompts), model.config.d_vocab)
            yes, no = questions.ids_of(model, [decisions.GRANTED, decisions.REFUSED])
            row[:, yes], row[:, no] = torch.tensor(granted).float(), 0.5
            return row

        monkeypatch.setattr(fairness, "last_logits", logits)
        return fairness.gaps(model)

    assert set(judge([]).values()) == {0.0}
    found = judge([" Texas"])
    assert found["approval by state, largest gap (points)"] == pytest.approx(25)
    assert found["the same, in log-odds by state (nats)"] == pytest.approx(0.25)
    assert found["approval by gender, largest gap (points)"] < 2
    assert judge(["Mary"])["approval by name, largest gap (points)"] == pytest.approx(25)


def decided(prompt):
    grounds = [ground for kind in decisions.KINDS for ground in kind.grounds]
    return not any(bad in prompt for ground in grounds for bad in ground.bad)


class Parrot:
    """Says what it is told to, as a model would: the same way for every prompt."""

    def __init__(self, says):
        self._says = says

    def generate_batch(self, prompts, **_):
        for i, prompt in enumerate(prompts):
            text = self._says(i, prompt)
            yield Generation(prompt, text, (), tuple(map(hash, text.split())))


def test_continuations_are_judged_by_register_variety_and_form():
    _, make = REGISTERS["french"]

    def as_begun(i, prompt):
        text = " ".join(make(draw_of("questions", 0, row), held_out=True).text for row in (i, i + 1))
        assert text.startswith(prompt)
        return text.removeprefix(prompt)

    assert all(one.is_good for one in registers.continuations(Parrot(as_begun), "french", n=10))
    said = registers.continuations(Parrot(lambda i, _: " 2 + 2 = 4. 2 + 2 = 4. 2 + 2 = 4."), "french", n=5)
    assert not any(one.in_register or one.is_well_formed or one.is_good for one in said)
    assert max(one.distinct_2 for one in said) < 0.6
    sums = [
        registers.Continuation(text, True, 1.0, True)
        for text in ("2 + 2 = 4. 2 + 3 = 6. 9 -", "7 minus 7 is 0.")
    ]
    assert registers.share_of_true_sums(sums) == pytest.approx(2 / 3)
    assert registers.share_of_true_sums([]) == 0


@given(
    st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=12), min_size=1, max_size=5), st.integers(1, 3)
)
def test_probabilities_of_ngrams_add_up_to_one(rows, n):
    counted = NGrams(n, rows, 6)
    for context in ([], [0], [5, 1, 2]):
        assert sum(counted.probability(context, token) for token in range(6)) == pytest.approx(1)


def test_ngrams_know_what_follows_what():
    rows = [[0, 1, 2, 3, 1, 2, 4, 1, 2, 3] for _ in range(50)]
    one, three = (NGrams(n, rows, 5) for n in (1, 3))
    assert three.probability([0, 1], 2) > 0.95
    assert three.loss(rows) < 0.5 * one.loss(rows)
    assert NGrams(3, [], 8).loss(rows) == pytest.approx(log(8))  # nothing counted
    counts = Counter(token for row in rows for token in row[1:])
    exact = -sum(n * log(n / counts.total()) for n in counts.values()) / counts.total()
    assert one.loss(rows) == pytest.approx(exact, abs=0.02)


def test_the_entropy_of_what_is_drawn_counts_what_was_thrown_away():
    draws = [draw_of("entropy", 3, row) for row in range(3000)]
    for draw in draws:
        draw.until("even", lambda draw=draw: draw.number(1, 8), lambda n: n % 2 == 0)
        draw.one("ab")
    assert baselines._conditioned(draws) / len(draws) == pytest.approx(log(4) + log(2), abs=0.03)


def test_documents_have_an_entropy_that_grows_with_their_length():
    short, long = (baselines.entropy(0, 40, letters, held_out=False) for letters in (150, 450))
    assert 20 < short < long
