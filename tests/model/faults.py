"""Silent faults to plant in a small Llama, as a subclass, a patch or a fine-tune would bring them."""

import types

from torch import nn
from torch.nn import functional as F
from transformers import AttentionInterface, LlamaForCausalLM
from transformers.masking_utils import AttentionMaskInterface, eager_mask
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb


def put(part, forward):
    """Give one submodule another forward."""
    part.forward = types.MethodType(forward, part)


def around(part, change):
    """Change what one submodule gives out."""
    original = type(part).forward
    put(part, lambda self, *args, **kwargs: change(original(self, *args, **kwargs)))


def subclass(module, forward):
    """Give a whole model another forward."""
    module.__class__ = type("Mine", (type(module),), {"forward": forward})


def fused_gpt2(self, hidden_states, past_key_values=None, attention_mask=None, **_):
    """GPT-2's attention by torch's own function, which shows no pattern."""
    parts = self.c_attn(hidden_states).split(self.split_size, 2)
    q, k, v = (x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for x in parts)
    causal = attention_mask is None
    z = F.scaled_dot_product_attention(q, k, v, attn_mask=attention_mask, is_causal=causal)
    return self.c_proj(z.transpose(1, 2).flatten(2)), None


def fused_llama(self, hidden_states, position_embeddings=None, attention_mask=None, **_):
    """Llama's likewise."""
    matrices = (self.q_proj, self.k_proj, self.v_proj)
    q, k, v = (w(hidden_states).unflatten(-1, (-1, self.head_dim)).transpose(1, 2) for w in matrices)
    q, k = apply_rotary_pos_emb(q, k, *position_embeddings)
    causal = attention_mask is None
    z = F.scaled_dot_product_attention(q, k, v, attn_mask=attention_mask, is_causal=causal, enable_gqa=True)
    return self.o_proj(z.transpose(1, 2).flatten(2)), None


def attends_by_itself(module):
    """The taps are all called, but z comes from a pattern of its own."""
    attention = module.model.layers[1].self_attn
    original = type(attention).forward

    def forward(self, *args, **kwargs):
        return fused_llama(self, *args, **kwargs)[0], original(self, *args, **kwargs)[1]

    put(attention, forward)


def adds_half_of_attention(module):
    def forward(self, hidden_states, **kwargs):
        added = self.self_attn(hidden_states=self.input_layernorm(hidden_states), **kwargs)[0]
        middle = hidden_states + 0.5 * added
        return middle + self.mlp(self.post_attention_layernorm(middle))

    put(module.model.layers[1], forward)


def gives_more_than_its_parts(module):
    around(module.model.layers[1], lambda x: 1.1 * x)


def gives_the_first_of_the_batch(module):
    around(module.model.layers[2], lambda x: x[:1].expand_as(x))


def has_no_final_norm(module):
    module.model.norm = nn.Identity()


def skips_its_final_norm(module):
    def forward(self, *args, **kwargs):
        seen = []
        handle = self.model.layers[-1].register_forward_hook(lambda _, args, out: seen.append(out))
        self.model(*args, **kwargs)
        handle.remove()
        return CausalLMOutputWithPast(logits=self.lm_head(seen[0]))

    subclass(module, forward)


def doubles_its_logits(module):
    def forward(self, *args, **kwargs):
        out = LlamaForCausalLM.forward(self, *args, **kwargs)
        out.logits = 2 * out.logits
        return out

    subclass(module, forward)


def ignores_its_mask(module):
    def forward(self, *args, attention_mask, **kwargs):
        return LlamaForCausalLM.forward(self, *args, attention_mask=attention_mask * 0 + 1, **kwargs)

    subclass(module, forward)


def _softer(attention, q, k, v, mask, scaling=None, **_):
    k, v = (x.repeat_interleave(q.shape[1] // k.shape[1], 1) for x in (k, v))
    pattern = (0.7 * scaling * q @ k.transpose(2, 3) + (0 if mask is None else mask)).softmax(-1)
    return (pattern @ v).transpose(1, 2).contiguous(), pattern


AttentionInterface.register("softer", _softer)
AttentionMaskInterface.register("softer", eager_mask)


def attends_in_its_own_way(module):
    module.set_attn_implementation("softer")


_LENS = "the logit lens and logit attribution would mislead"
_STREAM = ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")

# Each with how its warning begins, and the sites that it concerns (none: all).
FAULTS = [
    (
        attends_by_itself,
        "editing attention changes the logits: another pattern in layer 1 changes nothing: what is read there is not "
        "what is used",
        ("scores", "pattern"),
    ),
    (
        adds_half_of_attention,
        "the residual stream adds up: resid_mid[1] is not resid_pre[1] + attn_out[1] (off by up to",
        ("resid_pre", "resid_mid", "attn_out"),
    ),
    (
        gives_more_than_its_parts,
        "the residual stream adds up: resid_post[1] is not resid_mid[1] + mlp_out[1] (off by up to",
        ("resid_mid", "resid_post", "mlp_out"),
    ),
    (
        gives_the_first_of_the_batch,
        "the residual stream adds up: resid_post[2] is not resid_mid[2] + mlp_out[2] (off by up to",
        ("resid_mid", "resid_post", "mlp_out"),
    ),
    (
        has_no_final_norm,
        "final norm: model.norm (Identity) is not in the way: the unembedding reads the last residual unnormalised; "
        + _LENS,
        _STREAM,
    ),
    (
        skips_its_final_norm,
        "final norm: model.norm (LlamaRMSNorm) is not in the way: the unembedding reads the last residual "
        "unnormalised; " + _LENS,
        _STREAM,
    ),
    (doubles_its_logits, "final norm: the logits are not what the unembedding gives; " + _LENS, _STREAM),
    (attends_in_its_own_way, "logits as the plain module's: with every site read, logits of up to ", ()),
]
