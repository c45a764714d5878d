import { beforeAll, describe, expect, it } from "vitest";
import attention from "../attention/widget";
import heatMap from "../heat_map/widget";
import { FakeModel, fakePage, shown } from "./fakes";
import { axis, codes, floats, labelled } from "./packed";
import { slide } from "./reader";
import { joinLinks, onHover, onSelected, sayHover, changesFromLinked } from "./linked";

beforeAll(fakePage);

const CHOICES = { step: [0, 100], layer: [0, 1], head: [0, 1] };

function linked(names: string[], selection: Record<string, unknown>, choices: Record<string, unknown[]> = CHOICES) {
  return new FakeModel({ selection, _choices: choices, _links: names });
}

describe("what a linked view changes", () => {
  it("are keys of the same name, with labels that both have", () => {
    const ours = { step: 0, layer: 1, head: null };
    expect(changesFromLinked({ step: 100, layer: 1, batch: 3 }, ours, CHOICES)).toEqual({ step: 100 });
    expect(changesFromLinked({ step: 50, head: 7 }, ours, CHOICES)).toEqual({});
    expect(changesFromLinked({ head: null }, { head: 1 }, { head: [0, 1, null] })).toEqual({ head: null });
  });

  it("is the position of a token, by either name", () => {
    expect(changesFromLinked({ query: 3 }, { pos: 0 }, { pos: [0, 3] })).toEqual({ pos: 3 });
    expect(changesFromLinked({ pos: 3 }, { query: 0, key: 0 }, { query: [0, 3], key: [0, 3] })).toEqual({ query: 3 });
  });
});

describe("linked models", () => {
  it("follow each other, save what changed, and stop", () => {
    const [a, b, c] = [linked(["x"], { step: 0 }), linked(["x"], { step: 0, layer: 1 }), linked(["y"], { step: 0 })];
    const stops = [a, b, c].map(joinLinks);
    a.set("selection", { step: 100 });
    expect(b.get("selection")).toEqual({ step: 100, layer: 1 });
    expect(b.saved).toBe(1);
    expect(c.get("selection")).toEqual({ step: 0 });
    b.set("selection", { step: 0, layer: 0 });
    expect(a.get("selection")).toEqual({ step: 0 });
    for (const stop of stops) stop();
    a.set("selection", { step: 100 });
    expect(b.get("selection").step).toBe(0);
    expect([a, b, c].map((model) => model.listening)).toEqual([0, 0, 0]);
  });

  it("reach through one another, and round in a circle without end", () => {
    const [a, b, c] = [
      linked(["x", "z"], { step: 0 }),
      linked(["x", "y"], { step: 0 }),
      linked(["y", "z"], { step: 0 }),
    ];
    const stops = [a, b, c].map(joinLinks);
    a.set("selection", { step: 100 });
    expect([b, c].map((model) => model.get("selection").step)).toEqual([100, 100]);
    expect([b, c].map((model) => model.saved)).toEqual([1, 1]);
    for (const stop of stops) stop();
  });

  it("follow as soon as they are linked, and no longer once they are not", () => {
    const [a, b] = [linked([], { step: 0 }), linked([], { step: 0 })];
    const stops = [a, b].map(joinLinks);
    a.set("selection", { step: 100 });
    expect(b.get("selection").step).toBe(0);
    for (const model of [a, b]) model.set("_links", ["x"]);
    a.set("selection", { step: 100 });
    expect(b.get("selection").step).toBe(100);
    a.set("_links", []);
    a.set("selection", { step: 0 });
    expect(b.get("selection").step).toBe(100);
    for (const stop of stops) stop();
  });

  it("hear what is selected elsewhere and cannot be selected here, from the start and until they are unlinked", () => {
    const [a, b] = [linked(["x"], { step: 0, layer: 1, head: 0 }), linked(["x"], { step: 0 }, { step: [0, 100] })];
    const stops = [a, b].map(joinLinks);
    const heard: unknown[] = [];
    const stop = onSelected(
      b,
      (labels) => heard.push({ ...labels }),
      () => ({ layer: [0, 1], head: [0, 1] }),
    );
    const last = () => heard[heard.length - 1];
    expect(last()).toEqual({ layer: 1, head: 0 });
    a.set("selection", { step: 100, layer: 0, head: null });
    expect(last()).toEqual({ layer: 0, head: undefined });
    expect(b.get("selection")).toEqual({ step: 100 });
    b.set("_links", []);
    expect(last()).toEqual({});
    a.set("_links", []);
    b.set("_links", ["y"]); // the first of two that are linked hears of the second when that comes
    a.set("_links", ["y"]);
    expect(last()).toEqual({ layer: 0, head: undefined });
    stop();
    for (const leave of stops) leave();
    const before = heard.length;
    a.set("selection", { step: 100, layer: 1, head: 1 });
    expect(heard).toHaveLength(before);
    expect([a, b].map((model) => model.listening)).toEqual([0, 0]);
  });

  it("hear what the pointer is on, in their own words", () => {
    const [a, b] = [linked(["x"], {}), linked(["x"], {}, { pos: [0, 3], layer: [0] })];
    const heard: unknown[] = [];
    const stop = onHover(b, (labels) => heard.push(labels));
    sayHover(a, { query: 3, layer: 7 });
    sayHover(a, {});
    stop();
    sayHover(a, { query: 0 });
    expect(heard).toEqual([{ pos: 3 }, {}]);
  });
});

function attentionModel() {
  const full = codes([2, 2, 2, 3, 3], (i) => (i < 36 ? 0 : 254));
  const side = (name: string) => axis(name, [0, 1, 2], { texts: ["<bos>", " a", " b"], tokens: true });
  const heads = Object.entries(CHOICES).map(([name, labels]) => axis(name, labels));
  const axes = [...heads, side("query"), side("key")];
  const derived = { batch: 0, step: null, alone: null, scores: [] };
  return new FakeModel({
    selection: { step: 0, batch: 0, layer: 0, head: 0, query: 2, key: null },
    _choices: { ...CHOICES, batch: [0], query: [0, 1, 2, null], key: [0, 1, 2, null] },
    _links: ["x"],
    _ablated: [],
    _code: "view",
    _header: { title: "Attention", model: "m", unit: "probability", warnings: [] },
    _data: labelled(axes, { thumbnails: full, pattern: full }, derived),
  });
}

function heatMapModel() {
  const axes = Object.entries(CHOICES).map(([name, labels]) => axis(name, labels));
  return new FakeModel({
    selection: { step: 100, layer: 0, head: null },
    _choices: { ...CHOICES, layer: [0, 1, null], head: [0, 1, null] },
    _links: ["x"],
    _ablated: [],
    _code: "view",
    _header: { title: "Scores", model: "m", unit: "mean attention", warnings: [] },
    _data: labelled(axes, { values: floats([2, 2, 2], (i) => i / 8) }, { control_name: "" }),
  });
}

describe("linked views of two kinds", () => {
  it("go through the steps together, whichever slider is moved", () => {
    const [a, b] = [attentionModel(), heatMapModel()];
    const [left, right] = [shown(attention(), a), shown(heatMap(), b)];
    const painted = () => Number(right.root.dataset.painted);
    slide(left.root, 1);
    slide(left.root, 0);
    const before = painted();
    expect(b.get("selection").step).toBe(0);
    slide(left.root, 1);
    expect(painted()).toBe(before + 1);
    expect(right.root.querySelector("output")!.textContent).toBe("100");
    slide(right.root, 0);
    expect(a.get("selection")).toMatchObject({ step: 0, query: 2 });
    expect(left.root.querySelector(".mi-words")!.textContent).toContain("step 0");
    left.stop();
    right.stop();
    expect([a.listening, b.listening]).toEqual([0, 0]);
  });

  it("light the head that the pointer is on in the other", () => {
    const [left, right] = [shown(attention(), attentionModel()), shown(heatMap(), heatMapModel())];
    const cell = left.root.querySelector<HTMLElement>('[data-head="1.0"]')!;
    const lit: unknown[] = [];
    const stop = onHover(linked(["x"], {}), (labels) => lit.push(labels));
    cell.dispatchEvent(new Event("pointerenter"));
    expect(cell.classList.contains("mi-lit")).toBe(true);
    left.root.querySelector(".mi-heads")!.dispatchEvent(new Event("pointerleave"));
    expect(cell.classList.contains("mi-lit")).toBe(false);
    expect(lit).toEqual([{ layer: 1, head: 0 }, {}]);
    sayHover(linked(["x"], {}), { layer: 1, head: 0 });
    expect(cell.classList.contains("mi-lit")).toBe(true);
    cell.click(); // what is done is shown from now on, here and there
    expect(cell.classList.contains("mi-lit")).toBe(false);
    expect(lit).toEqual([{ layer: 1, head: 0 }, {}, { layer: 1, head: 0 }, {}]);
    stop();
    left.stop();
    right.stop();
  });
});
