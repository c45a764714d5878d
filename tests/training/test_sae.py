"""Training of sparse autoencoders: a planted truth, seeds, stops, memory, and bad input."""

import os
import signal

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import DictionaryError, MIError, PromptError, WrongKind
from mi_widgets.training.sae.activations import FromTexts
from mi_widgets.training.sae.fit import TRAINED_KINDS, Fit
from tests.conftest import small_transformer
from tests.model.letters import letters

FEATURES, D_IN, FIRING = 48, 16, 2
FEW = {"d_sae": FEATURES, "k": FIRING, "batch_size": 256, "progress": False}


def directions(seed):
    drawn = torch.randn(FEATURES, D_IN, generator=torch.Generator().manual_seed(seed))
    return drawn / drawn.norm(dim=-1, keepdim=True)


@pytest.fixture(scope="module")
def planted():
    """Sums of two of 48 directions in 16 dimensions, and the directions."""
    draw = torch.Generator().manual_seed(1)
    truth = directions(0)
    which = torch.randint(0, FEATURES, (30_000, FIRING), generator=draw)
    strength = 0.5 + torch.rand(30_000, FIRING, generator=draw)
    return 3 * (truth[which] * strength[..., None]).sum(1) + 1, truth


def likeness(truth, sae):
    """The mean over directions of the cosine with the nearest latent's."""
    return float((truth @ sae.W_dec.T).max(1).values.mean())


@pytest.mark.parametrize(
    ("kind", "least"), [("topk", 0.97), ("batch_topk", 0.95), ("jumprelu", 0.9), ("l1", 0.75)]
)
def test_planted_directions_are_found(planted, kind, least):
    x, truth = planted
    sae = mi.sae.train(activations=x, kind=kind, n_tokens=200_000, **FEW)
    random = float((truth @ directions(9).T).max(1).values.mean())
    assert likeness(truth, sae) > max(least, random + 0.2)
    torch.testing.assert_close(sae.W_dec.norm(dim=-1), torch.ones(FEATURES))
    fires = float((sae.encode(x[:5000]) > 0).sum()) / 5000
    assert 0.4 * FIRING < fires < 1.6 * FIRING


@pytest.mark.parametrize("kind", TRAINED_KINDS)
def test_a_seed_is_a_training(planted, kind):
    x, _ = planted
    first, again, other = (
        mi.sae.train(activations=x, kind=kind, n_tokens=5_000, seed=seed, **FEW) for seed in (3, 3, 4)
    )
    assert first.W_dec.equal(again.W_dec)
    assert first.b_enc.equal(again.b_enc)
    assert not first.W_dec.equal(other.W_dec)


class Stop:
    """Interrupts after some calls."""

    def __init__(self, after):
        self.left = after

    def __call__(self, point):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("kind", TRAINED_KINDS)
def test_interrupted_it_goes_on_without_loss(planted, kind, tmp_path):
    x, _ = planted
    whole = mi.sae.train(activations=x, kind=kind, n_tokens=30_000, **FEW)
    how = {"kind": kind, "n_tokens": 30_000, "resume_file": tmp_path / "state.safetensors", **FEW}
    with pytest.raises(KeyboardInterrupt):
        mi.sae.train(activations=x, on_step=Stop(40), **how)
    assert (tmp_path / "state.safetensors").exists()
    with pytest.raises(KeyboardInterrupt):
        mi.sae.train(activations=x, on_step=Stop(50), **how)
    parts = mi.sae.train(activations=x, **how)
    for name in ("W_enc", "b_enc", "W_dec", "b_dec"):
        torch.testing.assert_close(getattr(parts, name), getattr(whole, name), rtol=0, atol=0)
    assert parts.history.dataset.equals(whole.history.dataset)
    assert not list(tmp_path.iterdir())


def test_a_state_of_another_training_is_refused_and_stays(planted, tmp_path):
    x, _ = planted
    how = {"n_tokens": 50_000, "resume_file": tmp_path / "state.safetensors", **FEW}
    with pytest.raises(KeyboardInterrupt):
        mi.sae.train(activations=x, on_step=Stop(50), **how)
    kept = (tmp_path / "state.safetensors").read_bytes()
    for other in ({"activations": x, "seed": 1}, {"activations": x + 1}):
        with pytest.raises(MIError, match="is the unfinished training of another recipe or seed"):
            mi.sae.train(**other, **how)
    assert (tmp_path / "state.safetensors").read_bytes() == kept


def test_a_crash_while_the_state_is_written_leaves_the_one_before(planted, tmp_path, monkeypatch):
    x, _ = planted
    how = {"n_tokens": 50_000, "resume_file": tmp_path / "state.safetensors", **FEW}
    with pytest.raises(KeyboardInterrupt):
        mi.sae.train(activations=x, on_step=Stop(50), **how)
    kept = (tmp_path / "state.safetensors").read_bytes()

    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr("mi_widgets.training.unfinished.save_file", full)
    with pytest.raises(OSError, match="No space"):
        mi.sae.train(activations=x, on_step=Stop(20), **how)
    assert (tmp_path / "state.safetensors").read_bytes() == kept


def test_the_dead_get_what_is_reconstructed_worst(planted):
    x = planted[0][:200]
    fit = Fit(D_IN, FEATURES, kind="topk", k=FIRING, seed=0)
    optimizer = torch.optim.Adam(fit.parameters())
    step = fit(x)
    (step.reconstruction - x).square().mean().backward()
    optimizer.step()
    fit.after(step.latents)
    fit.silent[[4, 9]] = 300
    step, others = fit(x), [i for i in range(FEATURES) if i not in (4, 9)]
    before = fit.W_dec.detach().clone()
    fit.revive(x, step, torch.tensor([4, 9]), optimizer)
    error = (x - step.reconstruction).detach()
    worst = error[error.square().sum(-1).topk(2).indices]
    torch.testing.assert_close(fit.W_dec[[4, 9]], worst / worst.norm(dim=-1, keepdim=True))
    torch.testing.assert_close(fit.W_dec[others], before[others])
    assert (fit.silent[[4, 9]] == 0).all()
    averages = optimizer.state[fit.W_dec]["exp_avg"]
    assert not averages[[4, 9]].any()
    assert averages[others].any()
    assert (fit(worst + fit.b_dec).latents[:, [4, 9]].diagonal() > 0).all()


def test_what_a_model_has_is_what_is_trained_on():
    model = mi.load(small_transformer(n_layers=2), tokenizer=letters())
    texts = ["abcdefgh", "hgf", "aabb"] * 30
    source = FromTexts(model, at.resid_post[1], texts, seed=0)
    rows = source.block(0)
    run = model.run(texts, keep=[at.resid_post])
    special = torch.tensor(model.tokenizer.all_special_ids)
    wanted = run[at.resid_post[1]][run.mask & ~torch.isin(run.ids, special)]
    key = lambda x: x[x[:, 0].sort().indices]  # noqa: E731
    torch.testing.assert_close(key(rows), key(wanted.detach()))
    assert source.block(0).equal(rows)
    assert not source.block(1).equal(rows)
    sae = mi.sae.train(
        model, at.resid_post[1], texts, d_sae=32, k=4, n_tokens=2_000, batch_size=64, progress=False
    )
    assert (sae.site, sae.model) == (at.resid_post[1], model.name)
    history = sae.history
    assert "result = mi.sae.train(model, at.resid_post[1], ['abcdefgh'" in history.code()
    assert repr(history.view()).startswith("TrainingView")
    assert history["l0"].unit == "latents"
    assert history["variance_explained"].values.max() <= 1


def test_long_texts_are_read_in_pieces():
    model = mi.load(small_transformer(n_layers=1), tokenizer=letters())
    long = "abcdefgh" * 20
    pieces = model.cut(long)
    assert max(map(len, pieces)) <= model.config.n_ctx
    assert len(FromTexts(model, at.resid_post[0], [long], seed=0).block(0)) == len(long)


def test_memory_does_not_grow_with_the_texts():
    model = mi.load(small_transformer(n_layers=1), tokenizer=letters())
    sizes = [
        len(FromTexts(model, at.resid_post[0], ["abcdefgh" * 4] * n, seed=0).block(0))
        for n in (1_000, 10_000)
    ]
    assert sizes[0] == sizes[1]


def test_an_interrupt_waits_for_the_end_of_a_step(planted, tmp_path):
    x, _ = planted
    whole = mi.sae.train(activations=x, n_tokens=60_000, **FEW)
    how = {"n_tokens": 60_000, "resume_file": tmp_path / "state.safetensors", **FEW}

    def interrupt(point):
        if point.step == 78:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        mi.sae.train(activations=x, on_step=interrupt, **how)
    assert signal.getsignal(signal.SIGINT) is before
    assert mi.sae.train(activations=x, **how).W_dec.equal(whole.W_dec)


MODEL = object()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"k": 49}, "k=49: no more latents can fire than there are, d_sae=48"),
        ({"k": 0}, "k must be a whole number from 1; got 0"),
        ({"d_sae": 1.5}, "d_sae must be a whole number from 1; got 1.5"),
        ({"kind": "gated"}, "kind='gated': the kinds that are trained are topk, batch_topk, jumprelu, l1"),
        ({"activations": None}, "takes a model, a site and texts.*or activations=x"),
        ({"model": MODEL}, "model must be a Model.*got an object"),
        ({"activations": torch.zeros(0, 4)}, r"a tensor \(n, d_in\) with something in it; got \(0, 4\)"),
        ({"activations": torch.zeros(4)}, r"got \(4,\)"),
        ({"activations": [1.0]}, "activations must be a tensor; got a list"),
        (
            {"activations": torch.tensor([[1.0], [torch.nan]])},
            "activations: row 1 holds NaN or infinity; nothing was",
        ),
    ],
)
def test_bad_input_is_named(planted, given, says):
    with pytest.raises((DictionaryError, WrongKind), match=says):
        mi.sae.train(**{"activations": planted[0], "n_tokens": 1000, **FEW, **given})


@pytest.mark.parametrize(
    ("site", "texts", "says"),
    [
        (
            at.resid_post[0],
            [],
            r"mi.sae.train: texts must be a list with a text in it, or with a row of token ids; got \[\]",
        ),
        (at.resid_post[0], "abc", "got 'abc'"),
        (at.resid_post, ["abc"], r"one layer's activation, as in at.resid_post\[2\]; got at.resid_post"),
        (at.pattern[0], ["abc"], "is no vector at every token"),
        (at.z[0], ["abc"], "is no vector at every token"),
    ],
)
def test_texts_and_sites_that_do_not_serve_are_named(site, texts, says):
    model = mi.load(small_transformer(n_layers=1), tokenizer=letters())
    with pytest.raises((DictionaryError, PromptError), match=says):
        mi.sae.train(model, site, texts, d_sae=8, k=2, progress=False)


def test_a_model_that_breaks_is_noticed():
    model = mi.load(small_transformer(n_layers=1), tokenizer=letters())
    too_large = mi.stack(*[mi.scale(at.resid_post[0], 1e38)] * 2)
    says = r"at.resid_post\[0\]: row 0 holds NaN or infinity"
    with pytest.raises(DictionaryError, match=says), model.intervene(too_large):
        mi.sae.train(model, at.resid_post[0], ["abc"], d_sae=8, k=2, progress=False)
