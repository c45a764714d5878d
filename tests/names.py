"""Every public name, as code writes it, and what it stands for; as a table too.

python -m tests.names     # writes tests/public_names.md
"""

import inspect
from collections import defaultdict
from functools import reduce
from pathlib import Path

import mi_widgets as mi
from mi_widgets.core.public import public_names

TABLE = Path(__file__).with_name("public_names.md")


def every_public():
    """Written name -> what it stands for; the groups are none of them."""
    return {written: public(written) for written in public_names().values() if written not in GROUPS}


GROUPS = tuple(
    f"mi.{name}" for name in sorted(path.stem for path in Path(mi.__file__).parent.glob("[!_]*.pyi"))
)


def public(written):
    """What a written name stands for: `mi.fourier.norms`."""
    return reduce(getattr, written.split(".")[1:], mi)


def table():
    """Name, first argument, what it gives, and what it is for, of everything that is public."""
    lines = ["| name | first argument | gives | |", "|---|---|---|---|"]
    for written, thing in sorted(
        every_public().items(), key=lambda item: (item[0].count("."), item[0].lower())
    ):
        says = (inspect.getdoc(thing) or "").splitlines()[0].replace("|", "\\|")
        lines.append(f"| `{written}` | {_first(thing)} | {_gives(thing)} | {says} |")
    return "\n".join(["# Public names", "", *lines, "", *_keyword_table(), ""])


def keywords():
    """Keyword of a public function or panel -> type -> the names whose keyword has it; None says nothing."""
    found = defaultdict(lambda: defaultdict(list))
    for written, thing in sorted(every_public().items()):
        if inspect.isfunction(thing) or written.endswith("Panel"):
            for name, parameter in inspect.signature(thing).parameters.items():
                says = parameter.annotation
                type_ = says if isinstance(says, str) else getattr(says, "__name__", str(says))
                found[name][type_.removesuffix(" | None")].append(written)
    return found


def _keyword_table():
    yield from ("## Keywords", "", "| keyword | type | of |", "|---|---|---|")
    for name, types in sorted(keywords().items(), key=lambda item: item[0].lower()):
        for type_, written in types.items():
            more = f" and {len(written) - 3} more" if len(written) > 3 else ""
            of = ", ".join(f"`{one}`" for one in written[:3])
            kind = type_.replace("|", "\\|")
            yield f"| `{name}` | `{kind}` | {of}{more} |"


def _first(thing):
    if inspect.isclass(thing) or not callable(thing):
        return ""
    parameters = [*inspect.signature(thing).parameters]
    return f"`{parameters[0]}`" if parameters else ""


def _gives(thing):
    if inspect.ismodule(thing):
        return "a module"
    if inspect.isclass(thing):
        return "a class"
    gives = inspect.signature(thing).return_annotation
    return f"`{getattr(gives, '__name__', gives)}`".replace("|", "\\|")


if __name__ == "__main__":
    TABLE.write_text(table(), "utf-8")
