"""Plain hooks of torch that put something in the place of what a module takes in or gives out."""


def on_output(change):
    """For `register_forward_hook`: of what several are given out, the first is changed."""

    def hook(_, args, output):
        return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

    return hook


def on_input(change):
    """For `register_forward_pre_hook`: the first that is taken in is changed."""
    return lambda _, args: (change(args[0]), *args[1:])
