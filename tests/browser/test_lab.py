"""What a user meets: the tour and the attention view, in a real JupyterLab, with a real kernel."""

import ast
import json
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from tests.browser.conftest import OUTPUT
from tests.browser.jupyter import write_notebook

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
SETUP = """
import mi_widgets as mi
from mi_widgets import sites as at
model = mi.load("induction-2l")
ids = mi.repeated_tokens(model, length=11, n=1, seed=3)
scores = {"induction": (mi.head_scores(model, "induction"), mi.head_scores(model.untrained(), "induction"))}
view = mi.attention(model.run(ids, keep=[at.pattern])).view(scores=scores)
view
"""


def selection(notebook):
    """What the kernel says is selected."""
    return ast.literal_eval(notebook.run_cell("print(view.selection)"))


def eventually(read, wanted, *, timeout_s=5):
    """Wait until `read()` is `wanted`; a gesture takes a round trip to arrive."""
    end = time.monotonic() + timeout_s
    while (seen := read()) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    assert seen == wanted


@pytest.fixture
def opened(lab, folder):
    """The attention view of a shipped model."""
    write_notebook(folder / "view.ipynb", [SETUP])
    with lab.open("view.ipynb") as notebook:
        notebook.run_all()
        notebook.painted()
        yield notebook
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []


@contextmanager
def run_through(lab, folder, name):
    """A notebook of the package, run from top to bottom in the browser, with nothing amiss."""
    shutil.copy(ROOT / "notebooks" / name, folder / name)
    with lab.open(name) as notebook:
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        notebook.run_all(timeout_s=300)
        notebook.painted(".mi-attention")
        assert notebook.page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
        yield notebook
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []


def test_the_tour_runs_from_top_to_bottom(lab, folder):
    with run_through(lab, folder, "00_tour.ipynb") as notebook:
        root = notebook.page.locator(".mi-attention").first
        assert root.locator(".mi-head").count() == 8
        for theme in ("Light", "Dark"):
            notebook.set_theme(f"JupyterLab {theme}")
            root.scroll_into_view_if_needed()
            time.sleep(0.3)
            root.screenshot(path=OUTPUT / f"tour-{theme.lower()}.png")
        notebook.set_theme("JupyterLab Light")


def test_the_story_of_induction_runs_and_its_scrubber_moves_the_patterns(lab, folder):
    with run_through(lab, folder, "01_induction_heads.ipynb") as notebook:
        training = notebook.page.locator(".mi-training").first
        linked = notebook.page.locator(".mi-attention").nth(1)
        assert "step 300" in linked.locator(".mi-words").inner_text()
        training.scroll_into_view_if_needed()
        training.locator("input[type=range]").focus()
        notebook.page.keyboard.press("End")
        eventually(lambda: "step 2000" in linked.locator(".mi-words").inner_text(), True)
        read = "print(training.selection['step'], attention.selection['step'])"
        eventually(lambda: notebook.run_cell(read), "2000 2000")


def test_clicks_and_keys_select_in_the_kernel(opened):
    root = opened.page.locator(".mi").first
    root.locator("[data-head='0.2']").click()
    eventually(lambda: {k: selection(opened)[k] for k in ("layer", "head")}, {"layer": 0, "head": 2})
    root.locator("[data-head='0.2']").focus()
    for key, (layer, head) in {
        "ArrowRight": (0, 3),
        "ArrowDown": (1, 3),
        "ArrowLeft": (1, 2),
        "ArrowUp": (0, 2),
    }.items():
        opened.page.keyboard.press(key)
        eventually(lambda: tuple(selection(opened)[k] for k in ("layer", "head")), (layer, head))
        root.locator(f"[data-head='{layer}.{head}']").focus()


def test_the_kernel_selects_in_the_browser(opened):
    opened.run_cell("view.selection = {'layer': 0, 'head': 1, 'query': 7}")
    root = opened.page.locator(".mi").first
    eventually(lambda: root.locator("[aria-selected='true']").first.get_attribute("data-head"), "0.1")
    said = opened.run_cell("view.selection = {'layer': 9}")
    assert "SelectionError" in said
    assert "9" in said
    assert selection(opened)["layer"] == 0


def test_a_row_is_selected_by_a_click_on_its_token(opened):
    root = opened.page.locator(".mi").first
    root.locator(".mi-token[data-index='9']").click()
    eventually(lambda: selection(opened)["query"], 9)
    assert root.locator(".mi-sentence").nth(1).inner_text().startswith("Row")


def test_a_head_is_switched_off_by_a_key_and_the_value_does_it(opened):
    root = opened.page.locator(".mi").first
    best = ast.literal_eval(opened.run_cell("print(mi.head_scores(model, 'previous_token').argmax())"))
    name = f"{best['layer']}.{best['head']}"
    root.locator(f"[data-head='{name}']").click()
    opened.page.keyboard.press("a")
    wanted = f"mi.stack(mi.ablate(at.z[{best['layer']}, {best['head']}], to='zero'))"
    eventually(lambda: opened.run_cell("print(view.intervention)"), wanted)
    assert root.locator(f"[data-head='{name}']").get_attribute("aria-label").endswith("off")
    foreseen = opened.run_cell(
        "with model.intervene(view.intervention):\n"
        "    print(mi.repeat_accuracy(model).sel(passage='repeat').values < 0.5)"
    )
    assert foreseen == "True"
    root.screenshot(path=OUTPUT / "switched-off.png")


def test_the_code_on_the_clipboard_makes_the_same_view(opened):
    root = opened.page.locator(".mi").first
    root.locator("[data-head='0.1']").click()
    eventually(lambda: selection(opened)["head"], 1)
    copied = opened.run_cell("print(view.code())")
    root.locator("[data-head='0.1']").focus()  # running a cell has taken the focus
    opened.page.keyboard.press("c")
    eventually(lambda: opened.page.evaluate("() => navigator.clipboard.readText()"), copied)
    made = opened.run_cell(
        f"import numpy\nnames = {{}}\nexec({copied!r}, names)\nagain = names['view']\nprint(again)"
    )
    assert made == opened.run_cell("print(view)")
    same = (
        "print(numpy.array_equal(again.result.values, view.result.values), again.selection == view.selection)"
    )
    assert opened.run_cell(same) == "True True"


def test_it_is_an_ipywidget_like_any_other(opened):
    opened.run_cell(
        "import ipywidgets\nother = mi.attention(model.run(ids, keep=[at.pattern])).view()\n"
        "ipywidgets.jslink((view, 'selection'), (other, 'selection'))\nipywidgets.VBox([other, view])"
    )
    opened.page.locator(".mi[data-painted]").nth(2).wait_for()
    opened.run_cell("seen = []\nother.observe(lambda change: seen.append(change.new['head']), 'selection')")
    opened.page.locator(".mi").nth(2).locator("[data-head='0.0']").click()
    eventually(
        lambda: opened.run_cell("print(other.selection['layer'], other.selection['head'], 0 in seen)"),
        "0 0 True",
    )
    opened.page.locator(".mi").first.locator("[data-head='0.0'][aria-selected='true']").wait_for()


def test_a_gesture_while_a_cell_runs_is_safe(opened):
    """JupyterLab delivers it on another thread; a callback that runs the model waits for its turn."""
    opened.run_cell(
        "import torch\nexpected = model.run(ids).logits\nanswers = []\n"
        "def answer(change):\n"
        "    with model.intervene(mi.ablate(at.z[change.new['layer'], change.new['head']])):\n"
        "        answers.append(model.run(ids).logits)\n"
        "view.observe(answer, 'selection')"
    )
    opened.append(
        "import time\nend, same = time.time() + 4, True\nwhile time.time() < end:\n"
        "    same = same and torch.allclose(model.run(ids).logits, expected, atol=1e-5)\nprint('same', same)"
    )
    opened.page.evaluate(
        "() => { window.running = window.jupyterapp.commands.execute('notebook:run-cell'); }"
    )
    root = opened.page.locator(".mi").first
    for head in ("0.0", "0.1", "1.2", "1.3"):
        root.locator(f"[data-head='{head}']").click()
        time.sleep(0.3)
    opened.page.evaluate("() => window.running.then(() => null)")
    assert (
        opened.page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").inner_text().strip()
        == "same True"
    )
    assert (
        opened.run_cell("print(len(answers) >= 1, all(a.shape == expected.shape for a in answers))")
        == "True True"
    )


EVIL = "</script><img src=x onerror=window.hacked=1>"
HOSTILE = f"""
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
from tokenizers import Tokenizer, models
import mi_widgets as mi, torch
from mi_widgets import sites as at
words = [{EVIL!r}, "<b>bold</b>", "javascript:alert(1)", "${{x}}", "\\n", "<eos>"]
tokenizer = Tokenizer(models.WordLevel({{w: i for i, w in enumerate(words)}}, unk_token="<eos>"))
tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>")
ends = dict(bos_token_id=5, eos_token_id=5)
config = GPT2Config(n_layer=2, n_head=3, n_embd=12, vocab_size=len(words), n_positions=16, **ends)
torch.manual_seed(0)
model = mi.load(GPT2LMHeadModel(config).eval(), tokenizer=tokenizer)
view = mi.attention(model.run([0, 1, 2, 3, 4, 0], keep=[at.pattern])).view(selection={{"query": 5, "key": 0}})
view
"""


def test_hostile_tokens_are_text(lab, folder):
    write_notebook(folder / "hostile.ipynb", [HOSTILE])
    with lab.open("hostile.ipynb") as notebook:
        notebook.run_all()
        root = notebook.painted().first
        assert EVIL.replace(" ", "·") in root.inner_text()  # spaces are made visible
        root.locator(".mi-token").first.hover()
        assert notebook.page.evaluate("() => window.hacked") is None
        assert root.locator("img, script, b, iframe").count() == 0
        notebook.command("docmanager:save")
        root.screenshot(path=OUTPUT / "hostile.png")
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []
    saved = nbformat.read(folder / "hostile.ipynb", as_version=4)
    for output in saved.cells[0].outputs:
        assert set(output.data) <= {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
        assert EVIL not in json.dumps(output)


@pytest.mark.parametrize(("layers", "heads", "tokens"), [(1, 1, 1), (12, 12, 512)])
def test_the_smallest_and_the_largest(lab, folder, layers, heads, tokens):
    source = (
        "import mi_widgets as mi\nfrom mi_widgets import sites as at\n"
        f"config = mi.TransformerConfig({layers}, {heads}, 24, 2, 50, 512)\n"
        "model = mi.load(mi.Transformer(config).eval())\n"
        f"view = mi.attention(model.run([i % 50 for i in range({tokens})], keep=[at.pattern])).view()\nview"
    )
    write_notebook(folder / "size.ipynb", [source])
    with lab.open("size.ipynb") as notebook:
        notebook.run_all()
        root = notebook.painted().first
        last = f"{layers - 1}.{heads - 1}"
        root.locator(f"[data-head='{last}']").click()
        eventually(lambda: (lambda s: f"{s['layer']}.{s['head']}")(selection(notebook)), last)
        time.sleep(0.5)
        root.screenshot(path=OUTPUT / f"size-{layers}x{heads}x{tokens}.png")
        assert notebook.console_errors == []
        assert notebook.foreign_requests == []
