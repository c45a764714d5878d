"""Shape checks for the whole package, and small models that every test may use."""

import tests.shapes  # first: it puts its checks into all of mi_widgets  # noqa: F401, I001

import gc

import pytest
from hypothesis import settings

# A first call traces and compiles; how long an example takes says nothing here.
USUAL = 50
settings.register_profile("mi", deadline=None, max_examples=USUAL)
settings.register_profile("soak", deadline=None, max_examples=10 * USUAL)  # asked for by `make soak`
settings.load_profile("mi")


# torch and transformers take seconds to import. A process that only hands the tests out to others reads this file
# too, and they wait for it: so they are imported where they are needed.


def pytest_collection_finish():
    """Whoever has read the tests runs some."""
    import torch

    torch.set_num_threads(1)
    gc.freeze()  # what was imported stays: a collection needs to look through what the tests make only


def examples(n):
    """So many for a slow property, and in another profile as many times more as that has."""
    return n * settings.default.max_examples // USUAL


def small_transformer(seed=0, **changes):
    """A random network of this library's own kind."""
    import mi_widgets as mi

    sizes = {"n_layers": 2, "n_heads": 4, "d_model": 32, "d_head": 8, "d_vocab": 50, "n_ctx": 40, "d_mlp": 24}
    return mi.Transformer(mi.TransformerConfig(**(sizes | changes)), seed=seed).eval()


def small_gpt2(seed=0, vocab_size=50):
    """A random network of a family that others load too."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(seed)
    config = GPT2Config(
        n_layer=2, n_head=4, n_embd=32, vocab_size=vocab_size, n_positions=40, bos_token_id=0, eos_token_id=0
    )
    return GPT2LMHeadModel(config).eval()


@pytest.fixture(params=["transformer", "gpt2"])
def module(request):
    """A random module of each family."""
    return {"transformer": small_transformer, "gpt2": small_gpt2}[request.param]()


@pytest.fixture
def model(module):
    """A random module of each family, loaded."""
    import mi_widgets as mi

    return mi.load(module)
