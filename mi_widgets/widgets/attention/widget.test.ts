import { beforeAll, describe, expect, it } from "vitest";
import { checkKeys, codes, EVIL, FakeModel, fakePage, press, shown as shownWidget, slide } from "../_shared/fakes";
import { layoutFor } from "./layout";
import { orderOf, readScores } from "./scores";
import { fits, moveCell, moveHead, type Selection } from "./selection";
import widget from "./widget";

function fakeModel(options: { all?: boolean; tokens?: string[] } = {}) {
  const tokens = options.tokens ?? ["<bos>", " a", " b"];
  const n = tokens.length;
  const all = options.all ?? true;
  const tensor = all ? codes([2, 2, n, n], (i) => i * 5) : codes([n, n], (i) => i * 5);
  const scores = { ...codes([2, 2], (i) => [10, 200, 250, 90][i]), control: null };
  return new FakeModel({
    selection: { batch: 0, layer: 5, head: 0, query: 2, key: null },
    _ablated: [],
    _code: "view",
    _header: { title: "Attention", model: EVIL, unit: "probability", warnings: [EVIL], n_batch: 1 },
    _scores: [{ name: "induction", short: "ind", values: scores, control: null, control_name: "" }],
    _picture: {
      batch: 0,
      layers: [4, 5],
      heads: [0, 1],
      query_tokens: tokens,
      key_tokens: tokens,
      thumbnails: codes([2, 2, n, n], (i) => i * 5),
      full: { all, layer: 5, head: 0, tensor },
    },
  });
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
    const small = fakeModel({ tokens: ["x"] });
    model.set("_picture", { ...small.get("_picture"), layers: [0, 1] });
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

function steppedModel(sent: number[], selected = 100) {
  const model = fakeModel();
  // At step 0 every code is 0, at step 100 it is 127, at step 300 254.
  const full = codes([sent.length, 2, 2, 3, 3], (i) => 127 * [0, 100, 300].indexOf(sent[Math.floor(i / 36)]));
  const values = { ...codes([3, 2, 2], (i) => 20 * i), control: null };
  model.set("_choices", { step: [0, 100, 300], batch: [0] });
  model.set("selection", { step: selected, ...model.get("selection") });
  model.set("_scores", [{ name: "induction", short: "ind", values, control: null, control_name: "" }]);
  model.set("_picture", { ...model.get("_picture"), steps: sent, thumbnails: full, full: { all: true, tensor: full } });
  return model;
}

describe("steps", () => {
  const words = (root: HTMLElement) => root.querySelector(".mi-words")!.textContent!;

  it("are gone through with the slider and with keys, without the kernel", () => {
    const model = steppedModel([0, 100, 300]);
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
    const model = steppedModel([0, 100, 300]);
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
    const model = steppedModel([100]);
    const { root, stop } = shown(model);
    slide(root, 2);
    expect(root.querySelector(".mi-note")!.textContent).toContain("waiting for step 300");
    expect(words(root)).toContain("(0.50)");
    model.set("_picture", steppedModel([300]).get("_picture"));
    expect(root.querySelector(".mi-note")!.textContent).toBe("");
    expect(words(root)).toContain("(1.00)");
    stop();
  });

  it("are named in questions to the kernel", () => {
    const model = steppedModel([100]);
    const full = { all: false, layer: 5, head: 0, tensor: codes([3, 3], () => 0) };
    model.set("_picture", { ...model.get("_picture"), full });
    const { root, stop } = shown(model);
    expect(model.sent).toEqual([]);
    (root.querySelector('[data-head="4.0"]') as HTMLElement).click();
    expect(model.sent).toEqual([{ ask: "head", batch: 0, step: 100, layer: 4, head: 0, id: 1 }]);
    stop();
  });

  it("have no slider where there are none", () => {
    const { root, stop } = shown(fakeModel());
    expect(root.querySelector("input[type=range]")!.closest<HTMLElement>("label")!.hidden).toBe(true);
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

  it("knows what fits", () => {
    const whole: Selection = { batch: 0, layer: 5, head: 1, query: 2, key: null };
    expect(fits(whole, [5], [0, 1], 3, 3)).toBe(true);
    expect(fits({ ...whole, query: 3 }, [5], [0, 1], 3, 3)).toBe(false);
    expect(fits({ ...whole, layer: 0 }, [5], [0, 1], 3, 3)).toBe(false);
    expect(fits(undefined, [5], [0, 1], 3, 3)).toBe(false);
  });
});

describe("order and layout", () => {
  it("puts heads without a score last", () => {
    const values = {
      shape: [1, 3],
      dtype: "float32" as const,
      min: 0,
      max: 1,
      data: new Float32Array([NaN, 0.2, 0.9]).buffer,
    };
    const [score] = readScores([{ name: "x", short: "x", values, control: null, control_name: "" }]);
    const picture = { layers: [0], heads: [0, 1, 2] } as never;
    expect(orderOf(picture, score).map(({ head }) => head)).toEqual([2, 1, 0]);
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
