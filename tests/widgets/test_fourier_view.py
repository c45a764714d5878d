"""`FourierView` in Python: what it takes, refuses, selects, says, sends and draws."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import mi_widgets as mi
from mi_widgets.core.errors import ResultError, SelectionError, WrongKind
from mi_widgets.widgets.fourier.spectrum import Spectrum
from mi_widgets.widgets.fourier.widget import FourierView
from mi_widgets.widgets.fourier.words import fine, percent, sentence
from tests.analysis.adding_by_hand import adding_circuit, neurons_of

from .codes import dequantise
from .curves import one
from .spectra import spectrum

STEPS = (0, 100, 300)


def sent(view, name):
    packed = view._data["variables"][name]["values"]
    codes = np.frombuffer(packed["data"], packed["dtype"]).reshape(packed["shape"])
    return dequantise(codes, low=packed["min"], high=packed["max"]) if packed["dtype"] == "uint16" else codes


def derived(view, name):
    return view._data["derived"][name]


def n_bytes(part):
    if isinstance(part, dict):
        return sum(map(n_bytes, part.values()))
    if isinstance(part, list):
        return sum(map(n_bytes, part))
    return len(part) if isinstance(part, bytes) else 8


def image_of(view):
    data, _ = view._repr_mimebundle_()
    picture = base64.b64decode(data["image/png"])
    return Image.open(io.BytesIO(picture)).convert("RGB"), len(picture)


def test_networks_of_known_frequencies_are_drawn_as_they_are():
    result = mi.fourier.spectrum(mi.load(adding_circuit(59, {3: 5.0, 17: 2.0, 20: 9.0})), logits=[7])
    view = result.view()
    assert isinstance(view, FourierView)
    assert view.selection == {"frequency": 20, "target": "logit 7"}  # it has most of the logits
    assert np.flatnonzero(sent(view, "key")).tolist() == [2, 16, 19]
    np.testing.assert_array_equal(sent(view, "norm"), result.values)
    np.testing.assert_array_equal(sent(view, "spectrum"), result.dataset["spectrum"].values)
    assert "73.6 % of the logits' variance, key · Loss 0.24, 100 % right" in repr(view)


def test_circles_lie_on_circles():
    view = mi.fourier.spectrum(mi.load(neurons_of(59, [4, 9])), neurons=[0, 1]).view()
    assert view.selection == {"frequency": 4, "target": "neuron 0"}  # no logits: that of the largest norm
    x, y = sent(view, "x")[3], sent(view, "y")[3]
    np.testing.assert_allclose(np.hypot(x, y), 1, atol=1e-3)
    ring = Spectrum(view.result).ring(4)
    around = np.unwrap(np.arctan2(y[ring], x[ring]))
    np.testing.assert_allclose(np.abs(np.diff(around)), 2 * np.pi / 59, atol=2e-3)


def test_it_opens_on_the_last_step_with_the_strongest_frequency():
    view = FourierView(spectrum(steps=STEPS, neurons=2))
    assert view.selection == {"step": 300, "frequency": 4, "target": "neuron 0"}
    assert FourierView(spectrum()).selection == {"frequency": 4}
    chosen = {"step": 100, "frequency": 9, "target": "neuron 1"}
    assert FourierView(spectrum(steps=STEPS, neurons=2), selection=chosen).selection == chosen
    assert FourierView(spectrum(steps=STEPS), selection={"step": 0}).selection["step"] == 0


def test_only_what_there_is_can_be_selected():
    view = FourierView(spectrum(steps=STEPS, neurons=2))
    view.selection = {"frequency": np.int64(21)}
    assert view.selection == {"step": 300, "frequency": 21, "target": "neuron 0"}
    for wrong, said in [
        ({"frequency": 30}, r"selection\['frequency'\] can be 1 to 29 in this view; got 30"),
        ({"frequency": None}, "got None"),
        ({"step": 50}, "only 0, 100, 300 in this view; got 50"),
        ({"target": "neuron 7"}, "only neuron 0, neuron 1 in this view; got 'neuron 7'"),
        ({"layer": 1}, "its keys are step, frequency, target"),
    ]:
        with pytest.raises(SelectionError, match=said):
            view.selection = wrong
    with pytest.raises(SelectionError, match="no key 'step'"):
        FourierView(spectrum(), selection={"step": 0})
    assert view.selection["frequency"] == 21


def test_a_change_from_the_browser_can_be_observed():
    view, heard = FourierView(spectrum()), []
    view.observe(lambda change: heard.append(change.new["frequency"]), "selection")
    view.set_state({"selection": {"frequency": 9}})
    assert heard == [9]
    assert "selection={'frequency': 9}" in view._code


def test_everything_is_sent_at_once_and_is_small():
    view = FourierView(spectrum(p=113, steps=tuple(range(20))))
    assert n_bytes(view._data) < 1_000_000
    data = view.result.dataset
    for name in "xy":
        np.testing.assert_allclose(sent(view, name), data[name].values, atol=1e-4)
    before = view._data
    view.selection = {"step": 3, "frequency": 50}
    assert view._data is before


def test_what_is_the_same_at_all_steps_may_lack_the_axis():
    stepped = spectrum(steps=STEPS).to_dataset()
    stepped["accuracy"] = ((), 0.5, {"units": "share of pairs"})
    view = FourierView(_of(stepped))
    assert view._data["variables"]["accuracy"]["axes"] == []
    assert sent(view, "accuracy") == 0.5
    every = [Spectrum(view.result).moment({"step": step})["accuracy"] for step in STEPS]
    assert every == [0.5, 0.5, 0.5]


def test_one_scale_for_all_steps_and_a_spectrum_without_its_constant():
    drawn = Spectrum(spectrum(steps=STEPS, neurons=1))
    x, y = (drawn.data[along].values[:, 3] for along in "xy")
    assert drawn.reaches[3] == pytest.approx(np.hypot(x, y).max())
    planes = drawn.data["spectrum"].values
    waves = np.delete(planes[:, 0].reshape(3, -1), 0, axis=1)
    assert drawn.plane_reaches[0] == pytest.approx(waves.max())
    assert planes[0].max() != planes[2].max()


def test_beside_another_it_is_drawn_on_the_others_scale():
    whole, small = spectrum(keys=(4, 9)), spectrum(keys=(9,))
    small = _of(small.to_dataset().assign({name: small.dataset[name] / 3 for name in ("norm", "x", "y")}))
    alone, view = FourierView(small), FourierView(small, same_scale_as=whole)
    other = FourierView(whole)
    assert derived(alone, "highest") < derived(view, "highest") == derived(other, "highest")
    assert derived(view, "reaches") == pytest.approx(derived(other, "reaches"))
    assert derived(alone, "reaches") == pytest.approx(Spectrum(small).reaches)
    view.show(whole.sel(frequency=[9, 21]))
    assert derived(view, "reaches") == pytest.approx([derived(other, "reaches")[k - 1] for k in (9, 21)])
    larger = _of(whole.to_dataset().assign(norm=whole.dataset["norm"] * 5))
    assert derived(FourierView(larger, same_scale_as=whole), "highest") == pytest.approx(
        whole.values.max() * 5
    )
    part = FourierView(whole, same_scale_as=small.sel(frequency=[9]))
    assert derived(part, "reaches") == pytest.approx(derived(other, "reaches"))
    assert view.png() != FourierView(small).png()


def test_parts_that_still_are_a_spectrum_are_drawn():
    whole = spectrum(steps=STEPS, neurons=3)
    assert FourierView(whole.sel(step=100)).selection == {"frequency": 4, "target": "neuron 0"}
    assert FourierView(whole.sel(target="neuron 2")).choices()["target"] == ["neuron 2"]
    assert FourierView(whole.sel(frequency=[9, 21])).choices()["frequency"] == [9, 21]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (None, r"result must be a Result, as in mi\.fourier\.spectrum\(model\); got None"),
        (one(), "draws a Fourier spectrum; this Result has no 'norm'"),
        (
            spectrum().sel(frequency=4),
            r"needs 'norm' along frequency; its axes are none.*select it in the view",
        ),
        (spectrum().sel(number=[0, 1, 2, 5]), r"numbers 0 to p − 1, and some are left out"),
        (spectrum().sel(frequency=[]), "spectrum has nothing to draw"),
        (spectrum(neurons=1).sel(component_a="1"), r"needs 'spectrum' along component_a, component_b"),
        (
            spectrum(p=113, steps=tuple(range(160)), neurons=2),
            r"4,086,080 numbers.*up to 4,000,000: .*\.sel\(target",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(wrong, said):
    with pytest.raises((ResultError, WrongKind), match=said):
        FourierView(wrong)


def test_the_sentence_says_the_frequency_and_the_step():
    drawn = Spectrum(spectrum(steps=STEPS))
    said = sentence(drawn, {"step": 300, "frequency": 4})
    assert said.startswith("Step 300 · frequency 4: norm ")
    assert said.endswith("50.0 % of the logits' variance, key · Loss 2.4e-7, 100 % right")
    assert "25.0 % right" in sentence(drawn, {"step": 100, "frequency": 4})
    assert sentence(Spectrum(spectrum()), {"frequency": 5}).startswith("Frequency 5: norm 0.")


def test_shares_and_small_losses_are_written_as_in_the_browser():
    shares = [percent(x) for x in (0, 1, 0.34, 0.0001, 0.9999, -0.02, float("nan"))]
    assert shares == ["0 %", "100 %", "34.0 %", "<0.1 %", ">99.9 %", "−2.0 %", "none"]
    assert [fine(x) for x in (2.4e-7, 0.0041, 0.25, 0, 4.0775)] == [
        "2.4e-7",
        "4.1e-3",
        "0.25",
        "0.00",
        "4.08",
    ]


def test_header_and_repr_say_what_is_seen():
    view = FourierView(spectrum(warnings=("small",)))
    unit = "norm of the embedding"
    assert view._header == {
        "model": "modular-addition",
        "title": "Fourier spectrum",
        "unit": unit,
        "warnings": ["small"],
        "p": 59,
    }
    data, _ = view._repr_mimebundle_()
    assert data["text/plain"] == repr(view)
    assert repr(view).startswith("FourierView(modular-addition, p = 59; Frequency 4: norm ")
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}


def test_code_makes_the_same_view():
    result = spectrum(neurons=2)
    view = FourierView(result, selection={"frequency": 9, "target": "neuron 1"})
    call = view.code()[len(result.code()) :]
    made = {"result": result, "mi": mi}
    exec(call, made)
    assert isinstance(made["view"], FourierView)
    assert repr(made["view"]) == repr(view)
    assert made["view"].selection == view.selection


def test_show_draws_another_spectrum_and_keeps_what_it_can():
    view = FourierView(spectrum(steps=STEPS, neurons=2), selection={"step": 100, "frequency": 21})
    view.show(spectrum(steps=(0, 100), warnings=("small",)))
    assert view.selection == {"step": 100, "frequency": 21}
    assert view._header["warnings"] == ["small"]
    assert list(view._choices) == ["step", "frequency"]
    view.show(spectrum(p=13, keys=(2, 3)))
    assert view.selection == {"frequency": 2}
    with pytest.raises(ResultError):
        view.show(one())
    assert view.selection == {"frequency": 2}


def test_views_that_are_linked_share_their_step():
    view, curve = FourierView(spectrum(steps=STEPS)), mi.views.TrainingView(one((0, 100, 200)))
    mi.views.link(curve, view)
    assert view.selection["step"] == 300  # it has no 200
    curve.selection = {"step": 100}
    assert view.selection["step"] == 100
    view.selection = {"step": 0}
    assert curve.selection == {"step": 0}


@pytest.mark.parametrize(
    "result",
    [
        spectrum(),
        spectrum(p=113, steps=STEPS, neurons=1),
        spectrum(p=5, keys=(1,), neurons=1),
        spectrum(model="</script><img src=x>\nof two lines"),
        spectrum().sel(frequency=[9]),
    ],
)
def test_the_picture_is_a_small_png(result):
    image, size = image_of(FourierView(result))
    assert size < 60_000
    assert image.width == 900
    assert image.height < 800
    assert image.getpixel((2, 2)) == (255, 255, 255)


def test_the_picture_survives_numbers_that_are_none():
    empty = _of(spectrum(neurons=1).to_dataset().map(lambda data: data * np.nan, keep_attrs=True))
    view = FourierView(empty)
    assert "norm none" in repr(view)
    assert view.png()


def test_bars_of_the_picture_grow_over_the_steps():
    def blue(step):
        image, _ = image_of(FourierView(spectrum(steps=STEPS), selection={"step": step}))
        return (np.abs(np.asarray(image).astype(int) - [31, 111, 235]) < 12).all(-1).sum()

    assert blue(0) < blue(300) / 10


def _of(dataset):
    like = spectrum()
    return mi.Result(
        kind="fourier_spectrum",
        title="x",
        dataset=dataset,
        primary="norm",
        unit="norm",
        source="",
        provenance=like.provenance,
    )
