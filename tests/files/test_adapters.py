"""Adapters of peft: what a model computes, and what is measured of its weights, has them in it."""

import copy
import warnings

import pytest
import torch
from peft import IA3Config, LoraConfig, PromptTuningConfig, TaskType, get_peft_model

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.model.adapters import switches_of
from tests.files.loaded import notes
from tests.model.decoders import small_decoder
from tests.model.families import small

IDS = torch.tensor([[3, 1, 4, 1, 5]])
KEEP = [
    at.resid_pre,
    at.attn_out,
    at.mlp_out,
    at.resid_post,
    at.z,
    at.v,
    at.pattern,
    at.mlp_post,
]
LLAMAS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "down_proj", "lm_head", "embed_tokens"]


def lora(targets, **options):
    return LoraConfig(r=4, lora_alpha=32, target_modules=targets, init_lora_weights=False, **options)


def adapted(family, *configs, seed=1):
    """A module with an adapter for each config, all of them active."""
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what peft says of merging tied weights
        module = get_peft_model(small(family), configs[0])
        for i, config in enumerate(configs[1:]):
            module.add_adapter(f"more{i}", config)
    module.base_model.set_adapter(list(module.peft_config))
    return module.eval()


def merged(module):
    return copy.deepcopy(module).merge_and_unload()


def matrices(model):
    """All that figures of weights are made from."""
    w, unembedding = model.weights, model.unembedding
    layers = range(model.config.n_layers)
    return {
        **{name: getattr(w, name) for name in ("W_E", "W_Q", "W_K", "W_V", "W_O", "W_U")},
        "heads": torch.stack([model.heads_write(layer).matrix for layer in layers]),
        "neurons": torch.stack([model.neurons_write(layer).matrix for layer in layers]),
        "directions": unembedding.directions([3, 7]),
        "biases": unembedding.biases([3, 7]),
    }


def figures(model):
    """What a user sees of them."""
    run = model.run(IDS, keep=KEEP)
    ways = {
        by: mi.direct_logit_attribution(run, (3, 7), by=by).values
        for by in ("sublayer", "head", "pos", "neuron")
    }
    found = {
        **ways,
        "copying": mi.copying_scores(model).values,
        "composition": mi.composition_scores(model, n_random=2).values,
        "lens": mi.logit_lens(run, top_k=2, progress=False).values,
    }
    return {name: torch.tensor(x) for name, x in found.items()}


def assert_alike(found, expected):
    for name, x in expected.items():
        assert found[name].shape == x.shape, name
        apart = (found[name] - x).detach().nan_to_num().abs().max()
        assert apart <= 1e-5 * max(1.0, x.nan_to_num().abs().max()), name


@pytest.fixture(scope="module")
def everywhere():
    """A module with an adapter at every matrix."""
    return adapted("Llama", lora(LLAMAS))


def test_every_figure_of_weights_is_that_of_the_merged_model(everywhere):
    found = figures(mi.load(everywhere))
    assert_alike(found, figures(mi.load(merged(everywhere))))
    plain = figures(mi.load(small("Llama")))
    for name in ("head", "copying", "composition"):
        assert (found[name] - plain[name]).abs().nan_to_num().max() > 1e-2, name


@pytest.mark.parametrize(
    ("family", "configs"),
    [
        ("Llama", [lora(LLAMAS)]),
        ("Llama", [lora(LLAMAS[:6], use_dora=True, modules_to_save=["norm", "lm_head"])]),
        ("Llama", [lora(LLAMAS[2:4]), lora(LLAMAS[1:3], use_rslora=True)]),
        (
            "Llama",
            [IA3Config(target_modules=["k_proj", "v_proj"], feedforward_modules=[], init_ia3_weights=False)],
        ),
        ("Llama", [lora(["v_proj"], trainable_token_indices=[3, 1])]),
        ("GPT-2", [lora(["c_attn", "c_proj"], lora_bias=True)]),
        ("GPT-NeoX", [lora(["query_key_value", "dense", "dense_4h_to_h"])]),
    ],
    ids=["every matrix", "DoRA and copies", "two at once", "IA3", "tokens", "GPT-2 with biases", "GPT-NeoX"],
)
def test_every_matrix_is_that_of_the_merged_model(family, configs):
    module = adapted(family, *configs)
    for name, x in module.named_parameters():  # IA3 and copies begin as what changes nothing
        if any(part in name for part in ("ia3", "modules_to_save", "trainable_tokens_delta")):
            x.data += 0.3 * torch.randn(x.shape, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        logits = module(IDS).logits
    model = mi.load(module)
    assert torch.allclose(model.run(IDS).logits, logits, atol=1e-5)
    found = matrices(model)
    assert_alike(found, matrices(mi.load(merged(module))))
    plain = matrices(mi.load(small(family)))
    assert any((found[name] - plain[name]).abs().max() > 1e-2 for name in found)


def test_transformers_own_adapters_are_taken_in_where_they_are_active():
    plain, module = small("Llama"), small("Llama")
    torch.manual_seed(1)
    module.add_adapter(lora(["v_proj", "o_proj"]))
    model, bare = mi.load(module.eval()), mi.load(plain)
    layer = module.model.layers[0].self_attn.v_proj
    delta = (layer.lora_B["default"].weight @ layer.lora_A["default"].weight * 8).T.detach()
    with_it, without = matrices(model), matrices(bare)
    norm = module.model.layers[0].input_layernorm.weight.detach()
    heads = (norm[:, None] * delta).unflatten(1, (2, -1)).repeat_interleave(2, 1).transpose(0, 1)
    assert torch.allclose(with_it["W_V"][0], without["W_V"][0] + heads, atol=1e-5)
    assert notes(model, "adapters") == [
        ("note", "LoRA adapter 'default' on v_proj, o_proj: active, taken in")
    ]
    before, code = model.fingerprint, model.code()
    module.disable_adapters()
    assert_alike(matrices(model), without)
    assert torch.allclose(model.run(IDS).logits, bare.run(IDS).logits, atol=1e-6)
    assert model.fingerprint != before
    assert model.code() != code
    assert notes(mi.load(module), "adapters") == [
        ("note", "LoRA adapter 'default' on v_proj, o_proj: switched off, left out")
    ]
    module.enable_adapters()
    assert (model.fingerprint, model.code()) == (before, code)
    assert_alike(matrices(model), with_it)


def test_which_adapter_is_active_is_seen_at_once():
    module = adapted("Llama", lora(["v_proj"]), lora(["o_proj"]))
    model = mi.load(module)
    both, fingerprint = matrices(model), model.fingerprint
    module.set_adapter("more0")
    alone = matrices(model)
    plain = matrices(mi.load(small("Llama")))
    assert model.fingerprint != fingerprint
    assert_alike(
        {"W_V": alone["W_V"], "heads": alone["heads"]}, {"W_V": plain["W_V"], "heads": both["heads"]}
    )
    said = "LoRA adapter 'default' on v_proj: not active, left out; LoRA adapter 'more0' on o_proj: active, taken in"
    assert notes(mi.load(module), "adapters") == [("note", said)]


def test_merged_adapters_are_called_so():
    module = adapted("Llama", lora(["v_proj"]))
    model, expected = mi.load(module), matrices(mi.load(merged(module)))
    before = model.fingerprint
    module.merge_adapter()
    assert_alike(matrices(model), expected)
    assert model.fingerprint != before
    assert notes(mi.load(module), "adapters") == [
        ("note", "LoRA adapter 'default' on v_proj: merged into the weights")
    ]


def test_weights_of_a_module_in_training_mode_are_read_without_dropout(everywhere):
    model, expected = mi.load(everywhere), None
    expected = matrices(model)
    layers = [part for part in everywhere.modules() if hasattr(part, "lora_dropout")]
    for part in layers:
        part.lora_dropout["default"] = torch.nn.Dropout(0.5)
    everywhere.train()
    assert_alike(matrices(model), expected)
    assert all(part.training for part in layers)
    everywhere.eval()


def test_a_head_and_an_embedding_with_an_adapter_on_one_of_them_are_not_called_tied():
    names = [
        {check.name for check in mi.load(module).trust.checks}
        for module in (small("GPT-2"), adapted("GPT-2", lora(["wte"])))
    ]
    assert ["tied embeddings" in some for some in names] == [True, False]


def test_learned_prompts_are_refused():
    config = PromptTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=3)
    with pytest.raises(
        mi.errors.UnsupportedModel, match=r"before every prompt \(PROMPT_TUNING\).*such as LoRA"
    ):
        mi.load(get_peft_model(small("Llama"), config))


def test_a_part_that_came_after_loading_is_not_read_as_it_was():
    module = small("Llama")
    model = mi.load(module)
    torch.manual_seed(1)
    module.add_adapter(lora(["gate_proj"]))
    module.eval()
    changed = r"changed since it was loaded: its model\.layers\.0\.mlp\.gate_proj is another module now.* Load it again"
    with pytest.raises(mi.errors.MIError, match=changed):
        model.run(IDS, keep=[at.mlp_pre])
    with (
        pytest.raises(mi.errors.MIError, match=changed),
        model.intervene(mi.ablate(at.mlp_pre[0])),
    ):
        model.run(IDS)
    with torch.no_grad():
        logits = module(IDS).logits
    assert torch.allclose(model.run(IDS, keep=[at.resid_post]).logits, logits, atol=1e-5)
    seen = []
    hook = module.model.layers[0].mlp.gate_proj.register_forward_hook(lambda _, args, out: seen.append(out))
    with torch.no_grad():
        module(IDS)
    hook.remove()
    again = mi.load(module).run(IDS, keep=[at.mlp_pre])
    assert torch.allclose(again[at.mlp_pre[0]], seen[0], atol=1e-5)


def test_a_head_that_came_after_loading_is_not_swept_as_if_it_were_the_old_one():
    module = small("Llama")
    model = mi.load(module)
    torch.manual_seed(1)
    module.add_adapter(lora(["lm_head"]))
    module.eval()
    grid = {"metric": lambda logits: logits[:, 0], "by": "layer", "progress": False}
    with pytest.raises(mi.errors.MIError, match=r"its lm_head is another module now.* Load it again"):
        model.sweep(IDS, mi.ablate, at.resid_post, **grid)
    swept = mi.load(module).sweep(IDS, mi.ablate, at.resid_post, **grid)
    with torch.no_grad():
        assert swept["clean"].values.item() == pytest.approx(module(IDS).logits[0, -1, 0].item(), abs=1e-4)


def test_a_module_without_adapters_has_no_switches():
    assert switches_of(small("Llama")) == ""  # whose attention has a number called as one of theirs


@pytest.mark.parametrize("name", ["Olmo2ForCausalLM", "GraniteForCausalLM", "MixtralForCausalLM"])
def test_decoders_without_a_table_too(name):
    torch.manual_seed(1)
    module = get_peft_model(small_decoder(name), lora("all-linear")).eval()
    whole = merged(module)
    model, expected = mi.load(module), mi.load(whole)
    with torch.no_grad():
        assert torch.allclose(model.run(IDS).logits, module(IDS).logits, atol=1e-4)
    read, same = (one.weights for one in (model, expected))
    pairs = {name: getattr(read, name) for name in ("W_Q", "W_V", "W_O", "W_U")}
    assert_alike(pairs, {name: getattr(same, name) for name in pairs})


def test_experts_with_an_adapter_run_as_they_do():
    torch.manual_seed(1)
    config = LoraConfig(r=2, target_modules=["v_proj"], target_parameters=["mlp.experts.gate_up_proj"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = get_peft_model(small_decoder("MixtralForCausalLM"), config).eval()
    for name, x in module.named_parameters():
        if "lora_B" in name:
            x.data = torch.randn_like(x)
    model = mi.load(module)
    with torch.no_grad():
        assert torch.allclose(model.run(IDS).logits, module(IDS).logits, atol=1e-4)
    assert not model.trust.warnings


def test_an_adapter_that_some_tokens_call_is_refused():
    config = lora(["q_proj", "v_proj"], alora_invocation_tokens=[4, 1], task_type=TaskType.CAUSAL_LM)
    module = get_peft_model(small("Llama"), config).eval()
    why = r"'default' on model.layers.0.self_attn.q_proj is an activated LoRA \(alora_invocation_tokens\): .*plain LoRA"
    for given in (module, module.get_base_model()):
        with pytest.raises(mi.errors.UnsupportedModel, match=why):
            mi.load(given)
    assert torch.allclose(mi.load(module.unload()).run(IDS).logits, mi.load(small("Llama")).run(IDS).logits)
