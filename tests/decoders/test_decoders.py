"""Each decoder that loads, against plain hooks on the same module in eager attention, at every site."""

import re

import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from tests.decoders.outcomes import SITES, outcome_of, written
from tests.decoders.plain import HEADS, MASKED, OUTSIDE, Plain
from tests.decoders.table import README, readme_block, with_block
from tests.model.decoders import names, small_decoder

IDS = [[5, 17, 60, 33, 8, 41, 90, 12], [77, 3, 9, 9, 54, 21, 30, 66]]
AT_LEAST = 90
LISTED = written()
LOADED = [name for name, line in LISTED.items() if line.loaded]
# Attention that asks no interface and has no function to stand in for: at.q to at.z are compared step by step in
# tests/model/test_families.py (Bloom) and tests/model/test_attention_steps.py (Falcon, MPT); MegatronBert's by
# trust alone.
_STEPS = ("q", "k", "v", "scores", "pattern", "z")
APART = {f"{name}ForCausalLM": _STEPS for name in ("Bloom", "Falcon", "MegatronBert", "Mpt")}


def _alone(names):
    """Tests of one decoder in one process, so that it is built once."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]


def test_the_list_names_them_all():
    assert list(LISTED) == names()
    assert [one.kind for one in LISTED.values()].count("whole") >= AT_LEAST


def test_the_readme_says_what_the_list_says():
    said = README.read_text()
    assert with_block(said, readme_block(LISTED)) == said, "python -m tests.decoders.table writes it anew"


@pytest.mark.parametrize("name", _alone(LISTED))
def test_it_is_loaded_or_refused_as_the_list_says(name):
    assert outcome_of(name) == LISTED[name], "python -m tests.decoders.table writes the list anew"


@pytest.fixture(scope="module", params=_alone(LOADED))
def pair(request):
    """A model, and plain hooks on the same module once more."""
    name = request.param
    model = mi.load(small_decoder(name))
    yield model, Plain(name, small_decoder(name, attn_implementation="eager"))
    model.release()


def _close(x, y, by=1e-5):
    """As near as float32 comes; what is masked is a huge negative number on both sides."""
    x, y = (torch.where(t < MASKED, MASKED, t.float()) for t in (x, y))
    return x.shape == y.shape and bool((x - y).abs().max() <= by * y[y > MASKED].abs().max().clamp(min=1))


def _sites(model):
    """The sites that it has, and in which of its layers."""
    apart = APART.get(type(model.module).__name__, ())
    for name in SITES:
        if name in model.architecture.places and name not in apart:
            layers = [None] if name in ("embed", "logits") else range(model.config.n_layers)
            yield name, [layer for layer in layers if _readable(model, _site(name, layer))]


def _readable(model, site):
    try:
        return bool(model.layers_of(site))
    except mi.errors.SiteError:
        return False


def _site(name, layer):
    site = getattr(at, name)
    return site if layer is None else site[layer]


def test_every_site_reads_what_plain_hooks_see(pair):
    model, plain = pair
    sites = dict(_sites(model))
    run = model.run(IDS, keep=[_site(name, layer) for name, layers in sites.items() for layer in layers])
    stock = plain.seen(IDS, [name for name in sites if name != "logits"])
    assert _close(run.logits, plain.run(IDS))
    for name, layers in sites.items():
        for layer in layers if name != "logits" else ():
            ours, theirs = run[_site(name, layer)], stock[name, layer]
            if name == "scores" and model.architecture.sinks:  # up to what a softmax does not see
                ours, theirs = (x - x.amax(-1, keepdim=True) for x in (ours, theirs))
            assert _close(ours, theirs.view_as(ours)), (name, layer)


def test_an_edit_at_every_site_is_what_plain_hooks_do(pair):
    """At each site of each layer: the last head (or all) times a half, and a vector added at one position."""
    model, plain = pair
    generator = torch.Generator().manual_seed(0)
    for name, layers in _sites(model):
        ours, vectors = [], {}
        for layer in layers:
            width = (
                len(IDS[0])
                if name in ("scores", "pattern")
                else model.config.size(_site(name, layer).axes[-1], name)
            )
            vectors[layer] = torch.randn(width, generator=generator)
            site = _site(name, layer)
            # Scores of a family with sinks are known up to a number a row, which only what is added leaves alone.
            turned = [] if name == "scores" else [mi.scale(_last_head(model, site), 0.5)]
            ours += [*turned, mi.steer(site.pos(5), vectors[layer])]

        def touch(what, layer, x, name=name, vectors=vectors):
            return _changed(what, x, vectors[layer]) if what == name and layer in vectors else x

        theirs = plain.run(IDS, touch, only=[name])
        if name == "logits":
            theirs = _changed(name, theirs, vectors[None])
        else:
            assert plain.touched() >= {(name, layer) for layer in layers}
        with model.intervene(*ours):
            assert _close(model.run(IDS).logits, theirs), name


def _last_head(model, site):
    heads = model.config.size("head", site.name)
    return getattr(at, site.name)[site.layer, heads - 1] if site.name in HEADS else site


def _changed(name, x, vector):
    x = x.clone()
    by_position = x.movedim(1, 2) if name in ("scores", "pattern") else x  # (batch, position, head, …)
    part = by_position[:, :, -1] if name in HEADS else by_position
    if name != "scores":
        part *= 0.5
    by_position[:, 5] += vector
    return x


def test_a_gradient_is_how_an_edit_moves_the_logits(pair):
    """At each site of the first layer, along a direction at one position: as far as a difference can tell."""
    model, _ = pair
    sites = [getattr(at, name)[0] for name in _WRITABLE if name in model.architecture.places]
    sites = [site for site in sites if _readable(model, site)]
    run = model.run(IDS[:1], keep=sites, grad=True)
    of = run.logits[0, -1, 3] - run.logits[0, -1, 4]
    generator = torch.Generator().manual_seed(0)
    for site in sites:
        gradient = run.gradient(of, site)[0, 5]
        along, h = torch.randn(gradient.shape[-1], generator=generator), 2e-3
        moved = []
        for step in (h, -h):
            with model.intervene(mi.steer(site.pos(5), step * along)):
                logits = model.run(IDS[:1]).logits[0, -1]
            moved.append(float(logits[3] - logits[4]))
        slope = (moved[0] - moved[1]) / (2 * h)
        expected = float((gradient * along).sum())
        coarse = (
            3 if type(model.module).__name__ == "ApertusForCausalLM" else 1
        )  # its neurons compute in bfloat16
        near = coarse * (0.02 * float(gradient.norm() * along.norm()) + 1e-3)
        assert slope == pytest.approx(expected, abs=near), site


def test_heads_write_what_the_stream_lacks_without_them(pair):
    """Of a layer's attention, without a norm behind it: what goes when a head is ablated is z times its matrix."""
    model, _ = pair
    if not _readable(model, at.z[0]) or model.architecture.normed_writes:
        return
    keep = [at.z[0], at.attn_out[0]]
    run = model.run(IDS, keep=keep)
    with model.intervene(mi.ablate(at.z[0, 1])):
        gone = run[at.attn_out[0]] - model.run(IDS, keep=keep)[at.attn_out[0]]
    sure = all(check.status == "ok" for check in model.trust.checks if check.name.startswith("heads write"))
    if (
        not sure or type(model.module).__name__ == "MoshiForCausalLM"
    ):  # whose matrices a class of its own holds
        with pytest.raises(
            mi.errors.UnsupportedModel, match=r"What single heads|has no o_proj|does not say how many"
        ):
            _ = model.heads_write(0).matrix
        return
    matrix = model.heads_write(0).matrix[1]
    written = run[at.z[0, 1]] @ matrix
    if not _close(written, gone):  # all but the mean over d_model, which the last LayerNorm takes away
        gone = gone - gone.mean(-1, keepdim=True)
    assert _close(written, gone)


_WRITABLE = ("z", *(name for name in OUTSIDE if name != "embed"))


_REASONS = (
    "no one matrix writes what its neurons say",
    "no one module takes in what its neurons read",
    "attention and MLP both read resid_pre and are added together",
    "no module gives out what its non-linearity takes in",
    "it attends by code of its own, not through transformers' interface: use at.attn_out",
    "its layers attend more than once each, so there is no one pattern",
)


def _refusal(name, layer):
    lacks = rf"has no at\.{name} \(({'|'.join(map(re.escape, _REASONS))}).*\); its sites are embed, "
    has_another_shape = rf"at\.{name}\[{layer}\] of \w+: its module passes shape \(.+\) where \(.+\) belongs"
    return f"{lacks}|{has_another_shape}"


def test_what_it_lacks_is_refused_with_its_reason(pair):
    model, _ = pair
    before = model.run(IDS).logits
    lacking = {name: range(model.config.n_layers) for name in SITES} | {
        name: set(range(model.config.n_layers)) - set(layers) for name, layers in _sites(model)
    }
    for name in APART.get(type(model.module).__name__, ()):
        lacking.pop(name)
    for name, layers in lacking.items():
        for layer in layers if name not in ("embed", "logits") else ():
            for act in (
                lambda s: model.run(IDS, keep=[s]),
                lambda s: model.intervene(mi.ablate(s)).__enter__(),
            ):
                with pytest.raises(mi.errors.SiteError, match=_refusal(name, layer)):
                    act(_site(name, layer))
    assert torch.equal(model.run(IDS).logits, before)


def test_resid_mid_is_there_where_something_reads_it(pair):
    model, plain = pair
    assert ("resid_mid" in model.architecture.places) == plain.reads_the_middle(IDS)


def test_generation_is_what_reruns_of_the_plain_module_say(pair):
    model, plain = pair
    ids, ends = list(IDS[0]), {model.module.config.eos_token_id}
    while len(ids) < len(IDS[0]) + 4 and ids[-1] not in ends:
        ids.append(int(plain.run([ids])[0, -1].argmax()))
    if model.continues:
        assert list(model.generate(IDS[0], max_new_tokens=4).ids) == ids[len(IDS[0]) :]
    else:
        with pytest.raises(mi.errors.UnsupportedModel, match="cannot be continued"):
            model.generate(IDS[0])


def test_a_padded_prompt_is_what_the_plain_module_says_alone(pair):
    model, plain = pair
    rows = [IDS[0], IDS[1][:3]]
    [said] = [check.seen for check in model.trust.checks if check.name == "padding"]
    for side in ("right", "left"):
        if side == "left" and "on the left they change" in said:
            with pytest.raises(
                mi.errors.PromptError, match="Padding on the left changes what a prompt gives"
            ):
                model.run(rows, padding_side=side)
            continue
        run = model.run(rows, padding_side=side)
        for i, row in enumerate(rows):
            assert _close(run.logits[i][run.mask[i]], plain.run([row])[0]), side
