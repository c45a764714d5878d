"""Sentences, written once for both languages: templates in a view's `words.json`, into which facts are filled.

    "*{part}* adds #{size}#[ of the {whole}] [{?signed}strongest|largest][~ ({control}: {baseline})~]"

`{name}` is a fact: a text or a whole number. A group in square brackets is left out where one of its facts is missing,
that is absent, None, False or ""; of several alternatives in it, with bars between them, the first is written that has
all of its facts. `{?name}` is asked for but not written. A `^` in front makes the first letter a capital. The marks are
the browser's, where `words.ts` does the same: `*strong*`, `#number#`, `` `token` `` and `~quiet~`; here they drop out.
What is in a fact is never read as a template.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_GROUP = re.compile(r"\[([^\[\]]*)\]")
_FACT = re.compile(r"\{(\??)(\w+)\}")
_MARKS = re.compile("[*#`~^]")


class Words:
    """The sentences of a view.

    Args:
        beside: The `__file__` of the module that says them; the templates are in `words.json` beside it.
    """

    def __init__(self, beside: str) -> None:
        self._templates: dict[str, str] = json.loads(Path(beside).with_name("words.json").read_text("utf-8"))

    def say(self, name: str, /, **facts: Any) -> str:
        """One of the sentences, or a part of one."""
        return fill(self._templates[name], facts)

    def each(self, name: str, several: Iterable[Mapping[str, Any]], joint: str = "") -> str:
        """The same for several things, one after the other."""
        return joint.join(fill(self._templates[name], facts) for facts in several)


def fill(template: str, facts: Mapping[str, Any]) -> str:
    """A template with its facts.

    Raises:
        KeyError: A fact that is missing outside of a group.
    """

    def complete(part: str) -> bool:
        return not any(_missing(facts.get(name)) for _, name in _FACT.findall(part))

    def chosen(group: re.Match[str]) -> str:
        return next(filter(complete, group[1].split("|")), "")

    def replacement(fact: re.Match[str]) -> str:
        if facts.get(fact[2]) is None:
            raise KeyError(fact[2])
        return "" if fact[1] else str(facts[fact[2]])

    groups, flat = 1, template
    while groups:  # from the innermost outwards
        flat, groups = _GROUP.subn(chosen, flat)
    text = _FACT.sub(replacement, _MARKS.sub("", flat))
    return text[:1].upper() + text[1:] if template.startswith("^") else text


def _missing(fact: Any) -> bool:
    return fact is None or fact is False or fact == ""
