"""Writing with a key-value cache is the same as running the whole text again for each token."""

import math
import threading
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from tests.conftest import examples
from tests.model.families import FAMILIES, PER_HEAD, SQUARE, VOCAB, close, loaded, place, sites_of

IDS = [3, 1, 4, 1, 5, 9, 2, 6, 5]  # longer than the window of the families that have one
OTHER = [23, 21, 24, 21, 25, 29, 22, 26, 25]
ROWS = [IDS, [7, 8, 2]]
N = 3


@pytest.fixture
def endless(monkeypatch):
    """No token ends a text: every family writes as many as it is asked for."""
    monkeypatch.setattr("mi_widgets.model.generate._ends", lambda model: set())


@contextmanager
def recorded(model):
    """The next token's logits (batch, d_vocab) of every pass."""
    steps, execute = [], model.execute

    def watched(forward):
        kept = execute(forward)
        steps.append(kept["logits", None][:, -1].clone())
        return kept

    model.execute = watched
    try:
        yield steps
    finally:
        del model.execute


def push(site, by):
    return mi.interventions.apply(site, lambda x: x + by * torch.linspace(-1, 1, x.shape[-1]))


def edits_of(family, turn, prompt, length=None):
    """An edit at every kind of site, each at its own layer and positions.

    With a length they are those of a text that goes on behind the prompt: "new" and the last are numbers.
    """
    edits = []
    # Logits of other tokens than the last are only made where somebody changes them.
    for i, name in enumerate(n for n in sites_of(family) if n != "logits" or turn % 2):
        pos = (None, 2, "new", -1)[(i + turn) % 4]
        if length is not None:
            pos = {"new": tuple(range(len(prompt), length)), -1: len(prompt) - 1}.get(pos, pos)
        if pos != ():
            make = mi.scale if i % 3 or name in SQUARE else push
            edits.append(make(place(name, i % 3, pos=pos), 0.6))
    return mi.stack(*edits)


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("family", FAMILIES)
def test_writing_with_a_cache_is_the_loop_without_one(family):
    model, turn = loaded(family), FAMILIES.index(family)
    ids, expected = list(IDS), []
    for _ in range(N):
        with model.intervene(edits_of(family, turn, IDS, len(ids))):
            expected.append(model.run(ids).logits[:, -1])
        ids.append(int(expected[-1].argmax()))
    with model.intervene(edits_of(family, turn, IDS)), recorded(model) as steps:
        written = model.generate(IDS, max_new_tokens=N)
    assert [*IDS, *written.ids] == ids
    assert all(close(*both) for both in zip(steps, expected, strict=True))
    assert written.run is None


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("family", FAMILIES)
def test_an_edit_of_every_site_does_in_a_step_what_it_does_in_a_run_of_the_whole_text(family):
    """Which is the loop, as no token sees what comes after it. That run is what is kept."""
    model, names = loaded(family), sites_of(family)
    for turn in range(1, 4):
        turn += FAMILIES.index(family)
        keep = names if turn % 4 == 3 else ["logits"]
        with model.intervene(edits_of(family, turn, IDS)), recorded(model) as steps:
            written = model.generate(IDS, max_new_tokens=2, keep=keep)
        whole = [*IDS, *written.ids]
        with model.intervene(edits_of(family, turn, IDS, len(whole))):
            run = model.run(whole, keep=keep)
        assert close(torch.stack(steps[:2], 1), run.logits[:, len(IDS) - 1 : -1]), turn
        assert written.run.ids.tolist() == [whole]
        assert all(close(written.run[name], run[name]) for name in keep), turn


def over_prompt(site, run):
    """A patch of the whole prompt, as a change of the first positions of a longer text."""
    n = len(IDS)
    if site.name not in SQUARE:
        return mi.patch(site.pos(range(n)), run)

    def change(x):
        x = x.clone()
        x[:, :, :n, :n] = run[site]
        return x

    return mi.interventions.apply(site, change)


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_patch_of_the_prompt_and_frozen_patterns_hold_while_writing(family):
    """What is patched is the prompt; the new tokens look where they look by themselves."""
    model, names, turn = loaded(family), sites_of(family), FAMILIES.index(family)
    run, own = model.run(OTHER, keep=names), model.run(IDS, keep=[at.pattern])
    inner = [place(n, i % 3) for i, n in enumerate(names) if n in (*SQUARE, *PER_HEAD, "mlp_pre", "mlp_post")]
    outer = [n for n in names if n.startswith("resid") or n.endswith("_out")]
    resid, knock = place(outer[turn % len(outer)], 0), mi.ablate(at.mlp_out[1].pos("new"))
    frozen = [over_prompt(at.pattern[n], own) for n in range(model.config.n_layers)]
    after = mi.ablate(at.mlp_out[1].pos(range(len(IDS), len(IDS) + N)))
    for ours, explicit in (
        ([mi.patch(site, run) for site in inner], [over_prompt(site, run) for site in inner]),
        (
            [mi.patch(resid, run), knock, mi.interventions.freeze_pattern(own)],
            [over_prompt(resid, run), after, *frozen],
        ),
    ):
        with model.intervene(*ours), recorded(model) as steps:
            written = model.generate(IDS, max_new_tokens=N)
        with model.intervene(*explicit):
            whole = model.run([*IDS, *written.ids])
        assert close(torch.stack(steps, 1), whole.logits[:, len(IDS) - 1 : -1]), ours


def assert_each_is_what_it_is_alone(model, rows, edits, temperature=0.0, seed=None):
    """`edits(row)` are those of one prompt, or of all of them."""
    options = {"max_new_tokens": N, "temperature": temperature}
    with model.intervene(edits(None)), recorded(model) as steps:
        together = model.generate_batch(rows, **options, seed=seed)
    assert len(together) == len(rows)
    for i, row in enumerate(rows):
        with model.intervene(edits(i)), recorded(model) as alone:
            written = model.generate(row, **options, seed=None if seed is None else seed + i)
        assert together[i].ids == written.ids
        assert together[i].text == written.text
        one = torch.stack(alone, 1)[0]
        assert close(torch.stack(steps, 1)[i, : len(one)], one)


@pytest.mark.parametrize("family", FAMILIES)
def test_prompts_continued_together_are_what_they_are_alone(family):
    model = loaded(family)
    stack = edits_of(family, FAMILIES.index(family), None)
    assert_each_is_what_it_is_alone(model, ROWS, lambda i: stack, temperature=1.0, seed=5)


@settings(max_examples=examples(12))
@given(st.data())
def test_prompts_of_any_lengths_are_continued_together_as_alone(data):
    family = data.draw(st.sampled_from(FAMILIES))
    row = st.lists(st.integers(0, VOCAB - 1), min_size=3, max_size=10)
    rows = data.draw(st.lists(row, min_size=1, max_size=2))
    stack = edits_of(family, data.draw(st.integers(0, 3)), None)
    temperature, seed = data.draw(st.sampled_from([(0.0, None), (0.0, None), (2.0, 11)]))
    assert_each_is_what_it_is_alone(loaded(family), rows, lambda i: stack, temperature, seed)


@pytest.mark.parametrize("family", ["GPT-2", "Bloom", "Transformer"])
def test_patches_from_a_batch_hold_on_each_prompt_of_it(family):
    """Also in the run that comes with each answer."""
    model = loaded(family)
    sources = {None: ROWS} | dict(enumerate(ROWS))
    sources = {i: model.run(prompt, keep=[at.pattern, at.mlp_out]) for i, prompt in sources.items()}
    knock = mi.ablate(at.resid_mid[0].pos(1))

    def edits(i):
        return mi.stack(
            knock, mi.interventions.freeze_pattern(sources[i]), mi.patch(at.mlp_out[1], sources[i])
        )

    assert_each_is_what_it_is_alone(model, ROWS, edits)
    with model.intervene(edits(None)):
        together = model.generate_batch(ROWS, max_new_tokens=N, keep=[at.resid_post])
    for i, row in enumerate(ROWS):
        with model.intervene(edits(i)):
            alone = model.generate(row, max_new_tokens=N, keep=[at.resid_post])
        assert together[i].run.ids.tolist() == alone.run.ids.tolist() == [[*row, *alone.ids]]
        assert close(together[i].run[at.resid_post], alone.run[at.resid_post])


@pytest.mark.parametrize("family", ["GPT-Neo", "Gemma 2", "Transformer"])
def test_what_resampling_draws_is_the_same_in_every_step_and_in_the_run_that_is_kept(family):
    model = loaded(family)
    data = model.run(OTHER, keep=[at.v, at.mlp_post])
    places = (at.v[1, 1], at.mlp_post[0].pos("new"))
    knocks = [mi.ablate(site, to="resample", data=data, seed=2) for site in places]
    with model.intervene(*knocks), recorded(model) as steps:
        written = model.generate_batch(ROWS, max_new_tokens=N, keep=[at.v])
    for i, row in enumerate(ROWS):
        kept = written[i].run.logits[0, len(row) - 1 : -1]
        assert close(torch.stack(steps[:N], 1)[i, : len(kept)], kept)


@pytest.mark.usefixtures("endless")
def test_each_token_is_told_as_it_is_written():
    model, told = loaded("Llama"), []
    written = model.generate(IDS, max_new_tokens=N, on_token=told.append)
    assert [g.ids for g in told] == [written.ids[: n + 1] for n in range(N)]
    assert [g.text for g in told][-1] == written.text
    assert str(written) == "".join(f" {i}" for i in (*IDS, *written.ids))
    batches = []
    together = model.generate_batch(ROWS, max_new_tokens=N, on_token=batches.append)
    assert [len(b) for b in batches] == [len(ROWS)] * N
    assert [g.ids for g in batches[-1]] == [g.ids for g in together]


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("family", ["GPT-2", "Transformer"])
def test_a_cancelled_text_ends_with_the_present_token(family):
    model, stop = loaded(family), threading.Event()
    whole = model.generate(IDS, max_new_tokens=8)
    assert not whole.cancelled
    told = []

    def tell(written):
        told.append(written)
        if len(told) == 3:
            stop.set()
            model.run(IDS)  # no lock is held

    written = model.generate(IDS, max_new_tokens=8, on_token=tell, cancel=stop, keep=[at.z])
    assert written.cancelled
    assert written.ids == whole.ids[:3]
    assert written.run.ids.tolist() == [[*IDS, *written.ids]]
    assert model.generate(IDS, max_new_tokens=8, cancel=stop).ids == whole.ids[:1]
    assert not model.generate(IDS, max_new_tokens=1, cancel=stop).cancelled  # it was done
    assert all(g.cancelled for g in model.generate_batch(ROWS, cancel=stop))


class Interrupts:
    """Raises what Ctrl-C raises, at the n-th call."""

    def __init__(self, n):
        self.left = n

    def __call__(self, x):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        return x


@pytest.mark.parametrize("family", ["GPT-J", "Transformer"])
def test_an_interrupt_leaves_the_untouched_model(family):
    model = loaded(family)
    before, text = model.run(IDS).logits, model.generate(IDS).ids
    for n in (1, 2):
        for act in (
            lambda n=n: model.generate(IDS, on_token=Interrupts(n)),
            lambda n=n: model.generate_batch(ROWS, on_token=Interrupts(n)),
        ):
            with pytest.raises(KeyboardInterrupt), model.intervene(mi.ablate(at.attn_out[0])):
                act()
            assert model.interventions == mi.stack()
            assert torch.equal(model.run(IDS).logits, before)
        for site in (at.embed, at.k[1], at.pattern[0], at.logits):
            edits = mi.stack(mi.ablate(at.z[0]), mi.interventions.apply(site, Interrupts(n)))
            with pytest.raises(KeyboardInterrupt), model.intervene(edits):
                model.generate(IDS)
            assert torch.equal(model.run(IDS).logits, before)
    with pytest.raises(KeyboardInterrupt), model.intervene(mi.interventions.apply(at.z[1], Interrupts(1))):
        model.run(IDS, keep=[at.pattern])
    assert model.generate(IDS).ids == text


def test_a_text_ends_where_the_model_or_its_tokenizer_says(monkeypatch):
    model = loaded("Qwen2")
    monkeypatch.setattr(model.module.generation_config, "eos_token_id", None)
    whole = model.generate(IDS, max_new_tokens=6).ids
    assert len(whole) == 6
    for ends in (whole[2], [VOCAB + 7, whole[2]]):
        monkeypatch.setattr(model.module.generation_config, "eos_token_id", ends)
        first = whole.index(whole[2]) + 1
        assert model.generate(IDS, max_new_tokens=6).ids == whole[:first]
        both = model.generate_batch([IDS, OTHER], max_new_tokens=6)
        assert both[0].ids == whole[:first]
        assert both[1].ids == model.generate(OTHER, max_new_tokens=6).ids


@pytest.mark.usefixtures("endless")
def test_sampling_is_from_the_models_distribution_and_cold_is_greedy():
    model = loaded("Qwen3")
    probability = (model.run(IDS).logits[0, -1] / 0.7).softmax(-1)
    for seed in range(5):
        drawn = torch.multinomial(probability, 1, generator=torch.Generator().manual_seed(seed))
        written = model.generate(IDS, max_new_tokens=1, temperature=0.7, seed=np.int32(seed))
        assert written.ids == (drawn.item(),)
    greedy = model.generate(IDS, max_new_tokens=N).ids
    for cold in (1e-3, 1e-30, 1e-300, np.float32(1e-20)):
        assert model.generate(IDS, max_new_tokens=np.int64(N), temperature=cold, seed=0).ids == greedy


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_new_tokens": 2.0}, "model.generate: max_new_tokens must be a whole number from 1; got 2.0"),
        ({"temperature": "hot"}, "temperature must be a number; got a str"),
        ({"temperature": math.inf}, "model.generate: temperature must be a finite number from 0; got inf"),
        ({"temperature": 10**400}, "temperature must be a finite number from 0; got 1000"),
        ({"temperature": -(10**400)}, "temperature must be a finite number from 0; got -1000"),
        ({"temperature": 1.0, "seed": 1.5}, "seed must be a whole number from 0, .*; got 1.5"),
        ({"cancel": True}, "cancel takes a threading.Event; got True"),
        ({"keep": [at.z[9]]}, "the layer must be 0 to 2"),
        ({"max_new_tokens": 38}, r"38 new ones are more than .* \(40\): max_new_tokens can be at most 37"),
    ],
)
def test_what_makes_no_sense_is_named_before_anything_runs(options, says):
    told = []
    for act in (loaded("Llama").generate, lambda p, **o: loaded("Llama").generate_batch([p], **o)):
        with pytest.raises(mi.errors.MIError, match=says):
            act([1, 2, 3], **options, on_token=told.append)
    assert not told
