"""Graphs: what a gradient is taken of, also where gradients were switched off when it was read."""

from __future__ import annotations

from torch import Tensor, nn

from mi_widgets.core.errors import MIError


def one_number(of: object, *, switched_off: bool) -> Tensor:
    """A number that a gradient can be taken of, with its graph.

    Args:
        of: what was given.
        switched_off: whether gradients are off where it was given.

    Raises:
        MIError: it is no number, or has no graph.
    """
    graph = with_graph(of) if isinstance(of, Tensor) and of.numel() == 1 else None
    if graph is not None:
        return graph.sum()
    if isinstance(of, Tensor):
        got = f"a tensor of shape {tuple(of.shape)}" + ("" if of.requires_grad else " without a graph")
    else:
        got = type(of).__name__
    off = (
        " Gradients are switched off here (torch.set_grad_enabled, no_grad or inference_mode), and what is computed so "
        "has no graph: give a function, as in run.gradient(lambda run: run.logits[0, -1, 5], site)."
    )
    raise MIError(
        "run.gradient needs one number that was made from a run with grad=True, as in run = model.run(prompt, "
        f"keep=[…], grad=True); run.gradient(run.logits[0, -1, 5], site). Got {got}."
        + (off if switched_off else "")
    )


def with_graph(x: Tensor) -> Tensor | None:
    """A tensor with the graph that it was made by; None where it has none.

    What was picked out of another tensor while gradients were off says so, and is picked out again.
    """
    if not x.requires_grad:
        return None
    if x.grad_fn is not None or x._base is None:
        return x
    return x._base.as_strided(x.size(), x.stride(), x.storage_offset())


def check_weights_take_graphs(module: nn.Module, name: str) -> None:
    """Raise unless gradients can pass the weights of a module.

    Raises:
        MIError: it was made in `torch.inference_mode()`.
    """
    odd = next((place for place, weight in module.named_parameters() if weight.is_inference()), None)
    if odd is not None:
        raise MIError(
            f"{name} was made in torch.inference_mode() ({odd} is an inference tensor), so no gradient can pass it. "
            "Make the module outside of it, or use what needs no gradient, such as mi.activation_patching."
        )
