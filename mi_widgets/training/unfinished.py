"""What a long training needs to go on after a stop: weights, the optimiser's averages, the step. No pickle."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from mi_widgets.core.errors import MIError

_MODULE, _OPTIMIZER = "module.", "optimizer."


class UnfinishedTraining:
    """The state of a training that has not ended, in a file.

    Args:
        path: of the file.

    Attributes:
        step: steps done when it was last kept.
        seconds: what they took.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.step, self._before, self._start = 0, 0.0, time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the training has taken by now, all its parts together."""
        return self._before + time.monotonic() - self._start

    def keep(self, *, of: str, step: int, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Write the state after a step; what was there stays whole until the new one is.

        Args:
            of: what training this is: all that it depends on.
            step: steps done.
            module: what is trained.
            optimizer: of its parameters.
        """
        kept = {_MODULE + name: value.contiguous() for name, value in module.state_dict().items()}
        for i, averages in optimizer.state_dict()["state"].items():
            kept |= {f"{_OPTIMIZER}{i}.{name}": value.contiguous() for name, value in averages.items()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        save_file(kept, new, metadata={"of": _stamp(of), "step": str(step), "seconds": str(self.seconds)})
        new.replace(self.path)
        self.step = step

    def _read(self) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
        try:
            with safe_open(self.path, "pt") as file:
                return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:  # a folder, or a file of something else
            raise MIError(
                f"{self.path} is no unfinished training: {error}. Delete it to begin anew, or give another path."
            ) from error

    def restore(self, *, of: str, module: nn.Module, optimizer: torch.optim.Optimizer) -> int:
        """Put the state back; without a file, leave all as it is.

        Returns:
            Steps done.

        Raises:
            MIError: the file is of another training, or of none.
        """
        if not self.path.exists():
            return 0
        said, kept = self._read()
        if said.get("of") != _stamp(of):
            raise MIError(
                f"{self.path} is the unfinished training of another recipe or seed: delete it to begin anew, or give "
                "another --out."
            )
        module.load_state_dict(
            {name.removeprefix(_MODULE): value for name, value in kept.items() if name.startswith(_MODULE)}
        )
        averages: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in kept.items():
            if name.startswith(_OPTIMIZER):
                i, what = name.removeprefix(_OPTIMIZER).split(".")
                averages.setdefault(int(i), {})[what] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": averages})
        self.step, self._before = int(said["step"]), float(said["seconds"])
        return self.step

    def remove(self) -> None:
        """The training has ended."""
        self.path.unlink(missing_ok=True)


def _stamp(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()
