"""Every family, at every site: what is read and what an edit does is what plain hooks see and do on the module."""

from functools import cache
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mi_widgets as mi
from mi_widgets import sites as at
from tests.conftest import examples
from tests.model.families import (
    FAMILIES,
    PER_HEAD,
    SITES,
    SQUARE,
    VOCAB,
    close,
    loaded,
    place,
    sites_of,
    small,
)
from tests.model.plain import Plain

IDS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6, 5]])

plain = cache(Plain)


@torch.no_grad()
def logits(module):
    out = module(IDS)
    return getattr(out, "logits", out)


def anatomy(module):
    """What a module consists of, beside its weights."""
    hooks = [name for name in vars(torch.nn.Module()) if name.endswith("hooks")]
    return {
        # nnsight leaves these two on what it has wrapped; outside of a trace they do nothing.
        path: (
            set(vars(part)) - {"forward", "__nnsight__"},
            id(getattr(part, "config", None)),
            *(len(getattr(part, name)) for name in hooks),
        )
        for path, part in module.named_modules()
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_a_module_computes_what_it_did_and_is_given_back_as_it_came(family):
    module = small(family)  # attends by its own default
    before, parts = logits(module), anatomy(module)
    model = mi.load(module)
    assert model.trust.warnings == ()
    assert (model.run(IDS, keep=sites_of(family)).logits - before).abs().max() < 1e-4
    with model.intervene(mi.ablate(at.z[1])):
        model.run(IDS)
    model.release()
    assert torch.equal(logits(module), before)
    assert anatomy(module) == parts


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_kept_is_what_plain_hooks_see(family):
    model, seen = loaded(family), plain(family).seen(IDS)
    names = sites_of(family)
    assert set(model.architecture.places) == set(names)
    run = model.run(IDS, keep=names)
    for (name, layer), x in seen.items():
        if name in names:
            assert close(run[place(name, layer)], x), (name, layer)
    for name in ("k", "v"):
        assert run[place(name, 0)].shape[2] == model.config.n_key_value_heads


# An edit of ours, and the same in plain torch; `d` is a vector of the activation's last axis.
KINDS = {
    "scale": (lambda site, d: mi.scale(site, 0.5), lambda x, d: x * 0.5),
    "steer": (lambda site, d: mi.steer(site, d, scale=0.5), lambda x, d: x + 0.5 * d),
    "ablate": (lambda site, d: mi.ablate(site), lambda x, d: torch.zeros_like(x)),
    "replace": (lambda site, d: mi.interventions.replace(site, d), lambda x, d: d.expand_as(x)),
}
# Which, at which layer, at which position: what hides all that lies before it comes first.
EDITS = (
    *(("replace", 0, None), ("replace", 1, 2), ("ablate", 1, 4), ("steer", 1, 5), ("scale", 1, 6)),
    *(("scale", 2, None), ("steer", 2, None)),
)


def changed(name, x, head, pos, change):
    x = x.clone()
    part = x.movedim(1, 2) if name in SQUARE else x  # (batch, position, head, …)
    where = slice(None) if pos is None else slice(pos, pos + 1)
    index = (slice(None), where) if head is None else (slice(None), where, head)
    part[index] = change(part[index])
    return x


@pytest.mark.parametrize(("family", "name"), [(f, n) for f in FAMILIES for n in sites_of(f)])
def test_an_edit_is_the_plain_hooks(family, name):
    turn = SITES.index(name) + FAMILIES.index(family)
    generator, ours = torch.Generator().manual_seed(turn), []

    def touch(kind, layer, x):
        for i, (how, where, pos) in enumerate(EDITS if kind == name else ()):
            if layer is None or layer == where:
                how = "ablate" if turn % 2 and not i else how
                head = 1 if name in (*SQUARE, *PER_HEAD) and (turn + where) % 2 else None
                d = torch.randn(x.shape[-1], generator=generator)
                make, change = KINDS[how]
                ours.append(make(place(name, where, head, pos), d))
                x = changed(name, x, head, pos, lambda y, change=change, d=d: change(y, d))
        return x

    expected = plain(family).run(IDS, touch, only=[name])
    assert len(ours) == len(EDITS)
    with loaded(family).intervene(*ours):
        assert close(loaded(family).run(IDS).logits, expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_edits_at_all_sites_at_once_are_the_plain_hooks(family):
    """In the order of the forward pass, also where two sites are changed at one module."""
    names = sites_of(family)
    given = {
        (name, layer): (i * 7 + (layer or 0)) % 9
        for i, name in enumerate(names)
        for layer in ([None] if name in ("embed", "logits") else range(plain(family).n_layers))
    }

    def touch(name, layer, x):
        if (name, layer) not in given:
            return x
        return changed(name, x, None, given[name, layer], lambda y: y * 0.7)

    edits = [mi.scale(place(name, layer, pos=pos), 0.7) for (name, layer), pos in given.items()]
    for order in (edits, edits[::-1]):
        with loaded(family).intervene(*order):
            run = loaded(family).run(IDS, keep=names)
        assert close(run.logits, plain(family).run(IDS, touch))


@pytest.mark.parametrize(
    ("family", "site", "says"),
    [
        ("Bloom", at.scores[0], r"has no at.scores \(Bloom makes them and .* in one step: use at.pattern\)"),
        ("GPT-J", at.resid_mid[0], r"nothing between them: use at.attn_out, at.mlp_out or at.resid_post"),
        ("GPT-NeoX", at.resid_mid[0], r"both read resid_pre .*: use at.attn_out, at.mlp_out or"),
        ("Llama", at.k[0, 2], "has 2 heads for keys and values, which several heads share, a layer, so the"),
        ("Gemma 2", at.v[1, 3], "the head must be 0 to 1"),
        ("OPT", at.k[0, 4], "has 4 heads a layer, so the head must be 0 to 3"),
        ("GPT-Neo", at.z[4], "has 4 layers, so the layer must be 0 to 3"),
    ],
)
def test_a_site_that_is_not_there_says_why_and_what_to_use(family, site, says):
    model = loaded(family)
    with pytest.raises(mi.errors.SiteError, match=says):
        model.run(IDS, keep=[site])
    with pytest.raises(mi.errors.SiteError, match=says), model.intervene(mi.ablate(site)):
        pass


ROWS = [[3, 1, 4, 1, 5, 9, 2, 6, 5], [7, 8, 2]]
OTHERS = [[i + 20 for i in row] for row in ROWS]


def real(x, name, mask):
    """The part of one prompt's activation that belongs to real tokens."""
    return x[:, mask][:, :, mask] if name in SQUARE else x[mask]


def assert_padding_does_not_matter(model, rows, names, edits, batches):
    """`edits(i)` are those of row i alone; `batches` are (padding side, edits of the whole batch)."""
    alone = []
    for i, row in enumerate(rows):
        with model.intervene(edits(i)):
            alone.append(model.run(row, keep=names))
    for side, whole in batches:
        with model.intervene(whole):
            batch = model.run(rows, keep=names, padding_side=side)
        for name, (i, one) in product(names, enumerate(alone)):
            site = getattr(at, name)
            for x, y in zip(*(_by_layer(run[site], name) for run in (batch, one)), strict=True):
                assert close(real(x[i], name, batch.mask[i]), y[0], 1e-5), (i, site, side)


def _by_layer(x, name):
    return [x] if name in ("embed", "logits") else x.unbind(0)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_padded_prompt_is_what_it_is_alone(family):
    names = sites_of(family)
    stack = mi.stack(
        *(
            mi.scale(place(name, (i + FAMILIES.index(family)) % 3, pos=(1, -1, None)[i % 3]), 0.5)
            for i, name in enumerate(n for n in names if n != "logits")
        )
    )
    batches = [("left", stack), ("right", stack)]
    assert_padding_does_not_matter(loaded(family), ROWS, names, lambda i: stack, batches)


@pytest.mark.parametrize("family", [f for f in FAMILIES if "scores" in sites_of(f)])
@pytest.mark.parametrize("change", [mi.ablate, lambda site: mi.scale(site, -1.0)], ids=["zero", "turned"])
def test_no_change_of_the_scores_shows_what_is_masked(family, change):
    model = loaded(family)
    turned = mi.stack(*(change(at.scores[layer]) for layer in range(3)))
    batches = [("left", turned), ("right", turned)]
    assert_padding_does_not_matter(model, ROWS, ["pattern", "logits"], lambda i: turned, batches)
    before = model.run(IDS, keep=[at.pattern])[at.pattern[0]]
    with model.intervene(turned):
        after = model.run(IDS, keep=[at.pattern])[at.pattern[0]]
    assert not before.triu(1).any()
    assert torch.equal(after == 0, before == 0)
    assert not torch.allclose(after, before, atol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_patch_from_a_batch_padded_on_one_side_fits_one_padded_on_the_other(family):
    model, names = loaded(family), [n for n in sites_of(family) if n != "logits"]
    places = [
        place(name, i % 3, 1 if name in (*PER_HEAD, *SQUARE) else None, (None, 1, -1, (0, -1))[i % 4])
        for i, name in enumerate(names)
    ]

    def patches(prompt, side="right"):
        source = model.run(prompt, keep=names, padding_side=side)
        return mi.stack(*(mi.patch(site, source) for site in places))

    right, left = (patches(OTHERS, side) for side in ("right", "left"))
    batches = [("left", right), ("right", left), ("left", left)]
    kept = ["resid_post", "logits"]
    assert_padding_does_not_matter(model, ROWS, kept, lambda i: patches(OTHERS[i]), batches)


@settings(max_examples=examples(30))
@given(st.data())
def test_prompts_of_any_lengths_with_an_edit_anywhere_are_what_they_are_alone(data):
    family = data.draw(st.sampled_from(FAMILIES))
    name = data.draw(st.sampled_from(sites_of(family)))
    row = st.lists(st.integers(0, VOCAB - 1), min_size=2, max_size=12)
    rows = data.draw(st.lists(row, min_size=1, max_size=3))
    pos = data.draw(st.sampled_from([None, 0, 1, -1, -2, (0, -1)]))
    edit = mi.stack(mi.scale(place(name, data.draw(st.integers(0, 2)), pos=pos), 0.5))
    batches = [(data.draw(st.sampled_from(["left", "right"])), edit)]
    kept = ["resid_post", "logits"]
    assert_padding_does_not_matter(loaded(family), rows, kept, lambda i: edit, batches)
