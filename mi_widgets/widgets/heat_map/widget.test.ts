import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown as shownWidget, canvasTexts as drawn } from "../_shared/fakes";
import { axis, floats, labelled } from "../_shared/packed";
import { press, slide, words } from "../_shared/reader";
import { Cells } from "./cells";
import { pointedAt } from "./words";
import { cellSize, lieFlat } from "../_shared/heat_layout";
import { resample } from "../_shared/raster";
import { ends, type ColourScale, numberOnScale } from "../_shared/scale";
import { moveSpot } from "../_shared/moving";
import widget from "./widget";

function fakeModel(
  options: {
    axes?: ReturnType<typeof axis>[];
    value?: (i: number) => number;
    low?: number;
    control?: boolean;
    parts?: boolean;
  } = {},
) {
  const axes = options.axes ?? [axis("step", [0, 100, 300]), axis("layer", [4, 5]), axis("head", [0, 1])];
  const shape = axes.map(({ labels }) => labels.length);
  const pages = axes.slice(0, -2).map(({ name, labels }) => [name, labels[labels.length - 1]]);
  const rest = axes.slice(-2).map(({ name }) => [name, null]);
  const low = options.low ?? 0;
  const choices = axes.map(({ name, labels }, i) => [name, i < axes.length - 2 ? labels : [...labels, null]]);
  return new FakeModel({
    selection: Object.fromEntries([...pages, ...rest]),
    _choices: Object.fromEntries(choices),
    _links: [],
    _ablated: [],
    _code: "view",
    _header: { title: "Scores", model: EVIL, unit: "mean attention", warnings: [EVIL] },
    _data: labelled(
      axes,
      {
        values: floats(shape, options.value ?? ((i) => i / 20), low),
        ...(options.control ? { control: floats(shape, () => 0.02, low) } : {}),
        ...(options.parts
          ? { score: floats(shape, (i) => i / 20 + 0.1, low), its_control: floats(shape, () => 0.1, low) }
          : {}),
      },
      { control_name: options.control ? EVIL : "" },
    ),
  });
}

beforeAll(fakePage);
beforeEach(() => void (drawn.length = 0));

const shown = (model: FakeModel) => shownWidget(widget(), model);
const label = (root: Element, key: string) =>
  [...root.querySelectorAll<HTMLElement>(".mi-actions .mi-button")].find((b) => b.textContent!.endsWith(key))!;

describe("the widget", () => {
  it("says in its header how far the numbers have come, while they come", () => {
    const model = fakeModel({ value: () => NaN });
    const { root, stop } = shown(model);
    const facts = () => root.querySelector(".mi-facts")!.textContent;
    expect(facts()).toBe(`${EVIL} · 2 x 2 · mean attention`);
    expect(words(root)).toBe("Step 300 · no numbers here");
    model.set("_header", { ...model.get("_header"), progress: "3 / 4 cells" });
    expect(facts()).toBe(`${EVIL} · 2 x 2 · mean attention · 3 / 4 cells`);
    stop();
  });

  it("says the largest cell, selects by key, and lets everything go", () => {
    const model = fakeModel();
    const { element, root, stop } = shown(model);
    expect(root.dataset.painted).toBe("1");
    expect(words(root)).toBe("Step 300 · largest: L5.H1 · 0.55");
    const map = root.querySelector(".mi-map")!;
    press(map, "ArrowRight");
    expect(model.get("selection")).toEqual({ step: 300, layer: 4, head: 0 });
    expect(words(root)).toBe("Step 300 · L4.H0 · 0.40");
    press(map, "ArrowDown");
    press(map, "End");
    expect(model.get("selection")).toEqual({ step: 300, layer: 5, head: 1 });
    press(map, "Escape");
    expect(model.get("selection")).toEqual({ step: 300, layer: null, head: null });
    stop();
    expect(element.children).toHaveLength(0);
    expect(model.listening).toBe(0);
  });

  it("draws what one message brings, the data first", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const other = fakeModel({ axes: [axis("step", [0, 200]), axis("layer", [4, 5]), axis("head", [0, 1])] });
    const { _data, _choices, _header } = Object.fromEntries(
      ["_data", "_choices", "_header"].map((name) => [name, other.get(name)]),
    );
    model.update({ _data, _choices, _header, selection: { step: 200, layer: null, head: null } });
    expect(words(root)).toBe("Step 200 · largest: L5.H1 · 0.35");
    stop();
  });

  it("keeps the focus while it is drawn again", () => {
    const { root, stop } = shown(fakeModel());
    const map = root.querySelector<HTMLElement>(".mi-map")!;
    map.focus();
    press(map, "ArrowRight");
    expect(document.activeElement).toBe(map);
    stop();
  });

  it("goes through the pages with a slider, buttons and keys", () => {
    const axes = [
      axis("step", [0, 100, 300]),
      axis("composition", ["Q", "K", "V"]),
      axis("from", ["a", "b"]),
      axis("to", ["c"]),
    ];
    const model = fakeModel({ axes });
    const { root, stop } = shown(model);
    slide(root, 0);
    expect(model.get("selection")).toMatchObject({ step: 0, composition: "V" });
    expect(words(root)).toBe("Step 0 · composition V · largest: from b, to c · 0.25");
    const choices = [...root.querySelectorAll<HTMLElement>("[role=radio]")];
    choices[1].click();
    expect(choices.map((choice) => choice.getAttribute("aria-checked"))).toEqual(["false", "true", "false"]);
    expect(choices.map((choice) => choice.tabIndex)).toEqual([-1, 0, -1]);
    press(choices[1], "ArrowLeft");
    expect(model.get("selection").composition).toBe("Q");
    expect(document.activeElement).toBe(choices[0]);
    press(choices[0], "ArrowDown");
    press(root, ".");
    expect(model.get("selection")).toMatchObject({ step: 100, composition: "K" });
    expect(model.sent).toEqual([]);
    stop();
  });

  it("writes the numbers in cells that are large enough, and none where there is none", () => {
    const { stop } = shown(fakeModel({ value: (i) => (i === 11 ? NaN : i / 20) }));
    for (const number of ["0.40", "0.45", "0.50"]) expect(drawn).toContain(number);
    expect(drawn.join()).not.toMatch(/NaN|none/);
    stop();
    drawn.length = 0;
    const many = Array.from({ length: 80 }, (_, i) => i);
    const large = shown(fakeModel({ axes: [axis("layer", many), axis("head", many)], value: () => 0.5 }));
    expect(drawn).not.toContain("0.50");
    expect(drawn).toContain("H0");
    large.stop();
  });

  it("shows the control in the picture's place, in the sentence and in the table", () => {
    const { root, stop } = shown(fakeModel({ control: true }));
    expect(words(root)).toBe(`Step 300 · largest: L5.H1 · 0.55 (${EVIL}: 0.02)`);
    expect(root.querySelector(".mi-numbers")!.textContent).toContain("0.020");
    drawn.length = 0;
    press(root, "u");
    expect(drawn).toContain("0.02");
    expect(drawn).not.toContain("0.55");
    expect(root.querySelector(".mi-bar")!.textContent).toContain(`shown: ${EVIL}`);
    expect(root.querySelectorAll("img, script")).toHaveLength(0);
    stop();
    const without = shown(fakeModel());
    expect(label(without.root, "U").hidden).toBe(true);
    without.stop();
  });

  it("says beside an excess the score and the score's own control, in the sentence and at the pointer", () => {
    const { root, stop } = shown(fakeModel({ control: true, parts: true }));
    expect(words(root)).toBe(`Step 300 · largest: L5.H1 · 0.55 (score 0.65, its control 0.10; ${EVIL}: 0.02)`);
    stop();
    const data = new Cells(fakeModel({ parts: true }));
    const pointed = pointedAt(data, { row: 1, column: 0 }, { step: 300, layer: null, head: null }, "mean attention");
    expect(pointed.slice(2)).toEqual([
      ["above its control", "0.5000"],
      ["score", "0.6000"],
      ["its control", "0.1000"],
    ]);
  });

  it("switches a head off and on, where cells are heads", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    press(root, "a");
    expect(model.get("_ablated")).toEqual([]);
    model.set("selection", { step: 300, layer: 5, head: 0 });
    press(root, "a");
    expect(model.get("_ablated")).toEqual([[5, 0]]);
    expect(drawn).toContain("off");
    expect(label(root, "A").textContent).toContain("restore head");
    expect(root.querySelector(".mi-footer")!.textContent).toContain("view.intervention");
    press(root, "a");
    expect(model.get("_ablated")).toEqual([]);
    stop();
    const other = shown(fakeModel({ axes: [axis("layer", [0, 1]), axis("pos", [0, 1])] }));
    expect(label(other.root, "A").hidden).toBe(true);
    other.stop();
  });

  it("lists the numbers of the row that is selected", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    model.set("selection", { step: 300, layer: 4, head: null });
    const rows = () => [...root.querySelectorAll("tbody tr")].map((row) => row.textContent);
    expect(rows()).toEqual(["L4H10.450", "L4H00.400"]);
    expect(root.querySelector("caption")!.textContent).toBe("Row L4: 2, largest first");
    press(root, "t");
    expect(root.querySelector<HTMLElement>(".mi-numbers")!.hidden).toBe(true);
    model.set("selection", { step: 300, layer: null, head: 0 });
    press(root, "t");
    expect(rows()).toEqual(["L5H00.500", "L4H00.400"]);
    stop();
  });

  it("calls the cell furthest from 0 the strongest, and writes a minus", () => {
    const { root, stop } = shown(fakeModel({ low: -1, value: (i) => (i === 9 ? -0.9 : i / 20) }));
    expect(words(root)).toBe("Step 300 · strongest: L4.H1 · −0.90");
    expect(root.querySelector(".mi-bar")!.textContent).toBe("−11");
    stop();
  });

  it("says where there is nothing", () => {
    const { root, stop } = shown(fakeModel({ axes: [axis("layer", [0]), axis("pos", [0, 1])], value: () => NaN }));
    expect(words(root)).toBe("No numbers here");
    stop();
  });

  it("writes the tokens of the prompt that is shown, as text and nothing else", () => {
    const tokens = [
      ["a", " b"],
      [EVIL, "\n"],
    ];
    const axes = [
      axis("batch", [0, 1]),
      axis("layer", [0]),
      axis("pos", [0, 1], { texts: tokens, by: "batch", tokens: true }),
    ];
    const model = fakeModel({ axes });
    const { root, stop } = shown(model);
    model.set("selection", { batch: 1, layer: 0, pos: 0 });
    expect(words(root)).toContain("pos 0 </script><img·src=x");
    expect(drawn).toContain("⏎");
    model.set("selection", { batch: 0, layer: 0, pos: 1 });
    expect(words(root)).toContain("pos 1 ·b");
    expect(root.querySelectorAll("img, script")).toHaveLength(0);
    stop();
  });

  it("keeps what it shows when another widget links a selection that it does not have", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    model.set("selection", { step: 55, layer: 4, head: 0 });
    expect(words(root)).toBe("Step 300 · largest: L5.H1 · 0.55");
    stop();
  });

  it("survives new cells that the selection does not fit", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const other = fakeModel({ axes: [axis("layer", [0]), axis("pos", [7, 8])], value: (i) => i });
    model.set("_choices", other.get("_choices")); // of the same message
    model.set("_data", other.get("_data"));
    expect(words(root)).toBe("Largest: L0, pos 8 · 1.00");
    model.set("selection", { layer: 0, pos: 7 });
    expect(words(root)).toBe("L0, pos 7 · 0.00");
    stop();
  });
});

describe("the size of cells", () => {
  const most = { width: 64, height: 36 };
  const number = { width: 34, height: 15 };

  it("is large with a number in it, else square", () => {
    expect(cellSize({ width: 1100, height: 620 }, 2, 4, most, number)).toEqual({ ...most, numbers: true });
    expect(cellSize({ width: 600, height: 620 }, 12, 12, most, number)).toEqual({
      width: 50,
      height: 36,
      numbers: true,
    });
    expect(cellSize({ width: 600, height: 620 }, 12, 12, most)).toEqual({ width: 36, height: 36, numbers: false });
    expect(cellSize({ width: 720, height: 620 }, 144, 144, most, number)).toMatchObject({
      width: 620 / 144,
      numbers: false,
    });
  });

  it("never makes a picture too thin to see", () => {
    expect(cellSize({ width: 600, height: 620 }, 1, 300, most, number)).toEqual({
      width: 2,
      height: 14,
      numbers: false,
    });
    expect(cellSize({ width: 600, height: 620 }, 310, 2, most, number)).toEqual({
      width: 14,
      height: 2,
      numbers: false,
    });
  });

  it("lets only short labels lie flat", () => {
    expect([lieFlat(["H0", "H143"]), lieFlat(["L0.H3"]), lieFlat(["L11.H3"])]).toEqual([true, true, false]);
  });
});

describe("numbers", () => {
  const scale = (high: number, low = 0): ColourScale => ({ map: "sequential", low, high });

  it("have as many decimals as the picture needs, as in Python", () => {
    const cases: [number, number, string][] = [
      [1, 0.987, "0.99"],
      [1, -0.987, "−0.99"],
      [1, -0.0001, "0.00"],
      [1, NaN, "none"],
      [40, 12.34, "12.3"],
      [400, 12.34, "12"],
      [0.05, 0.0123, "0.012"],
      [1e-5, 1.23e-6, "1.2e-6"],
      [1e6, -123456, "−1.2e5"],
    ];
    for (const [reach, value, wanted] of cases) expect(numberOnScale(value, scale(reach))).toBe(wanted);
    expect(numberOnScale(0.98765, scale(1), 2)).toBe("0.9877");
  });

  it("are plain at the ends of the colours", () => {
    expect([ends(scale(1)), ends(scale(0.5, -0.5)), ends(scale(3, -3))]).toEqual([
      { low: "0", high: "1" },
      { low: "−0.50", high: "0.50" },
      { low: "−3", high: "3" },
    ]);
  });
});

describe("small pieces", () => {
  it("moves stay inside, and start at a corner", () => {
    expect(moveSpot({ row: null, column: null }, "down", 2, 2)).toEqual({ row: 0, column: 0 });
    expect(moveSpot({ row: 1, column: null }, "down", 2, 2)).toEqual({ row: 1, column: 0 });
    expect(moveSpot({ row: 1, column: 1 }, "down", 2, 2)).toEqual({ row: 1, column: 1 });
    expect(moveSpot({ row: 0, column: 1 }, "first", 2, 2)).toEqual({ row: 0, column: 0 });
  });

  it("a signed picture made smaller keeps the cell furthest from the middle", () => {
    expect([...resample(new Uint8Array([127, 3, 140, 255]), 1, 4, 1, 1, 127)]).toEqual([3]);
    expect([...resample(new Uint8Array([127, 3, 140, 255]), 1, 4, 1, 1)]).toEqual([140]);
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
