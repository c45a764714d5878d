"""GGUF files: the same model as in transformers' own format, and what is wrong with one is said."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Kind
from transformers import Gemma3TextConfig, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

import mi_widgets as mi
from mi_widgets.model.gguf_settings import unread
from tests.files.gguf_writer import TOKENS, name_in_file, unpacked_q8_0, write_gguf
from tests.files.loaded import logits_of, notes
from tests.model.letters import letters

IDS = torch.tensor([[3, 8, 4, 9, 5, 3, 8]])
PACKED = {
    "blk.0.attn_v.weight": Kind.Q8_0,
    "blk.1.ffn_down.weight": Kind.Q8_0,
    "blk.0.attn_k.weight": Kind.Q4_1,
}


def small_llama(**options):
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "vocab_size": len(TOKENS)}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 40}
    module = LlamaForCausalLM(LlamaConfig(**sizes, **heads, **options)).eval()
    for name, x in module.named_parameters():
        x.data = 1 + 0.2 * torch.randn_like(x) if "norm" in name else 0.3 * torch.randn_like(x)
    return module


@pytest.fixture(scope="module")
def module():
    return small_llama()


@pytest.fixture
def plain(module, tmp_path):
    return write_gguf(tmp_path / "plain.gguf", module)


def test_it_is_the_model_that_was_written(module, plain):
    model = mi.load(plain)
    assert model.name == "plain"
    assert torch.allclose(model.run(IDS).logits, logits_of(module, IDS), atol=1e-5)
    assert model.code() == f"model = mi.load({str(plain)!r})"
    assert notes(model, "GGUF") == [("note", "as the file has it: F32 (21 tensors)")]
    assert notes(model, "GGUF read in full") == [
        ("ok", "every tensor and every setting of the architecture is taken in")
    ]
    assert not model.trust.warnings


def test_texts_are_cut_by_the_tokenizer_of_the_file(plain):
    model = mi.load(plain)
    assert model.run("abba a").tokens == (("<s>", "ab", "b", "a", " a"),)
    assert mi.load(plain, bos=False).run("b").tokens == (("b",),)


def test_a_file_without_a_tokenizer_takes_ids(module, tmp_path):
    path = write_gguf(tmp_path / "bare.gguf", module, tokens=None)
    model = mi.load(path)
    assert torch.allclose(model.run(IDS).logits, logits_of(module, IDS), atol=1e-5)
    ((status, seen),) = notes(model, "tokenizer of the file")
    assert status == "warning"
    assert "the file has none that transformers can read (" in seen
    with pytest.raises(mi.errors.MIError, match="vocabulary= is for a model without a tokenizer"):
        mi.load(path, tokenizer=letters(), vocabulary=[str(i) for i in range(model.config.d_vocab)])
    own = mi.load(path, tokenizer=letters())
    assert not notes(own, "tokenizer of the file")
    assert own.run("ab").tokens == (("<s>", "a", "b"),)


def test_packed_numbers_are_what_their_blocks_hold(module, tmp_path):
    path = write_gguf(tmp_path / "packed.gguf", module, kinds=PACKED)
    model, expected = mi.load(path), copy.deepcopy(module)
    for name, x in expected.named_parameters():
        kind = PACKED.get(name_in_file(name))
        if kind is Kind.Q8_0:
            x.data = unpacked_q8_0(x.data)
        elif kind is Kind.Q4_1:  # 16 steps between the least and the largest of 32
            read = model.module.get_parameter(name).detach()
            steps = (x.data.reshape(-1, 32).amax(1) - x.data.reshape(-1, 32).amin(1)) / 15
            assert 0 < (read - x.data).abs().max() < steps.max()
            x.data = read
    assert torch.allclose(model.run(IDS).logits, logits_of(expected, IDS), atol=1e-5)
    assert not torch.allclose(logits_of(expected, IDS), logits_of(module, IDS), atol=1e-3)
    seen = "dequantized from Q8_0 (2 tensors), Q4_1 (1 tensor); as the file has it: F32 (18 tensors)"
    assert notes(model, "GGUF") == [("note", seen)]
    assert model.dtype == torch.float32
    assert mi.load(path, dtype="bfloat16").dtype == torch.bfloat16


def test_one_matrix_for_both_ends_is_one(tmp_path):
    module = small_llama(tie_word_embeddings=True)
    model = mi.load(write_gguf(tmp_path / "tied.gguf", module))
    assert torch.allclose(model.run(IDS).logits, logits_of(module, IDS), atol=1e-5)
    assert notes(model, "tied embeddings")
    assert not model.trust.warnings


@pytest.mark.parametrize(
    ("more", "lost"),
    [
        ({"tensors": {"rope_freqs.weight": np.ones(8)}}, "rope_freqs.weight"),
        (
            {"settings": {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}},
            "llama.rope.scaling.type = linear, llama.rope.scaling.factor = 4.0",
        ),
    ],
)
def test_what_transformers_leaves_out_is_a_warning(module, tmp_path, more, lost):
    model = mi.load(write_gguf(tmp_path / "more.gguf", module, **more))
    ((status, seen),) = notes(model, "GGUF read in full")
    assert status == "warning"
    assert seen.startswith(f"transformers does not take in {lost}: what the model computes may differ")
    assert any("does not take in" in warning for warning in mi.copying_scores(model).provenance.warnings)


@pytest.mark.parametrize(
    ("settings", "taken"),
    [
        ({"attention.sliding_window": 16}, False),  # as a head is wide
        ({"attention.sliding_window": 1, "attention.clamp_kqv": 4.0}, False),
        ({"attention.causal": False, "use_parallel_residual": True, "logit_scale": 2.0}, False),
        ({"residual_scale": 2.0, "embedding_scale": 4.0, "final_logit_softcapping": 30.0}, False),
        ({"attention.wisdom": 0}, False),
        # What a Llama does too.
        ({"attention.causal": True, "use_parallel_residual": False, "logit_scale": 1.0}, True),
        ({"rope.scaling.type": "none", "attention.key_length": 16, "expert_count": 0}, True),
        ({"attention.sliding_window": 40}, True),  # as many as it takes
    ],
)
def test_a_setting_is_taken_in_where_the_config_says_it_by_its_name(module, tmp_path, settings, taken):
    model = mi.load(write_gguf(tmp_path / "more.gguf", module, settings=settings))
    ((status, seen),) = notes(model, "GGUF read in full")
    names = ", ".join(f"llama.{name} = {value}" for name, value in settings.items())
    lost = (
        f"transformers does not take in {names}: what the model computes may differ from what the file means"
    )
    every = "every tensor and every setting of the architecture is taken in"
    assert (status, seen) == (("ok", every) if taken else ("warning", lost))


def test_a_setting_that_the_config_has_by_another_name_is_compared():
    config = Gemma3TextConfig(num_hidden_layers=2, layer_types=["sliding_attention", "full_attention"])

    def lost(**changes):
        said = {"attention.sliding_window": config.sliding_window, "final_logit_softcapping": 0.0}
        said |= {"rope.freq_base": 1e6, "rope.freq_base_swa": 1e4, "rope.dimension_count": config.head_dim}
        said |= {"attention.sliding_window_pattern": [True, False]} | changes
        fields = {f"zebra.{name}": value for name, value in said.items()} | {"general.architecture": "zebra"}
        reader = SimpleNamespace(
            fields={name: SimpleNamespace(contents=lambda x=x: x) for name, x in fields.items()}
        )
        return dict(unread(reader, config))

    assert lost() == {}
    for name, value in {
        "attention.sliding_window": 7,
        "final_logit_softcapping": 3.0,
        "rope.freq_base": 5e5,
        "rope.dimension_count": 2,
        "attention.sliding_window_pattern": [False, True],
    }.items():
        assert lost(**{name: value}) == {f"zebra.{name}": value}


def test_heads_that_are_turned_in_part_are_refused_by_the_settings_name(module, tmp_path):
    path = write_gguf(tmp_path / "part.gguf", module, turned=8)
    with pytest.raises(
        mi.errors.UnsupportedModel,
        match=r"part.gguf has llama.rope.dimension_count = 8, and heads of 16 numbers .* Bring the same model as a fol",
    ):
        mi.load(path)


def cut(path, n):
    path.write_bytes(path.read_bytes()[:n])


def instead(path, old, new):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


@pytest.mark.parametrize(
    ("harm", "error", "why"),
    [
        (
            lambda f: cut(f, -2000),
            "UnknownModel",
            r"plain.gguf is damaged, or no GGUF file \(ValueError: .*fetch it",
        ),
        (lambda f: cut(f, 100), "UnknownModel", r"is damaged, or no GGUF file"),
        (lambda f: cut(f, 0), "UnknownModel", r"is damaged, or no GGUF file \(.*empty file"),
        (lambda f: instead(f, b"GGUF", b"PK\3\4"), "UnknownModel", "no GGUF file .*magic invalid"),
        (
            lambda f: instead(f, b"blk.1.attn_q.weight", b"blk.1.attn_x.weight"),
            "UnknownModel",
            r"lacks weights of the model that it says it is: model.layers.1.self_attn.q_proj.weight\. Bring all",
        ),
        (
            lambda f: instead(f, b"\5\0\0\0\0\0\0\0llama", b"\5\0\0\0\0\0\0\0zebra"),
            "UnsupportedModel",
            r"cannot be read by transformers .*architecture zebra is not supported yet.* Bring the same model as a",
        ),
        (lambda f: f.unlink(), "UnknownModel", r"There is no file .*plain.gguf"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(plain, harm, error, why):
    harm(plain)
    with pytest.raises(getattr(mi.errors, error), match=why):
        mi.load(plain)


def test_in_a_folder_that_has_nothing_else_the_file_is_named(plain):
    with pytest.raises(mi.errors.UnknownModel, match=r"Did you mean '.*plain\.gguf'\? The shipped ones"):
        mi.load(plain.parent)


def test_a_family_with_biases_and_halves_in_their_order(tmp_path):
    """Qwen2's queries and keys lie in a file as in transformers."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "vocab_size": len(TOKENS)}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 40}
    module = Qwen2ForCausalLM(Qwen2Config(**sizes, **heads)).eval()
    for name, x in module.named_parameters():
        x.data = 1 + 0.2 * torch.randn_like(x) if "norm" in name else 0.3 * torch.randn_like(x)
    model = mi.load(write_gguf(tmp_path / "qwen.gguf", module, architecture="qwen2"))
    assert torch.allclose(model.run(IDS).logits, logits_of(module, IDS), atol=1e-5)
    assert not model.trust.warnings


def test_a_part_of_a_model_is_refused(module, tmp_path):
    path = write_gguf(tmp_path / "model-00001-of-00003.gguf", module, parts=3)
    with pytest.raises(
        mi.errors.UnsupportedModel, match="one of 3 files that a model was split into: put them"
    ):
        mi.load(path)
