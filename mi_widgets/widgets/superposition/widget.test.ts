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
import { Instances } from "./instances";
import { layout } from "./layout";
import widget from "./widget";

const TURN = (2 * Math.PI) / 5;

/** Two instances of five features: two of them at right angles, the others nothing; then a pentagon. */
const TIPS = [
  { x: [1, 0, 0, 0, 0], y: [0, 1, 0, 0, 0] },
  { x: [0, 1, 2, 3, 4].map((i) => Math.cos(TURN * i)), y: [0, 1, 2, 3, 4].map((i) => Math.sin(TURN * i)) },
];

function interference(instances = TIPS): PackedTensor {
  const data = new Uint16Array(instances.length * 25);
  let k = 0;
  for (const { x, y } of instances) {
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 5; j++) data[k++] = Math.round(((x[i] * x[j] + y[i] * y[j] + 1) / 2) * 65534);
    }
  }
  return { shape: [instances.length, 5, 5], dtype: "uint16", min: -1, max: 1, data: new DataView(data.buffer) };
}

const EACH = ["instance", "feature"];

/** A variable of each feature at each instance, or on other axes. */
function variable(values: PackedTensor, axes = EACH, texts?: string[]) {
  return { axes, values, texts };
}

function variables() {
  return {
    dimensionality: variable(floats([2, 5], (i) => [1, 1, 0, 0, 0, 0.4, 0.4, 0.4, 0.4, 0.4][i])),
    length: variable(floats([2, 5], (i) => [1, 1, 0, 0, 0, 1, 1, 1, 1, 1][i])),
    represented: variable(whole([2, 5], [1, 1, 0, 0, 0, 1, 1, 1, 1, 1])),
    figure: variable(whole([2, 5], [1, 1, 0, 0, 0, 2, 2, 2, 2, 2]), EACH, ["not represented", "own dimension", EVIL]),
    group: variable(whole([2, 5], [0, 1, NaN, NaN, NaN, 0, 0, 0, 0, 0])),
    importance: variable(
      floats([5], (i) => [1, 0.9, 0.81, 0.73, 0.66][i]),
      ["feature"],
    ),
    dimensions_per_feature: variable(
      floats([2], (i) => [1, 0.4][i]),
      ["instance"],
    ),
    interference: variable(interference(), [...EACH, "other"]),
  };
}

const VECTORS = floats([2, 2, 5], (i) => TIPS[Math.floor(i / 10)][i % 10 < 5 ? "x" : "y"][i % 5]);

function derived() {
  return {
    sparsities: ["0.00", "0.90"],
    x: [1, 10],
    by_sparsity: true,
    curves: [0, 1, 2, 3, 4],
    levels: [
      ["1 own dimension", 1],
      [`2/5 ${EVIL}`, 0.4],
    ],
    reach: 1,
    orders: [
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
    ],
  };
}

interface Changes {
  instances?: number[];
  variables?: Partial<ReturnType<typeof variables>>;
  derived?: Partial<ReturnType<typeof derived>>;
  vectors?: PackedTensor | null;
}

function data({ instances = [0, 1], vectors = VECTORS, ...changes }: Changes = {}) {
  const features = [0, 1, 2, 3, 4];
  const each = [axis("instance", instances), axis("feature", features), axis("other", features)];
  const drawn: Record<string, ReturnType<typeof variable>> = { ...variables(), ...changes.variables };
  if (vectors) drawn.W = variable(vectors, ["instance", "hidden", "feature"]);
  return labelled([...each, axis("hidden", [0, 1])], drawn, { ...derived(), ...changes.derived });
}

function fakeModel(changes: Changes = {}) {
  return new FakeModel({
    selection: { instance: 1, feature: 3 },
    _choices: { instance: [0, 1], feature: [0, 1, 2, 3, 4] },
    _links: [],
    _code: "view",
    _header: { title: EVIL, facts: [EVIL, "5 features in 2 dimensions"], warnings: [EVIL] },
    _data: data(changes),
  });
}

beforeAll(fakePage);

const shown = (model: FakeModel) => shownWidget(widget(), model);

describe("the widget", () => {
  it("draws the features as vectors from one point, and says the selected one", () => {
    const { element, root, stop } = shown(fakeModel());
    expect(words(root)).toBe(
      `S = 0.90 · feature 3: 0.40 of a dimension, ${EVIL} with 0, 1, 2, 4 · 5 of 5 features represented, m/‖W‖² = 0.40`,
    );
    const vectors = [...root.querySelectorAll(".mi-vector")];
    expect(vectors).toHaveLength(5);
    const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((name) => numbers(vectors, name));
    expect(new Set(x1).size + new Set(y1).size).toBe(2);
    const lengths = vectors.map((_, i) => Math.hypot(x2[i] - x1[i], y2[i] - y1[i]));
    const radius = Number(root.querySelector(".mi-vectors-unit")!.getAttribute("r"));
    for (const length of lengths) expect(length).toBeCloseTo(radius, 0);
    const around = vectors.map((_, i) => Math.atan2(y2[i] - y1[i], x2[i] - x1[i])).sort((a, b) => a - b);
    for (let i = 1; i < 5; i++) expect(around[i] - around[i - 1]).toBeCloseTo(TURN, 1);
    expect(root.querySelectorAll(".mi-vector-at")).toHaveLength(3); // line, tip and name
    expect([...root.querySelectorAll(".mi-vector-name")].map((name) => name.textContent).sort()).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
    ]);
    stop();
    expect(element.children).toHaveLength(0);
  });

  it("goes through the sparsities by slider and keys, without the kernel", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    slide(root, 0);
    expect(model.get("selection")).toEqual({ instance: 0, feature: 3 });
    expect(words(root)).toBe(
      "S = 0.00 · feature 3: not represented, length 0.00 · 2 of 5 features represented, m/‖W‖² = 1.00",
    );
    expect(root.querySelectorAll("line.mi-vector-off")).toHaveLength(3);
    expect([...root.querySelectorAll(".mi-vector-name")].map((name) => name.textContent).sort()).toEqual([
      "0",
      "1",
      "3",
    ]);
    const map = root.querySelector(".mi-map")!;
    for (const [key, instance] of [
      ["ArrowRight", 1],
      ["ArrowRight", 1],
      [",", 0],
      [".", 1],
      ["Home", 0],
      ["End", 1],
    ] as const) {
      press(map, key);
      expect(model.get("selection").instance).toBe(instance);
    }
    expect(root.querySelector("input")!.getAttribute("aria-valuetext")).toBe("0.90");
    expect(model.sent).toEqual([]);
    stop();
    expect(model.listening).toBe(0);
  });

  it("goes through the features by keys, in the order of the grid", () => {
    const orders = [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
    ];
    const model = fakeModel({ derived: { orders }, vectors: null });
    const { root, stop } = shown(model);
    const map = root.querySelector(".mi-map")!;
    expect([map.getAttribute("role"), map.getAttribute("aria-valuenow")]).toEqual(["slider", "3"]);
    for (const [key, feature] of [
      ["ArrowDown", 2],
      ["ArrowUp", 3],
      ["ArrowUp", 4],
      ["ArrowUp", 4],
    ] as const) {
      press(map, key);
      expect(model.get("selection").feature).toBe(feature);
    }
    expect(map.getAttribute("aria-valuetext")).toContain("feature 4");
    expect(root.querySelector<HTMLElement>(".mi-picture-of")!.hidden).toBe(true); // no plane
    stop();
  });

  it("draws the curve with a dashed line for each figure", () => {
    const { root, stop } = shown(fakeModel());
    const dashed = [...root.querySelectorAll(".mi-line-control")];
    expect(dashed.map((line) => line.getAttribute("stroke-dasharray"))).toEqual(["5 3", "5 3"]);
    expect(root.querySelectorAll(".mi-line-main")).toHaveLength(1);
    expect(root.querySelectorAll(".mi-line-quiet")).toHaveLength(5);
    expect(root.querySelectorAll(".mi-line-lit")).toHaveLength(1); // the selected feature's
    const texts = [...root.querySelectorAll(".mi-chart text")].map((text) => text.textContent);
    expect(texts).toContain("1 own dimension");
    expect(root.querySelector("svg[role=img]")!.getAttribute("aria-label")).toContain("from 1.00 to 0.40");
    stop();
  });

  it("writes numbers into large cells, in the order of the grid", () => {
    drawn.length = 0;
    const { stop } = shown(fakeModel());
    expect(drawn.filter((text) => text === "1.00")).toHaveLength(5);
    expect(drawn.filter((text) => text === "0.31")).toHaveLength(10);
    expect(drawn.filter((text) => text === "−0.81")).toHaveLength(10);
    stop();
    const orders = [
      [2, 1, 0, 3, 4],
      [0, 1, 2, 3, 4],
    ];
    const instances = new Instances(fakeModel({ derived: { orders } }));
    const grid = instances.grid(0);
    expect([0, 1, 2, 3].map((i) => Math.round(grid.value(i, i)))).toEqual([0, 1, 1, 0]);
    instances.dispose();
  });

  it("selects what is clicked", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const box = () => ({ left: 0, top: 0, width: 0, height: 0, right: 0, bottom: 0, x: 0, y: 0, toJSON: () => "" });
    const picture = root.querySelector<SVGElement>(".mi-vectors svg")!;
    picture.getBoundingClientRect = box;
    const tips = [...root.querySelectorAll(".mi-vector-tip:not(.mi-vector-at)")];
    const [clientX, clientY] = ["cx", "cy"].map((name) => Number(tips[0].getAttribute(name)));
    picture.dispatchEvent(new MouseEvent("click", { clientX, clientY, bubbles: true }));
    expect(model.get("selection")).toEqual({ instance: 1, feature: 0 });
    const chart = root.querySelector<SVGElement>("svg[role=img]")!;
    chart.getBoundingClientRect = box;
    chart.dispatchEvent(new PointerEvent("pointerdown", { clientX: 1, bubbles: true, button: 0 }));
    expect(model.get("selection")).toEqual({ instance: 0, feature: 0 });
    stop();
  });

  it("has a table of the instance", () => {
    const { root, stop } = shown(fakeModel());
    press(root, "t");
    const rows = [...root.querySelectorAll("tbody tr")];
    expect(rows).toHaveLength(5);
    expect(rows[3].textContent).toBe(`30.731.000.40${EVIL}0, 1, 2, 4`);
    expect(rows[3].getAttribute("aria-current")).toBe("true");
    expect(root.querySelector("caption")!.textContent).toBe("Every feature at S = 0.90");
    stop();
  });

  it("shows names as text and nothing else", () => checkText(widget(), fakeModel()));

  it("keeps what it shows when a selection does not fit, and survives another toy model", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const before = words(root);
    model.set("selection", { instance: 7, feature: 0 });
    expect(words(root)).toBe(before);
    model.set("_choices", { instance: [4, 5], feature: [0, 1, 2, 3, 4] });
    model.set("_data", data({ instances: [4, 5], derived: { sparsities: ["0.10", "0.20"] } }));
    expect(words(root)).toContain("S = 0.10 · feature 0");
    model.set("selection", { instance: 5, feature: 0 });
    expect(words(root)).toContain("S = 0.20 · feature 0");
    stop();
  });

  it("survives numbers that are none", () => {
    const none = {
      length: variable(floats([2, 5], () => NaN)),
      dimensionality: variable(floats([2, 5], () => NaN)),
      dimensions_per_feature: variable(
        floats([2], () => NaN),
        ["instance"],
      ),
    };
    const { root, stop } = shown(fakeModel({ variables: none, vectors: floats([2, 2, 5], () => NaN) }));
    expect(words(root)).toContain("none of a dimension");
    expect(root.outerHTML).not.toContain("NaN");
    stop();
  });
});

describe("the layout", () => {
  it("keeps within the width", () => {
    for (const width of [640, 832, 1176]) {
      for (const inPlane of [true, false]) {
        const { side, grid, curve } = layout(width, inPlane);
        expect(side + grid + (inPlane ? 26 : 0)).toBeLessThanOrEqual(width);
        expect(curve.width).toBeLessThanOrEqual(width);
      }
    }
    expect(layout(400, true)).toEqual({ side: 320, grid: 400, curve: { width: 400, height: 210 } });
    expect(layout(400, false).side).toBe(0);
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
