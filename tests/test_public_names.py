"""Every public name is listed once, is there, and stands in the table with what it is for."""

import ast
import inspect

import jedi
import pytest

import mi_widgets as mi
from mi_widgets.core.public import listed, public_name
from tests.names import GROUPS, TABLE, every_public, keywords, public, table


def test_the_table_is_that_of_the_code():
    assert TABLE.read_text("utf-8") == table(), "python -m tests.names writes it"


def test_what_is_written_is_what_is_there():
    for written, thing in every_public().items():
        if not inspect.ismodule(thing):
            assert public_name(thing) == written


def test_the_model_or_the_run_goes_first_and_the_rest_is_named_alike():
    for written, thing in every_public().items():
        if inspect.isfunction(thing):
            names = [*inspect.signature(thing).parameters]
            for first in ("model", "run"):
                assert first not in names[1:], written


# Of two kinds, and why that is no second meaning.
OF_TWO_KINDS = {
    "answers": "a metric reads token ids, and is called with them; everybody else says texts",
    "by": "the axes of a Result: of a patching several, of an attribution one of four",
    "directions": "what spans a subspace; what a slider stands for, by name",
    "kind": "mi.sae.load takes what others train, mi.sae.train trains some of it",
    "logits": "those of a run; of a spectrum which of them, as `neurons` and `heads` are",
    "run": "freeze_pattern lives below the model layer and asks for no more than its activations",
    "texts": "sae.annotations reads what the shipped texts know of themselves",
    "value": "whatever can stand for an activation",
}


def test_a_keyword_is_of_one_kind_everywhere():
    for name, types in keywords().items():
        kinds = [set(type_.split(" | ")) for type_ in types if type_ != "Any"]
        alike = not kinds or bool(set.intersection(*kinds))
        assert alike or name in OF_TWO_KINDS, (name, dict(types))
    assert keywords().keys() >= OF_TWO_KINDS.keys()


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_can_be_listed_and_imported_from(group):
    module = public(group)
    assert dir(module) == sorted(module.__all__)
    stub = TABLE.parents[1] / "mi_widgets" / f"{group.removeprefix('mi.')}.pyi"
    assert module.__all__ == sorted(listed(stub))
    assert module.__doc__
    said = [node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.Assign)]
    if said:  # names that differ from those inside are made public by a list
        assert sorted(ast.literal_eval(said[0].value)) == module.__all__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        module.nothing  # noqa: B018


@pytest.mark.parametrize("group", ["mi", *GROUPS])
def test_an_editor_completes_a_group_from_its_stub_alone(group):
    """jedi, of JupyterLab's and other language servers, takes for public only what is imported `as` something."""
    code = f"import mi_widgets as mi\n{group}."
    found = jedi.Script(code, project=jedi.Project(TABLE.parents[1])).complete()
    assert {*public(group).__all__} <= {each.name for each in found}


def test_what_comes_first_is_less_than_half():
    flat = [written for written in every_public() if written.count(".") == 1]
    assert len(flat) < len(every_public()) / 2
    assert set(mi.__all__) == {name.removeprefix("mi.") for name in (*flat, *GROUPS)}


def test_what_lives_in_a_group_is_found_from_outside():
    with pytest.raises(
        AttributeError, match=r"module 'mi_widgets' has no attribute 'latents': it is mi\.sae\.latents"
    ):
        mi.latents  # noqa: B018
