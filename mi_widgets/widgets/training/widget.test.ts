import { beforeAll, describe, expect, it, vi } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown } from "../_shared/fakes";
import { axis, floats, labelled } from "../_shared/packed";
import { press } from "../_shared/reader";
import { columnsFor } from "./layout";
import { highestAt, linesOf } from "./measures";
import { Measures } from "./store";
import widget from "./widget";

interface FakeCurves {
  steps: number[]; // none: the same at every step
  rows: number[][];
  names: string[];
  places: Record<string, unknown>[];
}

function curves(steps: number[], rows: number[][], names = [""], places: FakeCurves["places"] = [{}]): FakeCurves {
  return { steps, rows, names, places };
}

interface FakeMeasure {
  name: string;
  unit: string;
  curves: FakeCurves;
  controls: { name: string; curves: FakeCurves }[];
}

/** As `measures.py` packs them. */
function packed(measures: FakeMeasure[]) {
  const axes: ReturnType<typeof axis>[] = [];
  const variables: Parameters<typeof labelled>[1] = {};
  const add = ({ steps, rows, names, places }: FakeCurves) => {
    const values = `curves ${Object.keys(variables).length}`;
    const own = [
      axis(
        `${values}: line`,
        names.map((_, i) => i),
      ),
      ...(steps.length ? [axis(`${values}: step`, steps)] : []),
    ];
    axes.push(...own);
    const numbers = floats(
      own.map(({ labels }) => labels.length),
      (i) => rows.flat()[i],
    );
    variables[values] = { axes: own.map(({ name }) => name), values: numbers };
    return { values, names, places };
  };
  const sent = measures.map(({ curves, controls, ...more }) => ({
    ...more,
    curves: add(curves),
    controls: controls.map(({ name, curves }) => ({ name, curves: add(curves) })),
  }));
  return labelled(axes, variables, { measures: sent });
}

const HEADS = curves(
  [0, 100, 600],
  [
    [0.1, 0.1, 0.1],
    [0.2, 0.05, 0.75],
    [0, NaN, 0.1],
  ],
  ["L0.H0", "L1.H3", EVIL],
  [
    { layer: 0, head: 0 },
    { layer: 1, head: 3 },
    { layer: 2, head: 0 },
  ],
);
const MANY = curves(
  [0, 100, 600],
  [0, 1, 2, 3, 4].map((i) => [i, i, i === 2 ? 9 : i]),
  [0, 1, 2, 3, 4].map((head) => `H${head}`),
  [0, 1, 2, 3, 4].map((head) => ({ head })),
);

function fakeModel(more: Record<string, unknown> = {}) {
  return new FakeModel({
    selection: { step: 600 },
    x: "linear",
    _choices: { step: [0, 100, 600] },
    _code: "view",
    _links: [],
    _header: { title: "Training", models: [EVIL], warnings: [EVIL] },
    _data: packed([
      { name: EVIL, unit: EVIL, curves: HEADS, controls: [{ name: EVIL, curves: curves([], [[0.02]]) }] },
      {
        name: "many",
        unit: "nats",
        curves: MANY,
        controls: [{ name: "one layer", curves: curves([0, 500], [[1, 2]]) }],
      },
    ]),
    ...more,
  });
}

beforeAll(fakePage);

const step = (model: FakeModel) => model.get("selection").step;

describe("the widget", () => {
  it("paints, goes through the checkpoints by keys, stays inside, and lets everything go", () => {
    const model = fakeModel();
    const { element, root, stop } = shown(widget(), model);
    expect(root.dataset.painted).toBe("1");
    press(root, "ArrowRight");
    expect([step(model), model.saved]).toEqual([600, 0]);
    press(root, "ArrowLeft");
    expect([step(model), model.saved]).toEqual([100, 1]);
    press(root.querySelector("input")!, "Home");
    expect(step(model)).toBe(0);
    expect(root.querySelector("input")!.getAttribute("aria-valuetext")).toBe("step 0");
    press(root, "End");
    expect(step(model)).toBe(600);
    expect(Number(root.dataset.painted)).toBe(4);
    stop();
    expect(element.children).toHaveLength(0);
    expect(model.listening).toBe(0);
  });

  it("plays to the end and stops, and begins anew from the end", () => {
    vi.useFakeTimers();
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    press(root, " ");
    expect(step(model)).toBe(0);
    vi.advanceTimersByTime(350);
    expect(step(model)).toBe(100);
    press(root, " ");
    vi.advanceTimersByTime(2000);
    expect(step(model)).toBe(100);
    root.querySelector<HTMLElement>(".mi-play")!.click();
    vi.advanceTimersByTime(2000);
    expect(step(model)).toBe(600);
    expect(root.querySelector(".mi-play")!.getAttribute("aria-label")).toBe("play");
    press(root, " ");
    stop();
    vi.advanceTimersByTime(2000);
    expect(step(model)).toBe(0); // nothing plays on after it was closed
    vi.useRealTimers();
  });

  it("rests the thumb on checkpoints, where they lie on the axis", () => {
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    const slider = root.querySelector("input")!;
    slider.value = "2100";
    slider.dispatchEvent(new Event("input"));
    expect(step(model)).toBe(100);
    expect(slider.value).toBe(String(Math.round((100 / 600) * 10_000)));
    stop();
  });

  it("says the highest line at the step, and the controls where they were measured", () => {
    const model = fakeModel({ selection: { step: 100 } });
    const { root, stop } = shown(widget(), model);
    const said = () => root.querySelector(".mi-sentence")!.textContent!;
    expect(said()).toContain(`step 100 · ${EVIL} 0.10 L0.H0 (${EVIL}: 0.02) · many 4.00 H4 (one layer: 1.00 at 0)`);
    press(root, "End");
    expect(said()).toContain("0.75 L1.H3");
    expect(said()).toContain("many 9.00 H2 (one layer: 2.00 at 500)");
    stop();
  });

  it("tells it in a table, and changes the axis, by keys", () => {
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    press(root, "t");
    const rows = [...root.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
    expect(rows.map(([first]) => first)).toEqual(["0", "100", "500", "600"]);
    expect(rows[2].slice(1)).toEqual(["", "0.02", "", "2.00"]);
    expect(root.querySelector("tr[aria-current]")!.firstChild!.textContent).toBe("600");
    press(root, "l");
    expect(model.get("x")).toBe("log");
    expect(root.querySelector(".mi-axis-note")!.textContent).toContain("0 at the left edge");
    stop();
  });

  it("lights up the head that a linked view points at, and no other's", () => {
    const [model, other] = [fakeModel({ _links: ["a"] }), fakeModel({ _links: ["a"] })];
    const { root, stop } = shown(widget(), model);
    const point = (labels: object) =>
      document.dispatchEvent(new CustomEvent("mi-linked-hover", { detail: { from: other, links: ["a"], labels } }));
    const lit = () => [...root.querySelectorAll(".mi-label-lit")].map((name) => name.textContent);
    point({ layer: 1, head: 3, query: 5 });
    expect(lit()).toEqual(["L1.H3", "H3"]); // the second measure has heads alone
    point({ layer: 7, head: 3 });
    expect(lit()).toEqual(["H3"]);
    point({});
    expect(lit()).toEqual([]);
    stop();
  });

  it("lights up the head that is selected in a linked view, unless the pointer is on another", () => {
    const [model, other] = [fakeModel({ _links: ["a"] }), fakeModel({ _links: ["a"] })];
    const { root, stop } = shown(widget(), model);
    const say = (what: string, labels: object) =>
      document.dispatchEvent(new CustomEvent(`mi-linked-${what}`, { detail: { from: other, links: ["a"], labels } }));
    const lit = () => [...root.querySelectorAll(".mi-label-lit")].map((name) => name.textContent);
    say("selection", { step: 100, layer: 1, head: 3, query: 5 });
    expect(step(model)).toBe(100);
    expect(lit()).toEqual(["L1.H3", "H3"]);
    say("hover", { layer: 0, head: 0 });
    expect(lit()).toEqual(["L0.H0", "H0"]);
    say("hover", {});
    expect(lit()).toEqual(["L1.H3", "H3"]);
    press(root, "l"); // everything is drawn anew
    expect(lit()).toEqual(["L1.H3", "H3"]);
    say("selection", { layer: null, head: null });
    expect(lit()).toEqual([]);
    stop();
  });

  it("says what the pointer is on, here and in linked views", () => {
    const [model, other] = [fakeModel({ _links: ["a"] }), fakeModel({ _links: ["a"] })];
    const [first, second] = [shown(widget(), model), shown(widget(), other)];
    const chart = first.root.querySelector(".mi-panel .mi-chart")!;
    const guides = (root: Element) =>
      [...root.querySelectorAll(".mi-chart-guide")].map((line) => line.getAttribute("visibility"));
    chart.dispatchEvent(new MouseEvent("pointermove", { clientX: -2000, bubbles: true }));
    expect(first.root.querySelector(".mi-tooltip")!.textContent).toMatch(/^step0.*L1\.H30\.20/);
    expect([guides(first.root), guides(second.root)]).toEqual([
      ["visible", "visible"],
      ["visible", "visible"],
    ]);
    chart.dispatchEvent(new MouseEvent("pointerleave"));
    expect([guides(first.root), guides(second.root)]).toEqual([
      ["hidden", "hidden"],
      ["hidden", "hidden"],
    ]);
    first.stop();
    second.stop();
  });

  it("draws other measures that were sent", () => {
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    model.set("_choices", { step: [0, 50] });
    model.set("_header", { title: "Training", models: ["m"], warnings: [] });
    model.set("_data", packed([{ name: "loss", unit: "nats", curves: curves([0, 50], [[3, 2]]), controls: [] }]));
    expect(root.querySelectorAll(".mi-chart")).toHaveLength(1);
    expect(root.querySelector(".mi-facts")!.textContent).toBe("m · 2 checkpoints");
    expect(root.querySelector(".mi-state")!.textContent).toBe("✓");
    model.set("selection", { step: 50 });
    expect(root.querySelector(".mi-sentence")!.textContent).toContain("step 50 · loss 2.00");
    stop();
  });

  it("shows names as text and nothing else", () => {
    const { root, element, stop } = shown(widget(), fakeModel());
    press(root, "t");
    expect(element.textContent).toContain("<img");
    expect(element.querySelectorAll("img, script")).toHaveLength(0);
    stop();
  });

  it("keeps two displays in step, and keeps what it shows when it is given a step that it does not have", () => {
    const model = fakeModel();
    const { definition, root, stop } = shown(widget(), model);
    const second = document.createElement("div");
    const stopSecond = definition.render({ model, el: second });
    press(root, "Home");
    expect(second.querySelector(".mi-sentence")!.textContent).toContain("step 0");
    model.set("selection", { step: 5 });
    expect(second.querySelector(".mi-sentence")!.textContent).toContain("step 0");
    stopSecond();
    stop();
  });
});

describe("what is drawn", () => {
  const [few, many] = new Measures(fakeModel() as never).all;

  it("is strong where it is highest at its end, and all of it where there is little", () => {
    expect(linesOf(many).map(({ kind }) => kind)).toEqual(["quiet", "quiet", "main", "quiet", "quiet", "control"]);
    expect(linesOf(few).map(({ kind }) => kind)).toEqual(["main", "main", "main", "control"]);
  });

  it("is highest among numbers, at the nearest step", () => {
    const gaps = {
      steps: [0, 10],
      names: ["a", "b"],
      places: [{}, {}],
      rows: [Float32Array.of(NaN, 1), Float32Array.of(-2, NaN)],
    };
    expect(highestAt(gaps, 0)).toEqual({ value: -2, name: "b", at: undefined });
    expect(highestAt(gaps, 900)).toEqual({ value: 1, name: "a", at: 10 });
  });

  it("stands in rows of about the same length", () => {
    expect([
      columnsFor(4, 1000),
      columnsFor(3, 1000),
      columnsFor(3, 700),
      columnsFor(1, 1200),
      columnsFor(5, 300),
    ]).toEqual([2, 3, 2, 1, 1]);
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
