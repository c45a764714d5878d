import { beforeAll, describe, expect, it } from "vitest";
import {
  checkKeys,
  checkText,
  EVIL,
  FakeModel,
  fakePage,
  shown as shownWidget,
  canvasTexts as drawn,
} from "../_shared/fakes";
import { axis, floats, labelled, whole } from "../_shared/packed";
import { numbers, press, slide, words } from "../_shared/reader";
import type { PackedTensor } from "../_shared/wire";
import { layout } from "./layout";
import { ring, Spectrum } from "./spectrum";
import { fine, frequencyOf, percent } from "./words";
import widget from "./widget";

const P = 7;
const COMPONENTS = ["1", "cos 1", "sin 1", "cos 2", "sin 2", "cos 3", "sin 3"];

/** Codes of numbers between −2 and 2: frequency k has a circle of radius (step + 1) / 2 at step 0, 1. */
function along(wave: (angle: number) => number, steps: number): PackedTensor {
  const data = new Uint16Array(steps * 3 * P);
  let i = 0;
  for (let step = 0; step < steps; step++) {
    for (const k of [1, 2, 3]) {
      for (let n = 0; n < P; n++) {
        data[i++] = Math.round(((((step + 1) / 2) * wave((2 * Math.PI * k * n) / P) + 2) / 4) * 65534);
      }
    }
  }
  return { shape: [steps, 3, P], dtype: "uint16", min: -2, max: 2, data: new DataView(data.buffer) };
}

interface Options {
  steps?: number[];
  targets?: string[];
  none?: boolean; // where there would be numbers
}

function data({ steps, targets = [], none = false }: Options) {
  const n = steps?.length ?? 1;
  const step = steps ? ["step"] : [];
  const each = [...step, "frequency"];
  const number = (value: number) => (none ? NaN : value);
  /** Of one state of a model, without the axis of steps. */
  const on = (axes: string[], values: PackedTensor) => ({
    axes,
    values: { ...values, shape: steps ? values.shape : values.shape.slice(1) },
  });
  const unknown = whole([n, 3, P], Array(n * 3 * P).fill(NaN));
  const planes = floats([n, targets.length, P, P], (i) => i / 10);
  return labelled(
    [
      ...(steps ? [axis("step", steps)] : []),
      axis("frequency", [1, 2, 3]),
      axis(
        "number",
        Array.from({ length: P }, (_, i) => i),
      ),
      ...(targets.length
        ? [axis("target", targets), axis("component_a", COMPONENTS), axis("component_b", COMPONENTS)]
        : []),
    ],
    {
      norm: on(
        each,
        floats([n, 3], (i) => number(i + 1)),
      ),
      share: on(
        each,
        floats([n, 3], (i) => [0, 0.25, 0][i % 3]),
      ),
      key: on(each, whole([n, 3], Array(n).fill([0, 1, 0]).flat())),
      loss: on(
        step,
        floats([n], (i) => number([2, 2.4e-7][i])),
      ),
      accuracy: on(
        step,
        floats([n], (i) => [0.125, 1][i]),
      ),
      chance: on(
        step,
        floats([n], () => 1 / P),
      ),
      x: on([...each, "number"], none ? unknown : along(Math.cos, n)),
      y: on([...each, "number"], none ? unknown : along(Math.sin, n)),
      ...(targets.length ? { spectrum: on([...step, "target", "component_a", "component_b"], planes) } : {}),
    },
    { highest: 3 * n, reaches: [n / 2, n / 2, n / 2], plane_reaches: targets.map((_, i) => 5 + i) },
  );
}

function choicesOf({ steps, targets }: Options) {
  return { ...(steps ? { step: steps } : {}), frequency: [1, 2, 3], ...(targets ? { target: targets } : {}) };
}

function fakeModel(options: Options = { steps: [0, 100], targets: ["neuron 3", EVIL] }) {
  const { steps, targets } = options;
  return new FakeModel({
    selection: {
      ...(steps ? { step: steps[steps.length - 1] } : {}),
      frequency: 2,
      ...(targets ? { target: targets[0] } : {}),
    },
    _choices: choicesOf(options),
    _links: [],
    _code: "view",
    _header: { title: EVIL, model: EVIL, p: P, unit: EVIL, warnings: [EVIL] },
    _data: data(options),
  });
}

beforeAll(fakePage);

const shown = (model: FakeModel) => shownWidget(widget(), model);

describe("the widget", () => {
  it("draws bars from 0, with a marker on the key ones, and says the selected one", () => {
    const { element, root, stop } = shown(fakeModel());
    expect(words(root)).toBe(
      "Step 100 · frequency 2: norm 5.00, 25.0 % of the logits' variance, key · Loss 2.4e-7, 100 % right",
    );
    const bars = [...root.querySelectorAll(".mi-norm")];
    const ends = bars.map((bar) => Number(bar.getAttribute("y")) + Number(bar.getAttribute("height")));
    expect(Math.max(...ends) - Math.min(...ends)).toBeLessThan(0.1);
    const heights = numbers(bars, "height");
    expect(heights[2] / heights[0]).toBeCloseTo(6 / 4, 2);
    expect(bars.map((bar) => bar.classList.contains("mi-norm-key"))).toEqual([false, true, false]);
    expect(root.querySelectorAll(".mi-norm-marker")).toHaveLength(1);
    expect(root.querySelector(".mi-norm-name")!.textContent).toBe("2");
    expect(root.querySelector(".mi-keys-note")!.textContent).toBe("◆ 1 key: 2");
    stop();
    expect(element.children).toHaveLength(0);
  });

  it("moves by keys, stays inside, and goes to key frequencies", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const frequency = () => model.get("selection").frequency;
    const norms = root.querySelector(".mi-norms")!;
    for (const [key, wanted] of [
      ["ArrowRight", 3],
      ["ArrowRight", 3],
      ["Home", 1],
      ["ArrowLeft", 1],
      ["ArrowDown", 2],
      ["End", 3],
      ["ArrowUp", 2],
      ["ArrowUp", 2],
    ] as const) {
      press(norms, key);
      expect(frequency()).toBe(wanted);
    }
    expect(norms.getAttribute("aria-valuenow")).toBe("2");
    expect(norms.getAttribute("aria-valuetext")).toContain("frequency 2");
    expect(model.get("selection")).toEqual({ step: 100, frequency: 2, target: "neuron 3" });
    stop();
    expect(model.listening).toBe(0);
  });

  it("lets bars and circles grow over the steps, on one scale, without the kernel", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const radius = () => {
      const [x, y] = ["cx", "cy"].map((name) => numbers(root.querySelectorAll(".mi-circle circle"), name));
      const [middleX, middleY] = [x, y].map((all) => all.reduce((a, b) => a + b) / P);
      return x.map((_, n) => Math.hypot(x[n] - middleX, y[n] - middleY));
    };
    const [late, height] = [radius(), numbers(root.querySelectorAll(".mi-norm"), "height")[1]];
    expect(Math.max(...late) - Math.min(...late)).toBeLessThan(0.1);
    slide(root, 0);
    expect(model.get("selection").step).toBe(0);
    expect(words(root)).toContain("Loss 2.00, 12.5 % right, no better than a guess");
    expect(radius()[0] / late[0]).toBeCloseTo(0.5, 2);
    expect(numbers(root.querySelectorAll(".mi-norm"), "height")[1] / height).toBeCloseTo(2 / 5, 2);
    press(root, ".");
    expect(model.get("selection").step).toBe(100);
    expect(model.sent).toEqual([]);
    stop();
  });

  it("joins the numbers in the order of their angles", () => {
    expect(ring(2, 7)).toEqual([0, 4, 1, 5, 2, 6, 3]);
    const { root, stop } = shown(fakeModel());
    const path = root.querySelector(".mi-circle-line")!.getAttribute("d")!;
    const points = path
      .replace(/^M|z$/g, "")
      .split("L")
      .map((pair) => pair.split(" ").map(Number));
    const sides = points.map(([x, y], i) => Math.hypot(x - points[(i + 1) % P][0], y - points[(i + 1) % P][1]));
    expect(points).toHaveLength(P);
    expect(Math.max(...sides) - Math.min(...sides)).toBeLessThan(0.5); // a polygon, no star
    expect(new Set([...root.querySelectorAll(".mi-circle circle")].map((one) => one.getAttribute("fill"))).size).toBe(
      P,
    );
    stop();
  });

  it("chooses another spectrum, in colours of its own that are the same at all steps", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const menu = root.querySelector("select")!;
    expect([...menu.options].map((option) => option.textContent)).toEqual(["neuron 3", EVIL]);
    menu.value = EVIL;
    menu.dispatchEvent(new Event("change"));
    expect(model.get("selection").target).toBe(EVIL);
    const spectrum = new Spectrum(model);
    const planes = [0, 100].map((step) => spectrum.plane({ step, frequency: 1, target: EVIL })!);
    expect(planes.map(({ max }) => max)).toEqual([6, 6]);
    expect(planes[0].at(0)).toBeCloseTo((P * P) / 10);
    spectrum.dispose();
    expect(drawn).toContain("cos 2");
    stop();
  });

  it("has no third picture without spectra, and no menu for one of them", () => {
    const without = shown(fakeModel({}));
    expect(words(without.root)).toMatch(/^Frequency 2: norm 2\.00/);
    expect(without.root.querySelector<HTMLElement>(".mi-picture-of:last-child")!.hidden).toBe(true);
    expect(without.root.querySelector("input")).toBeNull();
    without.stop();
    const one = shown(fakeModel({ targets: ["logit 7"] }));
    expect(one.root.querySelector("select")!.hidden).toBe(true);
    expect(one.root.querySelector(".mi-picture-of:last-child strong")!.textContent).toBe("logit 7");
    one.stop();
  });

  it("has a table of the step", () => {
    const { root, stop } = shown(fakeModel());
    press(root, "t");
    expect([...root.querySelectorAll("tbody tr")].map((row) => row.textContent)).toEqual([
      "14.000 %",
      "25.0025.0 %◆",
      "36.000 %",
    ]);
    expect(root.querySelector("tr[aria-current]")!.textContent).toContain("25.0 %");
    expect(root.querySelector("caption")!.textContent).toBe("Every frequency at step 100");
    stop();
  });

  it("shows names as text and nothing else", () => checkText(widget(), fakeModel()));

  it("keeps what it shows when a selection does not fit, and survives another spectrum", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const before = words(root);
    model.set("selection", { step: 55, frequency: 2, target: "neuron 3" });
    expect(words(root)).toBe(before);
    model.set("_choices", choicesOf({ steps: [7] }));
    model.set("_data", data({ steps: [7] }));
    expect(words(root)).toContain("Step 7 · frequency 1");
    model.set("selection", { step: 7, frequency: 3 });
    expect(words(root)).toContain("Step 7 · frequency 3");
    stop();
  });

  it("survives numbers that are none", () => {
    const { root, stop } = shown(fakeModel({ none: true }));
    expect(words(root)).toContain("norm none");
    expect(root.outerHTML).not.toContain("NaN");
    stop();
  });
});

describe("small pieces", () => {
  it("writes shares and small losses as in Python", () => {
    const shares = [0, 1, 0.34, 0.0001, 0.9999, -0.02, NaN].map(percent);
    expect(shares).toEqual(["0 %", "100 %", "34.0 %", "<0.1 %", ">99.9 %", "−2.0 %", "none"]);
    expect([2.4e-7, 0.0041, 0.25, 0, 4.0775].map(fine)).toEqual(["2.4e-7", "4.1e-3", "0.25", "0.00", "4.08"]);
  });

  it("knows the frequency of a component", () => {
    expect(["1", "cos 17", "sin 2"].map(frequencyOf)).toEqual([undefined, 17, 2]);
  });

  it("arranges the pictures for the room there is", () => {
    expect(layout(400, true)).toEqual({ norms: { width: 400, height: 150 }, side: 400, plane: 400 });
    for (const width of [640, 832, 1176]) {
      const { norms, side, plane } = layout(width, true);
      expect(norms.width).toBe(width);
      expect(side + 26 + plane).toBeLessThanOrEqual(width);
    }
    const { norms, side } = layout(832, false);
    expect(norms.width + 26 + side).toBe(832);
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
