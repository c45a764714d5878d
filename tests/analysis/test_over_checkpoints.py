"""One analysis at every checkpoint: the same numbers as one by one, and code that makes them again."""

import gc
import re
import shutil
import weakref

import numpy as np
import pytest
import torch

import mi_widgets as mi
from mi_widgets import sites as at
from mi_widgets.zoo.shipped import folder_of
from tests.conftest import small_gpt2

NAME = "induction-2l"
STEPS = [0, 300, 2000]


def previous(model):
    return mi.head_scores(model, "previous_token", length=8, n=2)


def test_it_is_the_analysis_at_each_step():
    together = mi.over_checkpoints(NAME, previous, steps=STEPS, progress=False)
    assert together.dims == ("step", "layer", "head")
    assert together.kind == "head_scores"
    assert together.dataset["step"].values.tolist() == STEPS
    for step in STEPS:
        alone = previous(mi.load(NAME, checkpoint=step))
        assert np.allclose(together.sel(step=step).values, alone.values, atol=1e-5)


def test_all_steps_are_the_default_and_numbers_become_a_curve():
    curve = mi.over_checkpoints(NAME, lambda model: mi.in_context_learning_score(model, n=8), progress=False)
    assert curve.dims == ("step",)
    assert tuple(curve.dataset["step"].values.tolist()) == mi.shipped.checkpoints(NAME)
    assert "steps=" not in curve.code()


@pytest.mark.parametrize(
    "analysis",
    [
        previous,
        lambda model: mi.head_scores(model.untrained(seed=1), "induction", length=8, n=2),
        lambda model: mi.attention(model.run([[1, 2, 3]], keep=[at.pattern])),
        lambda model: mi.composition_scores(model, n_random=2),
    ],
)
def test_its_code_makes_it_again(analysis):
    result = mi.over_checkpoints(NAME, analysis, steps=STEPS, progress=False)
    names = {}
    exec(result.code(), names)
    assert names["result"].dataset.identical(result.dataset)
    assert names["result"].code() == result.code()


def test_it_is_printed_as_curves():
    for analysis in (previous, lambda model: mi.in_context_learning_score(model, n=2)):
        [axes] = mi.over_checkpoints(NAME, analysis, steps=STEPS, progress=False).plot().axes
        assert axes.get_xlabel() == "step"
        assert axes.get_lines()[0].get_xdata().tolist() == STEPS


@pytest.mark.parametrize(
    ("analysis", "title"),
    [
        (previous, "Previous token score"),
        (
            lambda m: mi.head_scores(m, "induction", length=8, n=2) - previous(m),
            "Induction score − Previous token score",
        ),
        (
            lambda m: previous(m) - previous(m.untrained()),
            f"Previous token score: {NAME} at each step − {NAME} at each step (untrained)",
        ),
        (
            lambda m: previous(m) - previous(mi.load(NAME, checkpoint=0)),
            f"Previous token score: {NAME} at each step − {NAME} at step 0",
        ),
        (
            lambda m: previous(m) - previous(mi.load(NAME)),
            f"Previous token score: {NAME} at each step − {NAME}",
        ),
    ],
)
def test_its_title_is_that_of_all_steps(analysis, title):
    result = mi.over_checkpoints(NAME, analysis, steps=STEPS, progress=False)
    assert result.title == title
    assert repr(result).startswith(
        f"Result {title!r} of" if NAME not in title else f"Result {title!r} (step 3"
    )


def test_interventions_of_the_analysis_are_in_the_code():
    def without_a_head(model):
        with model.intervene(mi.ablate(at.z[0, 3])):
            return mi.repeat_accuracy(model, length=8, n=2)

    result = mi.over_checkpoints(NAME, without_a_head, steps=[2000], progress=False)
    assert result.sel(passage="repeat").values < 0.3
    names = {}
    exec(result.code(), names)
    assert names["result"].dataset.identical(result.dataset)


def test_what_cannot_be_put_together_is_refused():
    with pytest.raises(
        mi.errors.UnknownCheckpoint, match=r"no checkpoint 7; the steps that were kept are 0, 100"
    ):
        mi.over_checkpoints(NAME, previous, steps=[7], progress=False)
    for steps in ([], [0.5]):
        with pytest.raises(mi.errors.MIError, match=r"steps must be some of 0, 100, .*, 2000; got"):
            mi.over_checkpoints(NAME, previous, steps=steps)
    with pytest.raises(mi.errors.MIError, match=r"must return a Result, .* it returned float"):
        mi.over_checkpoints(NAME, lambda model: 0.5, steps=[0], progress=False)
    lengths = iter([4, 5])
    with pytest.raises(mi.errors.ResultError, match="Measure the same thing at every step"):
        mi.over_checkpoints(
            NAME,
            lambda model: mi.loss_per_token(model.run([[5] * next(lengths)])),
            steps=[0, 300],
            progress=False,
        )


def test_other_labels_at_another_step_are_refused():
    heads = iter([0, 1])
    with pytest.raises(mi.errors.ResultError, match="other labels at one step than at another"):
        mi.over_checkpoints(
            NAME, lambda model: previous(model).sel(head=[next(heads)]), steps=[0, 300], progress=False
        )


def test_steps_may_come_in_any_order_and_make():
    result = mi.over_checkpoints(NAME, previous, steps=np.array([300, 0, 300]), progress=False)
    assert result.dataset["step"].values.tolist() == [0, 300]
    assert "steps=[0, 300]" in result.code()


def test_an_analysis_that_does_something_else_at_each_step_says_so():
    heads = iter([0, 1])

    def without_a_head(model):
        with model.intervene(mi.ablate(at.z[0, next(heads)])):
            return mi.repeat_accuracy(model, length=8, n=2)

    result = mi.over_checkpoints(NAME, without_a_head, steps=[0, 2000], progress=False)
    assert "not the same at every step" in result.warnings[0]
    assert mi.over_checkpoints(NAME, previous, steps=[0, 2000], progress=False).warnings == ()


@pytest.mark.parametrize("checkpoint", [True, 0.0, 300.0, "300", 301])
def test_what_is_no_checkpoint_is_named(checkpoint):
    with pytest.raises(mi.errors.UnknownCheckpoint, match="the steps that were kept are 0, 100"):
        mi.load(NAME, checkpoint=checkpoint)
    assert mi.load(NAME, checkpoint=np.int64(300)).name == f"{NAME} at step 300"


@pytest.mark.parametrize("name", ["induction-1l", "induction-2l"])
def test_checkpoints_begin_untrained_and_end_with_the_shipped_weights(name):
    steps = mi.shipped.checkpoints(name)
    assert 12 <= len(steps) <= 20
    assert list(steps) == sorted(steps)
    first, last = (mi.load(name, checkpoint=step) for step in (steps[0], steps[-1]))
    assert first.fingerprint == mi.load(name).untrained(seed=0).fingerprint
    assert last.fingerprint == mi.load(name).fingerprint
    between = mi.load(name, checkpoint=steps[5])
    assert between.name == f"{name} at step {steps[5]}"
    assert all(p.dtype == torch.float32 for p in between.module.parameters())
    names = {}
    exec(f"import mi_widgets as mi\n{between.code()}", names)
    assert names["model"].fingerprint == between.fingerprint


def test_a_folder_that_a_recipe_has_written_is_loaded_like_a_name(tmp_path):
    shutil.copytree(folder_of(NAME), tmp_path / "mine")
    folder = str(tmp_path / "mine")
    assert mi.load(tmp_path / "mine").fingerprint == mi.load(NAME).fingerprint
    assert mi.load(folder).fingerprint == mi.load(NAME).fingerprint
    assert mi.load(folder, checkpoint=300).name == "mine at step 300"
    assert mi.over_checkpoints(folder, previous, steps=STEPS, progress=False).values.shape == (3, 2, 4)
    file = tmp_path / "mine" / "checkpoints" / "step-000300.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    with pytest.raises(mi.errors.DamagedWeights, match=f"{re.escape(str(file))} is damaged.*--seed 0 --out"):
        mi.load(folder, checkpoint=300)


def test_a_module_has_no_checkpoints():
    with pytest.raises(mi.errors.MIError, match="checkpoint=3 goes with a shipped model's name"):
        mi.load(mi.load(NAME).module, checkpoint=3)


def test_with_patterns_held_the_previous_token_head_is_not_missed():
    """Pattern-preserving ablation: the first head acts by where the second looks, the second by what it writes."""
    model = mi.load(NAME)
    ids = mi.repeated_tokens(model, length=20, n=4)
    held = mi.interventions.freeze_pattern(model.run(ids, keep=[at.pattern]))

    def foreseen(*changes):
        with model.intervene(*changes):
            logits = model.run(ids).logits
        return (logits[:, 21:-1].argmax(-1) == ids[:, 22:]).float().mean().item()

    first, second = (mi.ablate(at.z[layer, 3]) for layer in range(2))
    assert foreseen(first) < 0.1
    assert foreseen(held, first) > 0.95
    assert foreseen(held, second) == pytest.approx(foreseen(second), abs=1e-6)
    assert foreseen(second) < 0.5


def test_what_is_held_is_a_runs():
    with pytest.raises(mi.errors.WrongKind, match=r"run must be a Run, as in model.run\(prompt\); got a str"):
        mi.interventions.freeze_pattern("run")


# -- any models ---------------------------------------------------------------------------------------------------


def attention(model):
    return mi.attention(model.run([[3, 1, 4, 1, 5]], keep=[at.pattern]))


@pytest.fixture(scope="module")
def modules():
    return [small_gpt2(seed) for seed in range(3)]


def plain_attention(module):
    """By transformers' own eager attention."""
    module.set_attn_implementation("eager")
    with torch.no_grad():
        out = module(torch.tensor([[3, 1, 4, 1, 5]]), output_attentions=True)
    return torch.stack([layer[0] for layer in out.attentions]).numpy()


def test_a_dict_of_models_modules_files_names_and_functions(modules, tmp_path):
    modules[2].save_pretrained(tmp_path / "two")
    expected = [plain_attention(module) for module in modules]
    loaded = mi.load(modules[0])
    given = {
        500: tmp_path / "two",
        np.int64(0): loaded,
        20: modules[1],
        30.5: lambda: mi.load(modules[0]),
        40: lambda: modules[1],
        600: str(tmp_path / "two"),
    }
    result = mi.over_checkpoints(given, attention, progress=False)
    assert result.dataset["step"].values.tolist() == [0, 20, 30.5, 40, 500, 600]
    assert result.dims == ("step", "batch", "layer", "head", "query", "key")
    order = [0, 1, 0, 1, 2, 2]
    for values, which in zip(result.values[:, 0], order, strict=True):
        seen = np.tril(np.ones((5, 5), bool))
        np.testing.assert_allclose(values[..., seen], expected[which][..., seen], atol=1e-5)
    # What was a Model stays one; of a module what was added is gone.
    assert attention(loaded).shape
    assert not any("tap_" in name for name, _ in modules[1].named_modules())
    assert result.provenance.model == "6 models"


def test_models_whose_prompts_are_padded_on_opposite_sides_have_no_columns_in_common(modules):
    given = {0: modules[0], 1: modules[1]}

    def measured(*sides):
        side = iter(sides)
        return mi.over_checkpoints(
            given,
            lambda model: mi.loss_per_token(model.run([[7, 8], [7, 8, 9]], padding_side=next(side))),
            progress=False,
        )

    says = r"one side at 0 and on the other at 1, so a column of pos is another token"
    with pytest.raises(mi.errors.ResultError, match=says):
        measured("left", "right")
    assert measured("left", "left").shape == (2, 2, 3)


def test_names_stay_in_their_order_and_make_a_result_to_look_at():
    result = mi.over_checkpoints({"two": NAME, "one": "induction-1l"}, mi.repeat_accuracy, progress=False)
    assert result.dataset["step"].values.tolist() == ["two", "one"]
    alone = mi.repeat_accuracy(mi.load("induction-1l"))
    assert np.allclose(result.sel(step="one").values, alone.values, atol=1e-6)
    scores = mi.over_checkpoints(
        {"after": NAME, "before": lambda: mi.load(NAME, checkpoint=0)}, previous, progress=False
    )
    view = scores.view(selection={"step": "before"})
    assert view.png()
    assert view.selection["step"] == "before"
    with pytest.raises(mi.errors.ResultError, match="steps are whole numbers"):
        mi.views.TrainingView(scores)
    [axes] = scores.plot().axes
    assert [text.get_text() for text in axes.get_xticklabels()][:2] == ["after", "before"]


def test_some_labels_can_be_chosen(modules):
    given = {"a": modules[0], "b": modules[1], "c": modules[2]}
    result = mi.over_checkpoints(given, attention, steps=["c", "a"], progress=False)
    assert result.dataset["step"].values.tolist() == ["a", "c"]
    for steps in (["d"], [], ["a", 3]):
        with pytest.raises(mi.MIError, match=r"steps must be some of 'a', 'b', 'c'; got"):
            mi.over_checkpoints(given, attention, steps=steps, progress=False)


def test_the_code_of_any_models_brings_them(modules, tmp_path):
    modules[2].save_pretrained(tmp_path / "two")
    models = [mi.load(module) for module in modules[:2]]
    given = {0: models[0], 10: models[1], 20: tmp_path / "two"}

    def without_a_head(model):
        with model.intervene(mi.ablate(at.z[0, 3])):
            return attention(model)

    result = mi.over_checkpoints(given, without_a_head, progress=False)
    assert not any("not the same at every step" in warning for warning in result.warnings)
    code = result.code()
    lines = code.splitlines()
    brought = [line for line in lines if line.startswith("model") and "= ..." in line]
    assert brought == [
        "model = ...  # bring your GPT2LMHeadModel: mi.load(module)",
        "model_2 = ...  # bring your GPT2LMHeadModel: mi.load(module)",
    ]
    assert [line for line in lines if ".require(" in line] == [
        f"model.require({models[0].fingerprint!r})",
        f"model_2.require({models[1].fingerprint!r})",
    ]
    assert lines[-1].startswith("result = mi.over_checkpoints({0: model, 10: model_2, 20: '")
    for name, at_hand in (("model", "models[0]"), ("model_2", "models[1]")):
        code = code.replace(f"\n{name} = ...", f"\n{name} = {at_hand}")
    names = {"models": models}
    exec(code, names)
    assert names["result"].dataset.identical(result.dataset)
    result.save(tmp_path / "saved.nc")
    assert mi.load_result(tmp_path / "saved.nc").code() == result.code()


def test_an_error_names_the_label_and_the_modules_are_as_before():
    modules = [small_gpt2(), small_gpt2(1)]

    def too_long(model):
        return mi.attention(model.run([[1] * (41 if model.module is modules[1] else 3)], keep=[at.pattern]))

    given = {0: modules[0], 7: modules[1]}
    with pytest.raises(mi.errors.PromptError, match=r"^mi\.over_checkpoints, at 7: .*41 tokens"):
        mi.over_checkpoints(given, too_long, progress=False)

    def breaks(model):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match=r"^mine\nThis came up in mi\.over_checkpoints, at 'a'\.$"):
        mi.over_checkpoints({"a": modules[0]}, breaks, progress=False)
    with pytest.raises(mi.errors.UnknownModel, match=r"^mi\.over_checkpoints, at 'b': There is no shipped"):
        mi.over_checkpoints({"a": modules[0], "b": "no-such-model"}, attention, progress=False)
    with pytest.raises(mi.MIError, match=r"at 'a': the analysis must return a Result, .* it returned int"):
        mi.over_checkpoints({"a": modules[0]}, lambda model: 1, progress=False)
    with pytest.raises(mi.errors.ResultError, match=r"at 'a' and .* at 'b' \(kind, variable"):
        mi.over_checkpoints({"a": modules[0], "b": "induction-1l"}, attention, progress=False)
    assert not any("tap_" in name for module in modules for name, _ in module.named_modules())


@pytest.mark.parametrize(
    ("models", "says"),
    [
        ({}, r"the dict of models is empty; it is as in \{0: "),
        (
            {0: NAME, "one": NAME},
            "labels of the models must be all numbers, as of steps, or all texts; got 0, 'one'",
        ),
        ({torch.tensor(1): NAME, torch.tensor(1): NAME}, "two models have the label 1; give each its own"),
        ({None: NAME}, "must be all numbers, as of steps, or all texts; got None"),
        ({True: NAME}, "must be all numbers, as of steps, or all texts; got True"),
        ({float("nan"): NAME}, "must be all numbers, as of steps, or all texts; got nan"),
        ({0: 3}, "at 0 there is an int; models are given by label, as in"),
        ({0: {"w": torch.zeros(2)}}, "at 0 there is a dict; models are given by label, as in"),
        ([NAME], r"mi\.over_checkpoints: models must be a text or a path or a dict, by name; got a list"),
    ],
)
def test_what_is_no_dict_of_models_is_refused(models, says):
    with pytest.raises(mi.MIError, match=says):
        mi.over_checkpoints(models, attention, progress=False)


def test_one_model_is_in_memory_at_a_time(modules, tmp_path):
    modules[0].save_pretrained(tmp_path / "x")
    alive, most = weakref.WeakSet(), []

    def counts(model):
        gc.collect()
        alive.add(model.module)
        most.append(len(alive))
        return attention(model)

    mi.over_checkpoints(dict.fromkeys(range(4), tmp_path / "x"), counts, progress=False)
    assert most == [1, 1, 1, 1]
