"""The modules that nnsight watches, each where it hung when the model was loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torch import nn

from .architectures import Place
from .backend import Key

# What holds a module, what it is called there, the module, and its whole path.
_Link = tuple[Mapping[str, Any], str, nn.Module, str]


class Watched:
    """Where the modules of a model hung. What came later, as an adapter does, is not watched: what was before would be.

    Args:
        module: the whole model.
        places: where its sites are.
    """

    def __init__(self, module: nn.Module, places: Mapping[str, Place]) -> None:
        self._places = places
        self._links: dict[str, _Link] = {}
        for above, part in module.named_modules(remove_duplicate=False):
            for name, child in part._modules.items():
                # What torch.compile has put around a layer hands on its parts by their own names.
                path = (f"{above}." if above else "").replace("_orig_mod.", "") + name
                if child is not None and name != "_orig_mod":
                    self._links[path] = (part._modules, name, child, path)
        self._chains: dict[Key, tuple[_Link, ...]] = {}  # a run asks for the same again and again

    def replaced(self, keys: Iterable[Key], paths: Iterable[str] = ()) -> str | None:
        """The path of the first module that is another now, of those where some activations pass.

        Args:
            keys: the activations.
            paths: of modules that are used beside them.
        """
        chains = (self._chains.get(key) or self._chain(key) for key in keys)
        for chain in (*chains, *map(self._links_to, paths)):
            for holder, name, module, path in chain:
                if holder.get(name) is not module:
                    return path
        return None

    def _chain(self, key: Key) -> tuple[_Link, ...]:
        place = self._places[key[0]]
        paths = [p.format(layer=key[1]) for p in (place.path, place.relative_to, place.write_path) if p]
        found = {link[-1]: link for path in paths for link in self._links_to(path)}
        self._chains[key] = tuple(found.values())
        return self._chains[key]

    def _links_to(self, path: str) -> Iterator[_Link]:
        names = path.split(".")
        return (self._links[".".join(names[: depth + 1])] for depth in range(len(names)))
