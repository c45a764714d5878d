"""A tokenizer of letters, and what can be wrong with one: nothing is downloaded."""

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, processors
from transformers import PreTrainedTokenizerFast

BOS, EOS, PAD = "<s>", "</s>", "<pad>"
ALPHABET = " \n.,?:Tabcdefghijklmnopqrstuvwxyz"
PIECES = [BOS, EOS, PAD, *ALPHABET]
TURNS = (
    "{{ bos_token }}{% for message in messages %}{{ message['role'] }}:{{ message['content'] }}{{ eos_token }}"
    "{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
)


def letters(*, spaces=None, bos=1, eos=False, chat_template=None, **options):
    """One token a letter: every text of the alphabet comes back.

    Args:
        spaces: what white space becomes, where it does not stay: `""` drops it, `" "` folds it.
        bos: how often the token that begins a text is put first.
        eos: whether the token that ends one is put last.
        chat_template: in Jinja.
        options: of the tokenizer.
    """
    tokenizer = Tokenizer(models.BPE({piece: i for i, piece in enumerate(PIECES)}, []))
    if spaces is not None:
        tokenizer.normalizer = normalizers.Replace(Regex(r"\s+"), spaces)
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens(
        [AddedToken(piece, special=True, normalized=False) for piece in (BOS, EOS, PAD)]
    )
    pieces = [*[BOS] * bos, "$A", *[EOS] * eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=" ".join(pieces), special_tokens=[(BOS, 0), (EOS, 1)]
    )
    options = {"bos_token": BOS, "eos_token": EOS, "pad_token": PAD, **options}
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **options)
    made.chat_template = chat_template
    return made
