"""`.plot()` of every kind of Result: what is drawn holds the numbers, and what a page cannot hold is said."""

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.text import Text

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.core.errors import ResultError
from mi_widgets.core.provenance import Provenance
from mi_widgets.widgets.figures.page import page_of
from tests.kinds import KINDS, model, sae

PACKAGE = Path(mi.__file__).parent
# Of what is not drawn whole, what is drawn.
PARTS = {
    "attention": {"batch": 0},
    "direct_logit_attribution": {"batch": 0},
    "latents": {"batch": 0},
    "logit_lens": {"batch": 0},
    "next_tokens": {"batch": 0},
    "sweep": {"batch": 0},
}
# Single numbers stand beside all others of their unit.
BESIDE = {
    "faithfulness": ["above_nothing"],
    "progress_measures": ["excluded", "train_loss", "test_loss", "loss"],
}
made = cache(lambda kind: KINDS[kind]())


def result_of(numbers, dims=(), primary="x", title="t", variables=None, **coords):
    dataset = xr.Dataset({primary: (dims, numbers), **(variables or {})}, coords=coords)
    return mi.Result(
        kind="a kind of a user's",
        title=title,
        dataset=dataset,
        primary=primary,
        unit="nats",
        source="s",
        provenance=Provenance("m", "", ""),
    )


def kinds_in(path):
    """What the file gives as kind= to a Result, or to a method that makes one."""
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("Result", "Measurement")
        ):
            yield from (
                word.value.value
                for word in node.keywords
                if word.arg == "kind" and isinstance(word.value, ast.Constant)
            )


def drawn(figure):
    """All numbers in a figure, in the order in which it draws them; NaN where a cell has no colour."""
    numbers = []
    for axes in figure.axes:
        if axes.get_label() == "<colorbar>":
            continue
        for bars in axes.containers:
            across = bars.orientation == "horizontal"
            numbers += [bar.get_width() if across else bar.get_height() for bar in bars]
        for image in axes.images:
            numbers += np.ma.filled(image.get_array().astype(float), np.nan).ravel().tolist()
        for line in axes.get_lines():
            numbers += np.asarray(line.get_ydata(), dtype=float).tolist()
    return np.array(numbers)


def texts(figure):
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(Text)]


def test_the_list_of_kinds_is_that_of_the_package():
    rooms = ("core", "model", "analysis", "training", "lab", "widgets")
    assert {
        kind for room in rooms for path in (PACKAGE / room).rglob("*.py") for kind in kinds_in(path)
    } == set(KINDS)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_holds_the_numbers(kind):
    result = made(kind)
    assert result.kind == kind
    figure = result.plot()
    shown = result.to_xarray().isel(PARTS.get(kind, {})).values.ravel()
    expected = np.concatenate(
        [shown, *(result.dataset[name].values.ravel() for name in BESIDE.get(kind, []))]
    )
    np.testing.assert_allclose(drawn(figure), expected, rtol=1e-5)
    said = figure.get_suptitle().replace("\n", " ")
    assert result.title in said
    assert result.model_name in said
    assert ("prompt 0 of 2" in said) == (
        "batch" in PARTS.get(kind, {}) and result.dataset.sizes["batch"] == 2
    )
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", KINDS)
def test_every_other_variable_of_numbers_is_drawn_too(kind):
    for name, variable in made(kind).dataset.data_vars.items():
        if variable.dtype.kind not in "iufb":
            with pytest.raises(
                ResultError, match=r"holds texts, which have no figure: choose numbers with \["
            ):
                made(kind)[name].plot()
            continue
        numbers = drawn(made(kind)[name].plot())
        if not variable.dims:
            numbers = numbers[:1]  # others stand beside it
        assert bool(numbers.size) == bool(variable.size)
        assert np.isin(
            numbers[~np.isnan(numbers)].astype(np.float32), variable.values.astype(np.float32)
        ).all()


def test_a_lens_says_in_every_cell_which_token_is_foreseen():
    lens = made("logit_lens").sel(batch=0)
    [axes] = [axes for axes in lens.plot().axes if axes.images]
    tokens = [text.get_text() for text in axes.texts]
    assert len(tokens) == lens.values.size
    assert tokens == [repr(str(t))[1:-1].replace(" ", "·") for t in lens.dataset["token"].values.ravel()]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("token", "shown"),
    [
        (" the $5", "·the·$5"),
        ("$x_1$ & \\frac", "$x_1$·&·\\\\frac"),
        ("\n\t", "\\n\\t"),
        ("\x00\x1b[0m", "\\x00\\x1b[0m"),
        ("😀", "\\U0001f600"),
        ("漢", "\\u6f22"),
        ("\udc80", "\\udc80"),
        ("</script>" * 9, ("</script>" * 9)[:31] + "…"),
        ("_hidden", "_hidden"),
    ],
)
def test_tokens_are_written_as_they_are(token, shown):
    bars = result_of([1.0, 2.0], "rank", variables={"token": ("rank", [token, "b"])}).plot()
    cells = result_of(np.ones((2, 3)), ("a", "pos"), pos_token=("pos", [token, "b", "c"])).plot()
    for figure in (bars, cells, result_of([1.0, 2.0], "pos", pos_token=("pos", [token, "b"])).plot()):
        assert figure._repr_png_()
        assert shown in texts(figure)


@pytest.mark.filterwarnings("error")
def test_a_title_is_written_as_it_is():
    figure = result_of([1.0, 2.0], "a", title="costs $5 or $6\n😀").plot()
    assert figure._repr_png_()
    assert "costs $5 or $6\\n\\U0001f600 · m · nats" in texts(figure)


def test_patterns_over_a_training_are_those_of_the_last_step():
    see = mi.over_checkpoints(
        "induction-2l",
        lambda model: mi.attention(model.run([[1, 2, 3]], keep=[at.pattern])),
        steps=[0, 300],
        progress=False,
    )
    figure = see.plot()
    np.testing.assert_array_equal(drawn(figure), see.sel(step=300).values.ravel())
    assert "step 300, the last of 2" in figure.get_suptitle()
    np.testing.assert_array_equal(drawn(see.sel(step=0).plot()), see.sel(step=0).values.ravel())


@pytest.mark.parametrize(
    ("dims", "sizes", "part", "said"),
    [
        (("layer", "head", "query", "key"), (40, 8, 2, 2), np.s_[:32], "the first 32 of 40 by layer"),
        (("layer", "head", "query", "key"), (2, 70, 2, 2), np.s_[:, :64], "the first 64 of 70 by head"),
        (("instance", "a", "b"), (70, 2, 3), np.s_[:64], "the first 64 of 70 by instance"),
        (("e", "a", "b", "c", "d"), (3, 2, 2, 2, 2), np.s_[0], "e 0 of 3"),
        (("batch", "pos"), (600, 3), np.s_[:512], "the first 512 of 600 by batch"),
        (("step", "latent"), (2, 600), np.s_[1], "step 1, the last of 2"),
    ],
)
def test_what_a_page_cannot_hold_is_said(dims, sizes, part, said):
    values = np.random.default_rng(0).random(sizes).astype(np.float32)
    page = page_of(result_of(values, dims))
    np.testing.assert_array_equal(page.data.values, values[part])
    assert page.left_out == (said,)


def test_a_caption_says_all_that_is_left_out():
    values = np.random.default_rng(0).random((2, 70, 2, 3)).astype(np.float32)
    figure = result_of(values, ("batch", "instance", "a", "b")).plot()
    np.testing.assert_array_equal(drawn(figure), values[0, :64].ravel())
    assert figure.get_suptitle().replace("\n", " ").endswith("prompt 0 of 2 · the first 64 of 70 by instance")


def test_of_many_named_things_the_largest_are_drawn():
    values = np.random.default_rng(0).normal(size=100)
    figure = result_of(values, "term", term=[f"L0.H{i}" for i in range(100)]).plot()
    order = np.argsort(-abs(values))[:40]
    np.testing.assert_allclose(drawn(figure), values[order], rtol=1e-6)
    assert [f"L0.H{i}" for i in order] == [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert "the 40 largest of 100 terms" in figure.get_suptitle()


@pytest.mark.filterwarnings("error")
def test_what_has_no_numbers_is_drawn_empty():
    everywhere = result_of(np.full((2, 3), np.nan), ("a", "b")).plot()
    assert np.isnan(drawn(everywhere)).all()
    assert everywhere._repr_png_()
    nowhere = mi.sae.evaluate(model(), sae(), ["abc"], progress=False)
    assert nowhere.values.size == 0
    assert "no numbers" in texts(nowhere.plot())


def test_long_axes_keep_their_own_numbers():
    figure = result_of(np.arange(60.0), "frequency", frequency=np.arange(1, 61)).plot()
    [line] = figure.axes[0].get_lines()
    assert line.get_xdata().tolist() == list(range(1, 61))
