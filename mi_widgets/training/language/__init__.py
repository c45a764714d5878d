"""The language models of the atlas world: one whose towns are two tokens, and one whose towns are one."""

from .recipe import LanguageRecipe, neox_config
from .registers import WRITTEN

__all__ = ["WRITTEN", "LanguageRecipe", "neox_config"]
