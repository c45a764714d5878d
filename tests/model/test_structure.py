"""Decoders without a table: their sites are found by structure, and what does not hold is refused."""

import pytest
import torch
import transformers
from transformers.models.gemma2.modeling_gemma2 import Gemma2RMSNorm

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.model.architectures.norms import affine_of
from tests.model.decoders import small_decoder
from tests.model.letters import letters

# One of each kind: norms after the sum's parts, experts, sinks, scaled sums, parallel layers, latent attention, one
# matrix for queries, keys and values, a gate in one matrix with what it gates, another way to norm; attention that
# asks no interface.
NAMED = (
    "CohereForCausalLM",
    "DeepseekV3ForCausalLM",
    "FalconForCausalLM",
    "GPTBigCodeForCausalLM",
    "GemmaForCausalLM",
    "Glm4ForCausalLM",
    "GptOssForCausalLM",
    "GraniteForCausalLM",
    "MixtralForCausalLM",
    "MptForCausalLM",
    "NemotronForCausalLM",
    "Olmo2ForCausalLM",
    "OlmoForCausalLM",
    "PhiForCausalLM",
    "Qwen3MoeForCausalLM",
    "StableLmForCausalLM",
    "Starcoder2ForCausalLM",
)
SCALED = {"residual_multiplier": 0.5, "logits_scaling": 4.0, "embedding_multiplier": 3.0}
IDS = [[5, 17, 60, 33, 8, 41, 90, 12], [77, 3, 9, 9, 54, 21, 30, 66]]
WHOLE = [at.resid_pre, at.resid_post, at.attn_out, at.mlp_out]


@pytest.fixture(scope="module", params=NAMED)
def pair(request):
    """A model, and the same module once more, untouched."""
    options = SCALED if request.param == "GraniteForCausalLM" else {}
    return mi.load(small_decoder(request.param, **options), tokenizer=letters()), small_decoder(
        request.param, attn_implementation="eager", **options
    )


def test_it_is_vouched_for_by_every_check_and_reads_as_the_plain_module(pair):
    model, plain = pair
    assert model.trust.warnings == ()
    with torch.no_grad():
        stock = plain(torch.tensor(IDS), output_attentions=True)
    run = model.run(IDS, keep=[*WHOLE, at.pattern])
    assert torch.allclose(run.logits, stock.logits, atol=1e-4, rtol=1e-4)
    added = run[at.resid_pre] + run[at.attn_out] + run[at.mlp_out]
    assert torch.allclose(added, run[at.resid_post], atol=1e-3, rtol=1e-4)
    assert torch.allclose(run[at.pattern], torch.stack(stock.attentions), atol=1e-5)


@pytest.mark.parametrize("site", [at.attn_out, at.mlp_out], ids=repr)
def test_an_edit_is_what_a_hook_does(pair, site):
    model, plain = pair
    place = model.architecture.places[site.name].path.format(layer=1)

    def halve(_, args, out):
        return (out[0] * 0.5, *out[1:]) if isinstance(out, tuple) else out * 0.5

    handle = plain.get_submodule(place).register_forward_hook(halve)
    try:
        with torch.no_grad():
            hooked = plain(torch.tensor(IDS)).logits
    finally:
        handle.remove()
    with model.intervene(mi.scale(site[1], 0.5)):
        assert torch.allclose(model.run(IDS).logits, hooked, atol=1e-4, rtol=1e-4)


def test_a_head_taken_out_is_its_values_taken_out(pair):
    model, _ = pair
    with model.intervene(mi.ablate(at.z[1, 2])):
        of_z = model.run(IDS).logits
    with model.intervene(mi.ablate(at.pattern[1, 2])):
        assert torch.allclose(model.run(IDS).logits, of_z, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(of_z, model.run(IDS).logits, atol=1e-2)


def test_what_parts_add_is_the_logit_difference(pair):
    model, _ = pair
    run = model.run(IDS[0], keep=WHOLE)
    terms = mi.direct_logit_attribution(run, ("a", "b"), by="sublayer")
    right, wrong = model.tokenizer.convert_tokens_to_ids(["a", "b"])
    found = float(run.logits[0, -1, right] - run.logits[0, -1, wrong])
    assert {"L0.attn", "L0.mlp", "L1.attn", "L1.mlp"} <= {*terms.dataset["term"].values.tolist()}
    assert "rounding" not in terms.dataset["term"].values
    assert float(terms.values.sum()) == pytest.approx(found, abs=1e-3)


def test_it_writes_what_runs_say(pair):
    model, _ = pair
    ids, ends = list(IDS[0]), {model.module.config.eos_token_id, model.tokenizer.eos_token_id}
    while len(ids) < len(IDS[0]) + 3 and ids[-1] not in ends:
        ids.append(int(model.run(ids).logits[0, -1].argmax()))
    assert list(model.generate(IDS[0], max_new_tokens=3).ids) == ids[len(IDS[0]) :]


def test_figures_of_weights_are_of_what_attention_computes(pair):
    """Values are read by `W_V` from the normalised stream: token by token one size, head by head one bias."""
    model, _ = pair
    if model.architecture.family in ("DeepseekV3ForCausalLM",):
        with pytest.raises(
            mi.errors.UnsupportedModel, match="one matrix each, so there are no figures of its weights"
        ):
            mi.copying_scores(model)
        return
    run = model.run(IDS, keep=[at.v, at.resid_pre])
    w_v = model.weights.W_V[0]
    shared = model.config.n_heads // model.config.n_key_value_heads
    values = run[at.v[0]].repeat_interleave(shared, 2).flatten(2)
    reads = torch.einsum("bpd,hde->bphe", run[at.resid_pre[0]].float(), w_v).flatten(2)
    # values = size(token) * reads + bias: with the bias taken out by differences of two tokens, a plane holds all.
    here = values[0, 1:] - values[0, :1]
    for row, one in zip(here, reads[0, 1:], strict=True):
        basis = torch.stack([one, reads[0, 0]], 1)
        left = row - basis @ torch.linalg.lstsq(basis, row[:, None]).solution[:, 0]
        assert left.abs().max() <= 1e-3 * row.abs().max()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_coarse_numbers_are_read_as_what_they_are(dtype):
    """Of a scaled sum too: its factor is the config's, not what rounding makes of it."""
    model = mi.load(small_decoder("GraniteForCausalLM", **SCALED).to(dtype))
    assert model.trust.warnings == ()
    assert model.architecture.places["resid_mid"].added_times == 0.5
    assert model.architecture.logit_scale == 0.25
    assert mi.load(small_decoder("MixtralForCausalLM").to(dtype)).trust.warnings == ()


@pytest.mark.parametrize("name", ["GemmaForCausalLM", "OlmoForCausalLM", "PhiForCausalLM"])
def test_one_large_dimension_hides_nothing(name):
    """As real models have one: what agrees is judged element by element, not by the largest number."""
    module = small_decoder(name)
    with torch.no_grad():
        module.get_input_embeddings().weight[:, 3] += 10
    parallel = name == "PhiForCausalLM"
    for kind in (torch.float32, torch.bfloat16):
        model = mi.load(module.to(kind))
        assert model.trust.warnings == ()
        assert ("resid_mid" in model.architecture.forbidden) == parallel
        model.release()


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16], ids=str)
def test_a_norm_is_read_by_what_it_does(kind):
    norm = Gemma2RMSNorm(16).to(kind)  # it multiplies by one plus its weight
    norm.weight.data[:] = torch.linspace(0.5, 1.5, 16)
    assert torch.equal(affine_of(norm, 16).scale, 1 + norm.weight.detach().float())
    plain = torch.nn.LayerNorm(16).to(kind)
    plain.weight.data[:], plain.bias.data[:] = torch.linspace(-1, 2, 16), torch.linspace(3, 4, 16)
    known = affine_of(plain, 16)
    assert torch.equal(known.scale, plain.weight.detach().float())
    assert torch.equal(known.bias, plain.bias.detach().float())
    assert known.takes_mean
    with pytest.raises(mi.errors.UnsupportedModel, match="Tanh is neither a LayerNorm nor an RMSNorm"):
        affine_of(torch.nn.Tanh(), 16)


def test_layers_that_hand_on_more_than_the_stream_are_swept_from_the_embedding():
    module = small_decoder("ZayaForCausalLM")
    for name, weight in module.named_parameters():
        if "residual_scale." in name:  # as before training: it scales by one and adds nothing
            weight.data.fill_(float(name.endswith("_scale")))
    model = mi.load(module)
    assert not model.resumes
    swept = model.sweep(
        IDS[0], mi.ablate, at.mlp_out, metric=lambda logits: logits[:, 7], by=["layer"], progress=False
    )
    for layer in range(2):
        with model.intervene(mi.ablate(at.mlp_out[layer])):
            alone = float(model.run(IDS[0]).logits[0, -1, 7])
        assert float(swept.sel(layer=layer).values.squeeze()) == pytest.approx(alone, abs=1e-4)


def test_nothing_stays_on_a_module_that_was_refused():
    module = transformers.GPT2Model(transformers.GPT2Config(n_layer=2, n_embd=32, n_head=4, vocab_size=50))
    with pytest.raises(mi.errors.UnsupportedModel, match="which of its modules gives the logits"):
        mi.load(module)
    bert = small_decoder("BertLMHeadModel")
    own = bert.config
    with pytest.raises(mi.errors.UnsupportedModel):
        mi.load(bert)
    assert bert.config is own
    for one in (module, bert):
        assert not any(part._forward_hooks or part._forward_pre_hooks for part in one.modules())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("BertLMHeadModel", r"each layer gives out what a norm gives \(output.LayerNorm\), as BERT's do"),
        (
            "MambaForCausalLM",
            "layer 0 of backbone.layers has MambaRMSNorm, MambaMixer, and no attention: state spaces",
        ),
        ("FalconH1ForCausalLM", "its layers have FalconH1Mixer beside attention, or for it: state spaces"),
        (
            "Qwen3NextForCausalLM",
            r"layer 0 of model.layers \(Qwen3NextGatedDeltaNet\) does not attend as layer 1 does",
        ),
        (
            "DogeForCausalLM",
            r"what its layers \(Doge.*\) add is not the sum of what two of their modules give out",
        ),
        (
            "XLMWithLMHeadModel",
            r"the parts of its layers lie in several lists \(transformer.attentions, .*\)",
        ),
        ("ZayaForCausalLM", "in each layer post_mlp_residual_scale gives out the stream itself"),
        ("CpmAntForCausalLM", "do not take in and give out a residual stream with one vector a token"),
    ],
)
def test_what_is_no_such_decoder_is_refused_with_its_reason(name, says):
    with pytest.raises(mi.errors.UnsupportedModel, match=says):
        mi.load(small_decoder(name))


def test_layers_that_attend_twice_show_no_one_pattern():
    model = mi.load(small_decoder("DiffLlamaForCausalLM"))
    for site in (at.pattern, at.z, at.v):
        with pytest.raises(
            mi.errors.SiteError, match=r"its layers attend more than once .*: use at.attn_out\)"
        ):
            model.run(IDS, keep=[site])


def test_what_is_changed_in_place_later_is_not_read_as_it_was():
    model = mi.load(small_decoder("CTRLLMHeadModel"))
    with pytest.raises(
        mi.errors.SiteError, match=r"at\.embed of CTRLLMHeadModel: it is changed in place after it has"
    ):
        model.run(IDS, keep=[at.embed])


def test_positions_that_begin_elsewhere_than_at_0_are_left_to_the_module():
    module = small_decoder("RobertaPreLayerNormForCausalLM")
    with torch.no_grad():
        stock = module(torch.tensor(IDS)).logits
    assert torch.allclose(mi.load(module).run(IDS).logits, stock, atol=1e-4)


def test_a_layer_that_adds_something_unseen_is_refused():
    module = small_decoder("OlmoForCausalLM")
    layer = module.model.layers[1]
    layer.register_forward_hook(lambda _, args, out: out + 0.1)
    with pytest.raises(mi.errors.UnsupportedModel, match="has no table of sites"):
        mi.load(module)


@pytest.fixture(scope="module")
def with_pictures():
    """A Gemma 3 that takes pictures too; its tower has as many layers as its text decoder."""
    text = small_decoder("Gemma3ForCausalLM").config.to_dict()
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    tokens = {"image_token_index": 99, "boi_token_index": 98, "eoi_token_index": 97}
    config = transformers.Gemma3Config(
        text_config=text,
        vision_config={**sizes, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4,
        **tokens,
    )
    torch.manual_seed(0)
    module = transformers.Gemma3ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim > 1:
                torch.nn.init.normal_(weight, std=0.2)
    return module


def test_of_a_model_of_pictures_and_text_the_text_is_read(with_pictures):
    module = with_pictures
    own, own_text = module.config, module.model.language_model.config
    with torch.no_grad():
        stock = module(torch.tensor(IDS)).logits
    model = mi.load(module)
    assert model.trust.warnings == ()
    assert model.architecture.block == "model.language_model.layers.{layer}"
    run = model.run(IDS, keep=[*WHOLE, at.pattern])
    assert torch.allclose(run.logits, stock, atol=1e-4, rtol=1e-4)
    assert torch.allclose(
        run[at.resid_pre] + run[at.attn_out] + run[at.mlp_out], run[at.resid_post], atol=1e-3
    )
    with model.intervene(mi.ablate(at.pattern[1, 2])):
        of_pattern = model.run(IDS).logits
    with model.intervene(mi.ablate(at.z[1, 2])):
        assert torch.allclose(model.run(IDS).logits, of_pattern, atol=1e-4)
    ids = list(IDS[0])
    for _ in range(3):
        ids.append(int(model.run(ids).logits[0, -1].argmax()))
    assert list(model.generate(IDS[0], max_new_tokens=3).ids) == ids[len(IDS[0]) :]
    model.release()
    assert module.config is own
    assert module.model.language_model.config is own_text


GEMMA_4 = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "global_head_dim": 8,
    "num_global_key_value_heads": 2,
    "intermediate_size": 64,
    "vocab_size": 100,
    "vocab_size_per_layer_input": 100,
    "hidden_size_per_layer_input": 0,
    "max_position_embeddings": 64,
    "sliding_window": 16,
    "num_kv_shared_layers": 0,
    "layer_types": ["sliding_attention", "full_attention"],
}
EXPERTS = {"enable_moe_block": True, "num_experts": 4, "top_k_experts": 2, "moe_intermediate_size": 16}


def gemma_4(**options):
    torch.manual_seed(0)
    module = transformers.Gemma4ForCausalLM(transformers.Gemma4TextConfig(**{**GEMMA_4, **options})).eval()
    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim > 1:
                torch.nn.init.normal_(weight, std=0.2)
    return module


@pytest.mark.parametrize("options", [{}, EXPERTS], ids=["dense", "experts"])
def test_gemma_4_loads_where_its_layers_add_two_parts(options):
    module = gemma_4(**options)
    with torch.no_grad():
        stock = module(torch.tensor(IDS)).logits
    model = mi.load(module)
    assert model.trust.warnings == ()
    run = model.run(IDS, keep=[at.resid_mid, at.mlp_out, at.resid_post])
    assert torch.allclose(run.logits, stock, atol=1e-4, rtol=1e-4)
    assert torch.allclose(run[at.resid_mid] + run[at.mlp_out], run[at.resid_post], atol=1e-4)
    assert ("router" in model.architecture.places) == bool(options)


def test_gemma_4_and_3n_are_refused_where_they_add_more_with_what_it_is():
    with pytest.raises(
        mi.errors.UnsupportedModel, match=r"add three parts, .* alone: .*post_per_layer_input_norm"
    ):
        mi.load(gemma_4(hidden_size_per_layer_input=8))
    sizes = {name: size for name, size in GEMMA_4.items() if "global" not in name}
    config = transformers.Gemma3nTextConfig(
        **{**sizes, "hidden_size_per_layer_input": 8}, laurel_rank=4, activation_sparsity_pattern=[0.0, 0.0]
    )
    with pytest.raises(
        mi.errors.UnsupportedModel, match=r"hand on several streams \(shape \(4, 2, 7, 32\)\)"
    ):
        mi.load(transformers.Gemma3nForCausalLM(config).eval())


def test_heads_of_another_width_in_some_layers_are_refused_there_alone():
    model = mi.load(gemma_4(global_head_dim=16))
    with pytest.raises(
        mi.errors.SiteError, match=r"passes shape \(2, 8, 4, 16\) where \(2, 8, 4, 8\) belongs"
    ):
        model.run(IDS, keep=[at.z])
    run = model.run(IDS, keep=[at.z[0], at.pattern])
    assert run[at.pattern].shape == (2, 2, 4, 8, 8)


def test_an_edit_of_what_the_mlp_reads_is_none_of_the_stream():
    """Where the MLP takes in the stream itself, without a norm before."""
    model = mi.load(small_decoder("Olmo2ForCausalLM"))
    plain = model.run(IDS, keep=[at.resid_mid, at.mlp_in])
    with model.intervene(mi.ablate(at.mlp_in[0])):
        edited = model.run(IDS, keep=[at.resid_mid, at.mlp_in])
    assert torch.equal(edited[at.resid_mid[0]], plain[at.resid_mid[0]])
    assert not edited[at.mlp_in[0]].any()


@pytest.mark.parametrize("name", ["BitNetForCausalLM", "AfmoeForCausalLM"])
def test_heads_behind_something_else_are_not_told_by_their_matrix(name):
    """A norm, or a gate, stands between z and the matrix that writes."""
    model = mi.load(small_decoder(name))
    [check] = [check for check in model.trust.checks if check.name == "heads write what the attention adds"]
    assert check.status == "note"
    assert "in layers 0, 1 attn_out is not z by the matrix behind it" in check.seen
    run = model.run(IDS, keep=[*WHOLE, at.z])
    why = "What single heads of .* write cannot be told by its weights: .* is not z by the matrix behind it"
    for asked in (
        lambda: mi.direct_logit_attribution(run, [(3, 4)] * 2, by="head"),
        lambda: mi.copying_scores(model),
        lambda: model.weights,
    ):
        with pytest.raises(mi.errors.UnsupportedModel, match=why):
            asked()
    whole = mi.direct_logit_attribution(run, [(3, 4)] * 2, by="sublayer")
    assert torch.allclose(
        torch.tensor(whole.values.sum(1)), run.logits[:, -1, 3] - run.logits[:, -1, 4], atol=1e-4
    )


@pytest.mark.parametrize("name", ["Gemma2ForCausalLM", "Olmo2ForCausalLM"])
def test_a_norm_behind_is_held_at_what_went_into_it(name):
    """Its size is that of what the heads and the bias wrote, whatever is steered into the stream beside it."""
    model = mi.load(small_decoder(name, attention_bias=True))
    for layer in model.module.model.layers:
        torch.nn.init.normal_(layer.self_attn.o_proj.bias)
    keep, ids = [*WHOLE, at.z], IDS[:1]
    before = mi.direct_logit_attribution(model.run(ids, keep=keep), (3, 4), by="head")
    with model.intervene(mi.steer(at.attn_out[1], torch.randn(32))):
        run = model.run(ids, keep=keep)
    found = mi.direct_logit_attribution(run, (3, 4), by="head")
    block = model.module.model.layers[1]
    norm, o_proj = block.post_attention_layernorm, block.self_attn.o_proj
    z = run[at.z[1]][0, -1]
    with torch.no_grad():
        whole = o_proj(z.flatten())
        size = (norm(whole) / norm.weight.add(name.startswith("Gemma")) / whole)[0]
        heads = (
            z[:, None]
            @ o_proj.weight.T.unflatten(0, (4, -1))
            * norm.weight.add(name.startswith("Gemma"))
            * size
        )
        final, head = model.module.model.norm, model.module.lm_head.weight
        resid = run[at.resid_post[1]][0, -1]
        direction = (head[3] - head[4]) * final.weight.add(name.startswith("Gemma"))
        direction = (
            direction
            / (
                resid.square().mean() + final.eps
                if hasattr(final, "eps")
                else resid.square().mean() + final.variance_epsilon
            ).sqrt()
        )
        expected = (heads[:, 0] @ direction).tolist()
    ours = [float(found.sel(term=f"L1.H{head}").values[0]) for head in range(4)]
    assert ours == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert "L1.attn interventions" in found.dataset["term"].values
    assert "L1.attn bias" in before.dataset["term"].values


def test_queries_and_keys_have_the_weight_of_their_norms():
    module = small_decoder("Qwen3ForCausalLM")
    for layer in module.model.layers:
        torch.nn.init.normal_(layer.self_attn.q_norm.weight)
        torch.nn.init.normal_(layer.self_attn.k_norm.weight)
    model, (first, _) = mi.load(module), module.model.layers
    attention = first.self_attn
    q = attention.q_proj.weight.T * first.input_layernorm.weight[:, None]
    wanted = q.unflatten(1, (4, -1)) * attention.q_norm.weight
    torch.testing.assert_close(model.weights.W_Q[0], wanted.transpose(0, 1).detach())
    k = (attention.k_proj.weight.T * first.input_layernorm.weight[:, None]).unflatten(1, (2, -1))
    wanted = (k * attention.k_norm.weight).repeat_interleave(2, 1)
    torch.testing.assert_close(model.weights.W_K[0], wanted.transpose(0, 1).detach())
