import { beforeAll, describe, expect, it } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown as shownWidget } from "../_shared/fakes";
import { axis, codes, floats, labelled } from "../_shared/packed";
import { press, slide } from "../_shared/reader";
import type { PackedTensor } from "../_shared/wire";
import { layoutFor } from "./layout";
import { ranked } from "./scores";
import { moveCell, moveHead, type Selection } from "./selection";
import widget from "./widget";

function fakeModel(options: { all?: boolean; tokens?: string[] } = {}) {
  const tokens = options.tokens ?? ["<bos>", " a", " b"];
  return new FakeModel({
    selection: { batch: 0, layer: 5, head: 0, query: 2, key: null },
    _choices: choices([4, 5], tokens.length),
    _ablated: [],
    _code: "view",
    _header: { title: "Attention", model: EVIL, unit: "probability", warnings: [EVIL] },
    _data: data([4, 5], tokens, { all: options.all }),
  });
}

function choices(layers: number[], n: number) {
  const places = [...Array(n).keys(), null];
  return { batch: [0], layer: layers, head: [0, 1], query: places, key: places };
}

interface SentData {
  all?: boolean; // every full head, or one
  stepped?: PackedTensor; // the patterns of the steps 0, 100, 300
  step?: number; // the one that was sent
  scores?: PackedTensor;
}

/** What the kernel sends of one prompt. */
function data(layers: number[], tokens: string[], { all = true, stepped, step, scores }: SentData = {}) {
  const n = tokens.length;
  const side = (name: string) => axis(name, [...tokens.keys()], { texts: tokens, tokens: true });
  const front = stepped && step === undefined ? ["step"] : [];
  const heads = [...front, "layer", "head"];
  const small = stepped ?? codes([2, 2, n, n], (i) => i * 5);
  const of = (axes: string[], values: PackedTensor) => ({ axes, values });
  const read = scores ?? floats([2, 2], (i) => [10, 200, 250, 90][i] / 254);
  const axes = [axis("layer", layers), axis("head", [0, 1]), side("query"), side("key")];
  const rest = [axis("step", [0, 100, 300]), axis("row", [...tokens.keys()]), axis("column", [...tokens.keys()])];
  return labelled(
    [...axes, ...rest],
    {
      thumbnails: of([...heads, "row", "column"], small),
      pattern: all
        ? of([...heads, "query", "key"], small)
        : of(
            ["query", "key"],
            codes([n, n], (i) => i * 5),
          ),
      "score 0": of(["step", "layer", "head"].slice(-read.shape.length), read),
    },
    {
      batch: 0,
      step: step ?? null,
      alone: all ? null : { layer: 5, head: 0 },
      scores: [{ name: "induction", short: "ind", values: "score 0" }],
    },
  );
}

beforeAll(fakePage);

function shown(model: FakeModel) {
  return shownWidget(widget(), model);
}

describe("the widget", () => {
  it("paints, selects by click and by key, and lets everything go", () => {
    const model = fakeModel();
    const { element, stop } = shown(model);
    const root = element.querySelector<HTMLElement>(".mi")!;
    expect(root.dataset.painted).toBe("1");
    (root.querySelector('[data-head="4.1"]') as HTMLElement).click();
    expect(model.get("selection")).toMatchObject({ layer: 4, head: 1, query: 2 });
    press(root.querySelector('[data-head="4.1"]')!, "ArrowDown");
    expect(model.get("selection")).toMatchObject({ layer: 5, head: 1 });
    press(root.querySelector(".mi-map")!, "ArrowUp");
    expect(model.get("selection")).toMatchObject({ query: 1 });
    press(root.querySelector(".mi-map")!, "Escape");
    expect(model.get("selection")).toMatchObject({ query: null, key: null });
    stop();
    expect(element.children).toHaveLength(0);
    expect(model.listening).toBe(0);
  });

  it("switches heads off and on, by the model's numbers", () => {
    const model = fakeModel();
    const { element, stop } = shown(model);
    const cell = () => element.querySelector('[data-head="5.0"]')!;
    press(cell(), "a");
    expect(model.get("_ablated")).toEqual([[5, 0]]);
    expect(cell().textContent).toBe("off");
    expect(element.querySelector(".mi-footer")!.textContent).toContain("view.intervention");
    press(cell(), "A");
    expect(model.get("_ablated")).toEqual([]);
    stop();
  });

  it("ranks by a score and back", () => {
    const model = fakeModel();
    const { element, stop } = shown(model);
    const order = () => [...element.querySelectorAll("[data-head]")].map((cell) => cell.getAttribute("data-head"));
    press(element.querySelector(".mi")!, "o");
    expect(order()).toEqual(["5.0", "4.1", "5.1", "4.0"]);
    press(element.querySelector(".mi")!, "o");
    expect(order()).toEqual(["4.0", "4.1", "5.0", "5.1"]);
    stop();
  });

  it("keeps two displays of one model in step", () => {
    const model = fakeModel();
    const { definition, element, stop } = shown(model);
    const second = document.createElement("div");
    const stopSecond = definition.render({ model, el: second });
    (element.querySelector('[data-head="4.0"]') as HTMLElement).click();
    expect(second.querySelector(".mi-chosen")!.getAttribute("data-head")).toBe("4.0");
    stopSecond();
    stop();
  });

  it("asks for a head it was not sent, once for all displays, and shows why if there is none", () => {
    const model = fakeModel({ all: false });
    const { definition, element, stop } = shown(model);
    const second = document.createElement("div");
    const stopSecond = definition.render({ model, el: second });
    expect(model.sent).toEqual([]);
    (element.querySelector('[data-head="4.0"]') as HTMLElement).click();
    expect(model.sent).toEqual([{ ask: "head", batch: 0, layer: 4, head: 0, id: 1 }]);
    expect(element.querySelector(".mi-note")!.textContent).toContain("loading");
    model.fire("msg:custom", { answer: 1, error: "ValueError: no" }, []);
    expect(second.querySelector(".mi-note")!.textContent).toContain("ValueError: no");
    (element.querySelector('[data-head="4.1"]') as HTMLElement).click();
    const { data, ...tensor } = codes([3, 3], () => 254);
    model.fire("msg:custom", { answer: 2, layer: 4, head: 1, tensor }, [data]);
    expect(element.querySelector(".mi-note")!.textContent).toBe("");
    expect(element.querySelector(".mi-words")!.textContent).toContain("(1.00)");
    stopSecond();
    stop();
  });

  it("survives a new picture that the selection does not fit", () => {
    const model = fakeModel();
    const { element, stop } = shown(model);
    model.set("_choices", choices([0, 1], 1));
    model.set("_data", data([0, 1], ["x"]));
    expect(element.querySelector(".mi-chosen")!.getAttribute("data-head")).toBe("0.0");
    model.set("selection", { batch: 0, layer: 1, head: 1, query: 0, key: 0 });
    expect(element.querySelector(".mi-chosen")!.getAttribute("data-head")).toBe("1.1");
    stop();
  });

  it("shows tokens as text and nothing else", () => {
    const { element, stop } = shown(fakeModel({ tokens: [EVIL, " a", EVIL] }));
    expect(element.textContent).toContain("<img");
    expect(element.querySelectorAll("img, script")).toHaveLength(0);
    stop();
  });

  it("keeps what it shows when another widget links a selection that it does not have", () => {
    const model = fakeModel();
    const { element, stop } = shown(model);
    model.set("selection", { batch: 0, layer: 99, head: 0, query: null, key: null });
    expect(element.querySelector(".mi-chosen")!.getAttribute("data-head")).toBe("5.0");
    stop();
  });
});

/** @param sent the step that was sent; without it all were. */
function steppedModel(sent?: number, more: SentData = {}) {
  const model = fakeModel();
  const tokens = ["<bos>", " a", " b"];
  model.set("_choices", { step: [0, 100, 300], ...model.get("_choices") });
  model.set("selection", { step: 100, ...model.get("selection") });
  model.set("_data", data([4, 5], tokens, { ...steppedData(sent), ...more }));
  return model;
}

/** At step 0 every code is 0, at step 100 it is 127, at step 300 254. */
function steppedData(sent?: number): SentData {
  const steps = sent === undefined ? [0, 100, 300] : [sent];
  const shape = [...(sent === undefined ? [3] : []), 2, 2, 3, 3];
  const stepped = codes(shape, (i) => 127 * [0, 100, 300].indexOf(steps[Math.floor(i / 36)]));
  return { stepped, step: sent, scores: floats([3, 2, 2], (i) => (20 * i) / 254) };
}

describe("steps", () => {
  const words = (root: HTMLElement) => root.querySelector(".mi-words")!.textContent!;

  it("are gone through with the slider and with keys, without the kernel", () => {
    const model = steppedModel();
    const { root, stop } = shown(model);
    expect(words(root)).toContain("step 100 · induction 0.47");
    expect(words(root)).toContain("(0.50)");
    const painted = Number(root.dataset.painted);
    slide(root, 2);
    expect(model.get("selection")).toMatchObject({ step: 300, layer: 5, head: 0, query: 2 });
    expect(words(root)).toContain("step 300 · induction 0.79");
    expect(words(root)).toContain("(1.00)");
    expect(Number(root.dataset.painted)).toBe(painted + 1);
    press(root, ".");
    expect(model.get("selection").step).toBe(300);
    press(root, ",");
    press(root, ",");
    expect(model.get("selection").step).toBe(0);
    expect(root.querySelector<HTMLInputElement>("input[type=range]")!.value).toBe("0");
    expect(root.querySelector("output")!.textContent).toBe("0");
    expect(model.sent).toEqual([]);
    stop();
    expect(model.listening).toBe(0);
  });

  it("leave letters to the widget while the slider has the focus, and arrows to the slider", () => {
    const model = steppedModel();
    const { root, stop } = shown(model);
    const slider = root.querySelector("input[type=range]")!;
    press(slider, "ArrowRight");
    expect(model.get("selection").step).toBe(100);
    press(slider, ".");
    expect(model.get("selection").step).toBe(300);
    press(slider, "a");
    expect(model.get("_ablated")).toEqual([[5, 0]]);
    stop();
  });

  it("show what was there before until the kernel has sent the picture", () => {
    const model = steppedModel(100);
    const { root, stop } = shown(model);
    slide(root, 2);
    expect(root.querySelector(".mi-note")!.textContent).toContain("waiting for step 300");
    expect(words(root)).toContain("(0.50)");
    model.set("_data", steppedModel(300).get("_data"));
    expect(root.querySelector(".mi-note")!.textContent).toBe("");
    expect(words(root)).toContain("(1.00)");
    stop();
  });

  it("are named in questions to the kernel", () => {
    const model = steppedModel(100, { all: false });
    const { root, stop } = shown(model);
    expect(model.sent).toEqual([]);
    (root.querySelector('[data-head="4.0"]') as HTMLElement).click();
    expect(model.sent).toEqual([{ ask: "head", batch: 0, step: 100, layer: 4, head: 0, id: 1 }]);
    stop();
  });

  it("have no slider where there are none", () => {
    const { root, stop } = shown(fakeModel());
    expect(root.querySelector("input[type=range]")).toBeNull();
    expect(root.textContent).not.toContain("· step");
    stop();
  });
});

describe("moving", () => {
  const order = [0, 1].flatMap((layer) => [0, 1, 2].map((head) => ({ layer, head })));
  it("stays inside the grid", () => {
    const from = { layer: 0, head: 2 };
    expect(moveHead(order, 3, from, "right")).toEqual(from);
    expect(moveHead(order, 3, from, "up")).toEqual(from);
    expect(moveHead(order, 3, from, "down")).toEqual({ layer: 1, head: 2 });
    expect(moveHead(order, 3, from, "first")).toEqual({ layer: 0, head: 0 });
    expect(moveHead(order.slice(0, 5), 3, { layer: 1, head: 0 }, "last")).toEqual({ layer: 1, head: 1 });
  });

  it("goes from nowhere to somewhere, and stays inside the cells", () => {
    const nowhere: Selection = { batch: 0, layer: 0, head: 0, query: null, key: null };
    expect(moveCell(nowhere, "up", 4, 4).query).toBe(3);
    expect(moveCell(nowhere, "right", 4, 4).key).toBe(0);
    expect(moveCell({ ...nowhere, query: 0 }, "up", 4, 4).query).toBe(0);
    expect(moveCell({ ...nowhere, key: 3 }, "right", 4, 4).key).toBe(3);
    expect(moveCell(nowhere, "last", 4, 6).key).toBe(5);
  });
});

describe("order and layout", () => {
  it("puts heads without a score last", () => {
    const places = [0, 1, 2].map((head) => ({ layer: 0, head }));
    const order = ranked(places, ({ head }) => [NaN, 0.2, 0.9][head]);
    expect(order.map(({ head }) => head)).toEqual([2, 1, 0]);
  });

  it("stacks where it is narrow, and never gives away more than there is", () => {
    const picture = { layers: [0, 1], heads: [0, 1, 2, 3], queryTokens: Array(24), keyTokens: Array(24) } as never;
    expect(layoutFor(430, picture).kind).toBe("stacked");
    const wide = layoutFor(1000, picture);
    expect(wide.kind).toBe("side");
    expect(wide.left + wide.large).toBeLessThan(1000);
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
