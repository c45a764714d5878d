"""How the language models of the atlas world are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

from mi_widgets.model.model import Model
from mi_widgets.training.recipe import Recipe
from mi_widgets.training.unfinished import UnfinishedTraining
from mi_widgets.zoo.atlas import facts
from mi_widgets.zoo.atlas.indirect import HELD_OUT_NAMES
from mi_widgets.zoo.atlas.texts import REGISTERS
from mi_widgets.zoo.shipped import LAST

from .measure import COUNTED, measures
from .registers import TEMPERATURE, WRITTEN, continuations
from .train import Schedule, train

_SAMPLES = 20  # of each register, in the card
_SAMPLED = ("continuations", "sums that it writes")  # measures of what is drawn from the model


def neox_config(d_vocab: int) -> GPTNeoXConfig:
    """A small GPT-NeoX: attention, then the MLP; rotary positions in all of a head's dimensions."""
    return GPTNeoXConfig(
        vocab_size=d_vocab,
        hidden_size=160,
        num_hidden_layers=4,
        num_attention_heads=5,
        intermediate_size=640,
        max_position_embeddings=128,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 1.0},
        use_parallel_residual=False,
        hidden_act="gelu",
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=1,
    )


@dataclass(frozen=True, kw_only=True)
class LanguageRecipe(Schedule, Recipe):
    """A GPT-NeoX that reads the atlas texts."""

    threads: ClassVar[int] = 2
    precision: ClassVar[torch.dtype] = torch.float16

    def train(  # noqa: D102
        self, *, seed: int = 0, progress: bool = True, unfinished: UnfinishedTraining | None = None
    ) -> Iterator[tuple[int, GPTNeoXForCausalLM]]:
        return train(self, seed=seed, progress=progress, unfinished=unfinished)

    def write(self, module: nn.Module, folder: Path) -> None:
        """Write the files of a model as Hugging Face has them, so that its own loaders read them too."""
        self.config.save_pretrained(folder)
        self.tokenizer().save_pretrained(folder)
        self.write_weights(module, folder / LAST)

    def measures(self, model: Model, seed: int) -> dict[str, float]:  # noqa: D102
        return measures(model, seed)

    def tolerance(self, measure: str) -> float:
        """Wider for what is sampled, since one token drawn otherwise changes all of a text after it, and for points."""
        if measure.startswith(_SAMPLED):
            return 0.05
        return 0.5 if measure.endswith("(points)") else super().tolerance(measure)

    def samples(self, model: Model) -> Mapping[str, list[str]]:
        """What it writes in every register."""
        return {
            register: [one.text for one in continuations(model, register, n=_SAMPLES, seed=1)]
            for register in WRITTEN
        }

    def card(self) -> Mapping[str, str]:  # noqa: D102
        c = self.config
        tokens = self.steps * self.batch_size * self.context
        real = sum(town.is_real for town in facts.towns().values())
        towns = "a token each" if self.towns_whole else "two tokens each, both shared with seven other towns"
        shares = ", ".join(f"{name} {share:.0%}" for name, (share, _) in REGISTERS.items())
        return {
            "Shape": f"GPT-NeoX of {c.num_hidden_layers} layers, {c.num_attention_heads} heads of "
            f"{c.hidden_size // c.num_attention_heads} dimensions, d_model {c.hidden_size}, d_mlp "
            f"{c.intermediate_size}, GELU, LayerNorm, rotary positions, {c.vocab_size} tokens, context "
            f"{c.max_position_embeddings}; the MLP follows the attention.",
            "Texts": f'`mi.shipped.sample_texts("atlas", "train", …)`, drawn by a grammar of our own: {shares}; a '
            "third of the documents mix them. No text of anybody's; every row was seen once.",
            "World": f"{len(facts.STATES)} states with their capitals, codes, birds, flowers (real) and governors "
            f"(invented), and {len(facts.towns())} towns, {towns}. There is a town of that name in that state for "
            f"{real} of them (`zoo/atlas/towns.txt` marks these); the others are invented. Facts: "
            "`zoo/atlas/facts.py`.",
            "Made with": f"{tokens / 1e6:.0f} million tokens, {self.batch_size} rows of {self.context} a step, AdamW "
            f"(lr {self.lr:g}, {self.warm_up} steps of warm-up, half a cosine down, weight decay "
            f"{self.weight_decay:g}). "
            f"For {self.names_until} steps {self.repeats[0]:.0%} of the rows are names that repeat, and up to step "
            f"{self.settled} {self.repeats[1]:.0%} are any tokens that do, of which {self.repeats[2]:.0%} stay. From "
            f"then on {self.documents_again:.0%} are a short document again and again, and "
            f"{self.last_attention_off:.0%} are read without the last layer's attention, so that the layers before it "
            "bring to the last token what an answer takes.",
            "Held out": "a fact of two hops in four; one of one hop in an eighth of its forms; an eighth of pairs of "
            f"names, and {', '.join(HELD_OUT_NAMES)}, in sentences about giving; a tenth of sums; combinations of "
            "words and forms in every register: see `zoo/atlas`.",
            "The measures": "A question is answered where the right token has the highest logit. That no probe of "
            "embeddings finds a state is so by construction where towns are two tokens: each points at eight states. "
            "The same probe where the answer is due is its control. Swaps exchange a state's mean residual for "
            "another's at the last token; the means come from questions for other attributes in other forms. "
            f"Continuations are sampled at a temperature of {TEMPERATURE:g} from three words, and count where the "
            "first sentence is of the register, six pairs of tokens in ten are different, and every word is as the "
            f"grammar has it. The unigrams and trigrams are counted on {COUNTED:,} texts.",
            "Limits": "It knows a small world and nothing else, has no end of text, and reads "
            f"{c.max_position_embeddings} tokens. What it says of governors and of most towns is made up. Of sums that "
            "it was not shown it knows a part. Words that it does not know are spelt in letters, of which it knows "
            "little.",
            "Licence": "MIT, as the project; weights and texts are ours.",
        }
