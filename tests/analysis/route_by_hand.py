"""A route whose weights were set by hand: a letter goes by two heads from one token to the answer.

Prompts are `<s>`, the letter, another letter, a mark. Head 0.1 carries the letter to the second place, head 2.0 from
there to the mark, whose prediction it is. Head 1.1 carries the letter as well, but to where nobody reads. All heads
look at places, never at letters: so the network is linear in its letters, and every effect can be told in advance.
"""

import torch

import mi_widgets as mi
from tests.model.letters import PIECES, letters

LOUDNESS = 20.0
FIRST, SECOND = (0, 1), (2, 0)  # the heads of the route
IDLE = (1, 1)
AT_LETTER, AT_SECOND, AT_MARK = 1, 2, 3
N_CTX = 5


def route():
    """The network as a Model, with a tokenizer of letters."""
    v, d_head = len(PIECES), len(PIECES)
    d_model = 4 * v + N_CTX
    token, carried, prediction, unread = (slice(i * v, (i + 1) * v) for i in range(4))
    position = slice(4 * v, d_model)
    config = mi.TransformerConfig(3, 2, d_model, d_head, v, N_CTX, normalization=None)
    module = mi.Transformer(config).eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.zero_()
    module.embed.W_E[:, token] = torch.eye(v)
    module.pos_embed.W_pos[:, position] = torch.eye(N_CTX)
    module.unembed.W_U[prediction] = LOUDNESS * torch.eye(v)

    def carry(head, source, target, read, write):
        attn = module.blocks[head[0]].attn
        attn.W_Q[head[1], position.start + target, 0] = 1000.0
        attn.W_K[head[1], position.start + source, 0] = 1.0
        attn.W_V[head[1], read] = torch.eye(v)
        attn.W_O[head[1], :, write] = torch.eye(v)

    carry(FIRST, AT_LETTER, AT_SECOND, token, carried)
    carry(IDLE, AT_LETTER, AT_MARK, token, unread)
    carry(SECOND, AT_SECOND, AT_MARK, carried, prediction)
    return mi.load(module, tokenizer=letters())


PAIR = mi.PromptPair("ac?", "bc?", ("a", "b"))
PAIRS = [PAIR, mi.PromptPair("de?", "fe?", ("d", "f")), mi.PromptPair("gh?", "kh?", ("g", "k"))]
