"""A small Llama or Qwen2 as a GGUF file, as llama.cpp writes one: its names, its order of queries and keys."""

import gguf
import numpy as np
import torch

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
# A letter for each byte, as GPT-2 spells them: those that print are themselves.
_PRINT = [*range(33, 127), *range(161, 173), *range(174, 256)]
BYTES = [*map(chr, _PRINT), *(chr(256 + i) for i in range(256 - len(_PRINT)))]
TOKENS = ["<unk>", "<s>", "</s>", *BYTES, "ab", "Ġa"]


def name_in_file(name):
    """What llama.cpp calls a parameter of transformers."""
    whole = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    path, _, kind = name.rpartition(".")
    if path in whole:
        return f"{whole[path]}.{kind}"
    _, _, layer, inner = path.split(".", 3)
    return f"blk.{layer}.{NAMES[inner]}.{kind}"


def in_pairs(weight, heads):
    """llama.cpp turns neighbours by an angle, transformers the two halves of a head."""
    halves = weight.reshape(heads, 2, -1, weight.shape[1])
    return halves.transpose(0, 2, 1, 3).reshape(weight.shape)


def write_gguf(
    path,
    module,
    *,
    kinds=None,
    tensors=None,
    settings=None,
    architecture="llama",
    parts=1,
    tokens=TOKENS,
    turned=None,
):
    """Write one.

    Args:
        path: of the file.
        module: it.
        kinds: of some tensors, by their name in the file, how they are packed.
        tensors: more of them.
        settings: more of them, by name without the architecture's.
        architecture: what it says it is.
        parts: how many files there are.
        tokens: its vocabulary; None for no tokenizer.
        turned: how much of a head is, by the file; None for all.
    """
    c, writer = module.config, gguf.GGUFWriter(path, architecture)
    writer.add_context_length(c.max_position_embeddings)
    writer.add_block_count(c.num_hidden_layers)
    writer.add_embedding_length(c.hidden_size)
    writer.add_feed_forward_length(c.intermediate_size)
    writer.add_head_count(c.num_attention_heads)
    writer.add_head_count_kv(c.num_key_value_heads)
    writer.add_layer_norm_rms_eps(c.rms_norm_eps)
    writer.add_rope_dimension_count(turned or c.hidden_size // c.num_attention_heads)
    writer.add_rope_freq_base(c.rope_parameters["rope_theta"])
    writer.add_vocab_size(c.vocab_size)
    for name, value in (settings or {}).items():
        kinds_of = {
            str: writer.add_string,
            float: writer.add_float32,
            int: writer.add_uint32,
            bool: writer.add_bool,
        }
        add = kinds_of[type(value)]
        add(f"{architecture}.{name}", value)
    if parts > 1:
        writer.add_uint16("split.count", parts)
    if tokens:
        writer.add_tokenizer_model("gpt2")
        writer.add_token_list(tokens)
        writer.add_token_merges(["a b", "Ġ a"])
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)
        writer.add_add_bos_token(True)
    for name, x in module.named_parameters():
        weight = x.detach().numpy()
        if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
            weight = in_pairs(weight, c.num_attention_heads if "q_proj" in name else c.num_key_value_heads)
        _add(writer, name_in_file(name), weight, (kinds or {}).get(name_in_file(name)))
    for name, x in (tensors or {}).items():
        _add(writer, name, x, None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer, name, weight, kind):
    if kind is None:
        writer.add_tensor(name, np.ascontiguousarray(weight, dtype=np.float32))
    else:
        writer.add_tensor(name, gguf.quantize(np.ascontiguousarray(weight), kind), raw_dtype=kind)


def unpacked_q8_0(weight):
    """What blocks of 32 numbers hold of it: a scale in half precision, and a whole number from -127 to 127 each."""
    blocks = torch.as_tensor(weight).reshape(-1, 32)
    scale = blocks.abs().amax(1, keepdim=True) / 127
    whole = torch.where(scale > 0, (blocks / scale).round(), 0.0)
    return (whole * scale.half().float()).reshape(weight.shape)
