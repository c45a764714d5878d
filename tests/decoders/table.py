"""`python -m tests.decoders.table` writes the list of decoders anew, and what the README says of it."""

import re
from pathlib import Path

import transformers

from tests.decoders.outcomes import LIST, list_text, written

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- decoders -->\n", "<!-- /decoders -->\n"
# What is said of those that are refused, and what that means in a few words.
GROUPS = {
    "and no attention": "some or all layers are state spaces, convolutions or recurrences",
    "does not attend as": "some or all layers are state spaces, convolutions or recurrences",
    "what a norm gives": "each layer norms its sum, as BERT's do, so that there is no residual stream",
    "": "layers that add otherwise, or attention that shows no steps",
}


def readme_block(outcomes):
    """What the README says: how many, and which."""

    def those(kind):
        return [name.removesuffix("ForCausalLM") for name, one in outcomes.items() if one.kind == kind]

    whole, warned, refused = (those(kind) for kind in ("whole", "warning", "refused"))
    groups = {}
    for name, one in outcomes.items():
        if one.kind == "refused":
            why = next(text for part, text in GROUPS.items() if part in one.says)
            groups.setdefault(why, []).append(name.removesuffix("ForCausalLM"))
    refusals = "\n".join(f"- {why}: {', '.join(names)}" for why, names in groups.items())
    return (
        f"Of the {len(whole) + len(warned) + len(refused)} causal language models in transformers "
        f"{transformers.__version__} that take texts alone, {len(whole)} load with every\ncheck holding, "
        f"{len(warned)} with a warning that says what to beware of, and {len(refused)} are refused with the reason "
        f"([the list]({LIST.relative_to(README.parent).as_posix()})).\n"
        "`make test` builds each, small and with random weights, and compares what loads with plain PyTorch hooks: "
        "every site read, and changed,\nwhat it generates, and what padding does.\n\n"
        f"<details><summary>Which</summary>\n\nLoaded, every check holding: {', '.join(whole)}.\n\n"
        f"With a warning: {', '.join(warned)}.\n\nRefused:\n\n{refusals}\n\n</details>\n"
    )


def with_block(readme, block):
    """A README with the block between its marks."""
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}{block}{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    LIST.write_text(list_text())
    README.write_text(with_block(README.read_text(), readme_block(written())))
    print(re.search(r"^\d.*\.$", LIST.read_text(), re.M)[0])
