"""The Fourier view in a real JupyterLab: three pictures of one frequency, which follow gestures and the steps."""

import time
from pathlib import Path

import pytest

from tests.browser.conftest import OUTPUT, gallery, in_gallery
from tests.browser.test_lab import eventually, selection

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import mi_widgets as mi
from tests.widgets.spectra import spectrum
from tests.analysis.adding_by_hand import adding_circuit, neurons_of
EVIL = "</script><img src=x onerror=window.harmed=1>"
"""
KEYS = "keys=(14, 35, 41, 42, 52)"
VIEWS = {
    "steps": f"view = spectrum(p=113, {KEYS}, steps=range(0, 20000, 1000), neurons=3).view()\nview",
    "one-step": f"spectrum(p=113, {KEYS}, warnings=(EVIL,), model=EVIL).view(selection={{'frequency': 20}})",
    "by-hand": "mi.fourier.spectrum(mi.load(neurons_of(59, [4, 9])), neurons=[0]).view()",
    "logits": "mi.fourier.spectrum(mi.load(adding_circuit(59, {3: 5.0, 17: 2.0, 20: 9.0})), logits=[7]).view()",
}
BESIDE_THE_BODY = 430  # what JupyterLab's own panels take of a window


@pytest.fixture
def opened(lab, folder):
    with gallery(lab, folder, "fourier", SETUP, VIEWS) as notebook:
        yield notebook


def root_of(notebook, name="steps"):
    return in_gallery(notebook, VIEWS, name)


def kernel_is_at(notebook, **wanted):
    eventually(lambda: {key: selection(notebook)[key] for key in wanted}, wanted)


def said(notebook):
    return root_of(notebook).locator(".mi-footer .mi-sentence").text_content()


def middle_of(notebook, locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_bars_are_chosen_by_click_and_by_key(opened):
    root, page = root_of(opened), opened.page
    assert root.locator(".mi-norm").count() == 56
    assert root.locator(".mi-norm-key").count() == root.locator(".mi-norm-marker").count() == 5
    kernel_is_at(opened, step=19000, frequency=14, target="neuron 0")
    bar = root.locator(".mi-norm").nth(34)
    page.mouse.click(*middle_of(opened, bar))
    assert (
        root.locator(".mi-circle").get_attribute("aria-label").startswith("The 113 numbers on the circle of")
    )
    page.keyboard.press("ArrowRight")  # where it was clicked it has the focus
    kernel_is_at(opened, frequency=36)
    for key, frequency in {"ArrowLeft": 35, "ArrowDown": 41, "ArrowUp": 35, "Home": 1, "End": 56}.items():
        root.locator(".mi-norms").focus()
        page.keyboard.press(key)
        kernel_is_at(opened, frequency=frequency)
    opened.run_cell("view.selection = {'frequency': 42}")
    eventually(lambda: "frequency 42: norm" in said(opened), True)
    assert "SelectionError" in opened.run_cell("view.selection = {'frequency': 57}")


def test_the_pointer_is_answered_and_a_cell_chooses_its_frequency(opened):
    root, page = root_of(opened), opened.page
    tooltip = root.locator(".mi-tooltip")
    page.mouse.move(*middle_of(opened, root.locator(".mi-norm").nth(13)))
    eventually(lambda: tooltip.inner_text().split()[:3], ["frequency", "14", "norm"])
    assert "33.3 %" in tooltip.inner_text()
    page.mouse.move(*middle_of(opened, root.locator(".mi-circle circle").nth(7)))
    eventually(lambda: tooltip.inner_text().split()[:2], ["number", "7"])
    root.screenshot(path=OUTPUT / "fourier-pointed.png")
    plane = root.locator(".mi-map")
    box = plane.bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"])
    eventually(lambda: tooltip.inner_text().split()[:2], ["over", "a"])
    row = tooltip.inner_text().splitlines()[1]
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"])
    kernel_is_at(opened, frequency=int(row.split()[-1]))
    root.locator("select").select_option("neuron 1")
    kernel_is_at(opened, target="neuron 1")


def test_the_steps_go_by_without_the_kernel(opened):
    root, page = root_of(opened), opened.page
    slider = root.locator("input[type=range]")
    slider.scroll_into_view_if_needed()
    opened.append("import time\ntime.sleep(4)")
    page.evaluate("() => { window.running = window.jupyterapp.commands.execute('notebook:run-cell'); }")
    slider.scroll_into_view_if_needed()
    top = root.locator(".mi-norm-key").first.get_attribute("y")
    # What a step costs, from the event to the end of the work that it starts.
    took = page.evaluate(
        """async () => {
            const slider = document.querySelector(".mi-fourier input[type=range]");
            const times = [];
            for (let i = 0; i < 20; i++) {
                slider.value = String(i);
                const start = performance.now();
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                await new Promise(requestAnimationFrame);
                times.push(performance.now() - start);
                await new Promise((then) => setTimeout(then, 20));
            }
            return times;
        }"""
    )
    assert sorted(took)[len(took) // 2] < 100, took
    slider.evaluate("s => { s.value = '6'; s.dispatchEvent(new Event('input', { bubbles: true })); }")
    assert said(opened).startswith("Step 6000 · frequency 14")
    assert root.locator(".mi-norm").nth(13).get_attribute("y") != top
    assert page.evaluate("() => Promise.race([window.running.then(() => 'done'), 'busy'])") == "busy"
    root.screenshot(path=OUTPUT / "fourier-early.png")
    page.evaluate("() => window.running.then(() => null)")
    kernel_is_at(opened, step=6000)
    root.locator(".mi-norms").focus()
    page.keyboard.press(".")
    kernel_is_at(opened, step=7000)
    print("a step took, in ms:", [round(t, 1) for t in sorted(took)])


def test_code_on_the_clipboard_and_the_table(opened):
    root, page = root_of(opened), opened.page
    root.locator(".mi-norms").focus()
    page.keyboard.press("c")
    copied = opened.run_cell("print(view.code())")
    eventually(lambda: page.evaluate("() => navigator.clipboard.readText()"), copied)
    root.locator(".mi-norms").focus()
    page.keyboard.press("t")
    assert root.locator("tbody tr").count() == 56
    assert root.locator("tr[aria-current]").inner_text().split()[0] == "14"


def test_it_follows_a_linked_view(opened):
    opened.run_cell(
        "from tests.widgets.curves import one\ncurve = mi.views.TrainingView(one(range(0, 20000, 1000)))\n"
        "link = mi.views.link(view, curve)\ncurve"
    )
    other = opened.page.locator(".mi-training[data-painted]")
    other.wait_for()
    other.locator("button.mi-button").first.focus()
    opened.page.keyboard.press("Home")
    eventually(lambda: said(opened).startswith("Step 0 · "), True)
    kernel_is_at(opened, step=0)


def test_it_can_be_read_in_both_themes_and_widths(opened):
    for width in (1180, 860, 480):
        opened.page.set_viewport_size({"width": width + BESIDE_THE_BODY, "height": 1400})
        for theme in ("Light", "Dark"):
            opened.set_theme(f"JupyterLab {theme}")
            for name in VIEWS if width == 860 else ("steps", "one-step"):
                root = root_of(opened, name)
                root.scroll_into_view_if_needed()
                time.sleep(0.2)
                root.screenshot(path=OUTPUT / f"fourier-{name}-{theme.lower()}-{width}.png")
                assert root.evaluate("root => root.scrollWidth <= root.clientWidth"), f"{name} is too wide"
    opened.set_theme("JupyterLab Light")
    opened.page.set_viewport_size({"width": 1280, "height": 1400})
