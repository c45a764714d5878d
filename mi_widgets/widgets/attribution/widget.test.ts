import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import attention from "../attention/widget";
import { checkKeys, EVIL, FakeModel, fakePage, shown as shownWidget, canvasTexts as drawn } from "../_shared/fakes";
import { axis, codes, floats, labelled, whole } from "../_shared/packed";
import { press } from "../_shared/reader";
import { moveCell } from "./chosen";
import { beneathBars, layout } from "./layout";
import { Terms } from "./store";
import { stageAxis } from "./total";
import widget from "./widget";
import { share } from "./words";

interface Term {
  name: string;
  layer?: number;
  part?: string; // "H1", "MLP"
  pos?: number;
}

const head = (layer: number, i: number, pos?: number): Term => {
  return { name: `L${layer}.H${i}${pos === undefined ? "" : ` from ${pos}`}`, layer, part: `H${i}`, pos };
};
const BY_HEAD: Term[] = [
  { name: "embed" },
  ...[0, 1].flatMap((layer) => [head(layer, 0), head(layer, 1), { name: `L${layer}.mlp`, layer, part: "MLP" }]),
  { name: "bias" },
];
const BY_POS: Term[] = [
  { name: "embed" },
  ...[0, 1].flatMap((layer) => [0, 1].flatMap((i) => [0, 1, 2].map((pos) => head(layer, i, pos)))),
];
const MANY: Term[] = [
  { name: "embed" },
  ...Array.from({ length: 30 }, (_, i) => ({ name: `L0.N${i}`, layer: 0, part: "MLP" })),
];

interface Options {
  terms?: Term[];
  values?: number[][]; // a row a prompt
  control?: boolean;
  unsent?: number; // the sum of 100 more terms
  tokens?: string[];
}

/** As `terms.py` packs them. */
function packed({
  terms = BY_HEAD,
  values = [[0.5, 0.25, -0.5, 1, 0, 2, -0.25, 0.5]],
  control = false,
  unsent,
  tokens = [],
}: Options) {
  const part = ({ part = "" }: Term) => part;
  const columns = [...new Set(terms.map(part).filter(Boolean))].sort();
  const layers = [...new Set(terms.flatMap(({ layer }) => layer ?? []))];
  const stage = ({ name, layer, part = "" }: Term) =>
    layer === undefined ? name : `L${layer} ${part[0] === "H" ? "attn" : part}`;
  const stages = [...new Set(terms.map(stage))];
  const cell = (term: Term): [number, number] =>
    term.layer === undefined ? [-1, -1] : [layers.indexOf(term.layer), columns.indexOf(part(term))];
  const order = values.map((row) => [...row.keys()].sort((a, b) => Math.abs(row[b]) - Math.abs(row[a]) || a - b));
  const picked = order.map((places) =>
    layers.map((_, i) =>
      columns.map((column, j) => {
        const found = places.filter((place) => String(cell(terms[place])) === `${i},${j}`);
        return column[0] === "H" && found.length > 1 ? NaN : (found[0] ?? NaN);
      }),
    ),
  );
  const places = (read: (term: Term) => number) => {
    const numbers = terms.map(read).map((place) => (place < 0 ? NaN : place));
    return { axes: ["term"], values: whole([terms.length], numbers) };
  };
  const heads = columns.filter((name) => name[0] === "H").map((name) => Number(name.slice(1)));
  const grid = (row: number[]) =>
    layers.map((_, i) => columns.map((_, j) => sum(row.filter((_, k) => String(cell(terms[k])) === `${i},${j}`))));
  const running = (row: number[]) =>
    stages.map((_, s) => sum(row.filter((_, k) => stages.indexOf(stage(terms[k])) <= s)));
  const of = [values, ...(control ? [values.map((row) => row.map(() => 0.125))] : [])];
  const measured = (axes: string[], sizes: number[], read: (row: number[]) => any[], reach = 2) => {
    const flat: number[] = of.flatMap((rows) => rows.flatMap((row) => read(row).flat(2)));
    const shape = [of.length, values.length, ...sizes];
    return { axes: ["of", "batch", ...axes], values: floats(shape, (i) => flat[i], -reach, reach) };
  };
  const said = (text: string) => ({
    axes: ["batch"],
    values: whole(
      [values.length],
      values.map(() => 0),
    ),
    texts: [text],
  });
  const moved = terms.map(({ pos = -1 }) => tokens[pos] ?? "");
  return labelled(
    [
      axis(
        "of",
        of.map((_, i) => i),
      ),
      axis(
        "batch",
        values.map((_, i) => i),
      ),
      axis(
        "term",
        terms.map(({ name }) => name),
      ),
      axis("layer", layers),
      axis("part", columns),
      axis("stage", stages),
      axis("place", [...terms.keys()]),
    ],
    {
      values: { ...measured(["term"], [terms.length], (row) => row), unit: "nats" },
      unsent: measured([], [], () => [unsent ?? 0]),
      grid: measured(["layer", "part"], [layers.length, columns.length], grid),
      running: measured(["stage"], [stages.length], running),
      difference: {
        axes: ["batch"],
        values: floats([values.length], (i) => sum(values[i]) + (unsent ?? 0)),
      },
      right: said(" Mary"),
      wrong: said(EVIL),
      token: {
        axes: ["batch", "term"],
        values: whole(
          [values.length, terms.length],
          values.flatMap(() => moved.map((_, i) => i)),
        ),
        texts: moved,
      },
      row: places((term) => cell(term)[0]),
      column: places((term) => cell(term)[1]),
      stage: places((term) => stages.indexOf(stage(term))),
      pos: places(({ pos = -1 }) => pos),
      order: { axes: ["batch", "place"], values: whole([values.length, terms.length], order.flat()) },
      picked: {
        axes: ["batch", "layer", "part"],
        values: whole([values.length, layers.length, columns.length], picked.flat(2)),
      },
    },
    {
      n_terms: terms.length + (unsent === undefined ? 0 : 100),
      heads,
      summed: terms === BY_POS ? "positions" : terms === MANY ? "neurons" : "",
      control_name: control ? EVIL : "",
    },
  );
}

const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);

function fakeModel(options: Options = {}, more: Record<string, unknown> = {}) {
  const sent = packed(options);
  const [batch, term, layer] = ["batch", "term", "layer"].map(
    (name) => sent.axes.find((axis) => axis.name === name)!.labels,
  );
  const head = sent.derived.heads as number[];
  const heads = head.length ? { layer: [...layer, null], head: [...head, null] } : {};
  const none = head.length ? { layer: null, head: null } : {};
  return new FakeModel({
    selection: { batch: 0, term: null, ...none },
    _choices: { batch, term: [...term, null], ...heads },
    _links: [],
    _ablated: [],
    _code: "view",
    _header: { title: EVIL, model: EVIL, unit: "nats", warnings: [EVIL] },
    _data: sent,
    ...more,
  });
}

beforeAll(fakePage);
beforeEach(() => void (drawn.length = 0));

const shown = (model: FakeModel) => shownWidget(widget(), model);
const words = (root: Element) => root.querySelector(".mi-sentence")!.textContent;
const texts = (root: Element, what: string) => [...root.querySelectorAll(what)].map((one) => one.textContent);
const toNumber = (text: string | null) => Number(text!.replace("−", "-"));
const button = (root: Element, key: string) =>
  [...root.querySelectorAll<HTMLElement>(".mi-actions .mi-button")].find((one) => one.textContent!.endsWith(key))!;
const picked = (term: string | null, layer: number | null = null, head: number | null = null, batch = 0) => ({
  batch,
  term,
  layer,
  head,
});

describe("the bars", () => {
  it("are sorted by size, signed, and say what they add up to", () => {
    const { element, root, stop } = shown(fakeModel());
    expect(root.dataset.painted).toBe("1");
    expect(texts(root, ".mi-bar-name")).toEqual([
      "L1.H1",
      "L0.mlp",
      "embed",
      "L0.H1",
      "bias",
      "L0.H0",
      "L1.mlp",
      "L1.H0",
    ]);
    expect(texts(root, ".mi-bar-number")).toEqual(["2.00", "1.00", "0.50", "−0.50", "0.50", "0.25", "−0.25", "0.00"]);
    expect(sum(texts(root, ".mi-bar-number").map(toNumber))).toBeCloseTo(3.5);
    expect(texts(root, ".mi-bar-sum text")).toEqual(["logit difference", "3.50"]);
    const zero = Number(root.querySelector(".mi-bar-zero")!.getAttribute("x1"));
    const ends = [...root.querySelectorAll(".mi-bar-value")].map(
      (bar) => Number(bar.getAttribute("d")!.match(/H([\d.]+)/)![1]) - zero,
    );
    expect([ends[0] > 0, ends[3] < 0]).toEqual([true, true]);
    expect(ends[0] / ends[1]).toBeCloseTo(2, 1);
    stop();
    expect(element.children).toHaveLength(0);
  });

  it("are twenty, and one for all others, of which not all were sent", () => {
    const values = [[3, ...Array.from({ length: 30 }, (_, i) => (i % 2 ? -1 : 1) / (i + 1))]];
    const { root, stop } = shown(fakeModel({ terms: MANY, values, unsent: -1.5 }));
    const names = texts(root, ".mi-bar-name");
    expect(names).toHaveLength(21);
    expect(names[20]).toBe("the other 111 terms");
    const numbers = texts(root, ".mi-bar-number").map(toNumber);
    expect(sum(numbers)).toBeCloseTo(sum(values[0]) - 1.5, 1);
    expect(numbers[20]).toBeCloseTo(sum(values[0].slice(20)) - 1.5, 2);
    press(root.querySelector(".mi-bars")!, "End");
    expect(words(root)).toMatch(/^L0\.N18 adds/); // the bar of the others selects nothing
    stop();
  });

  it("show a term that is selected but small", () => {
    const values = [[3, ...Array.from({ length: 30 }, (_, i) => 1 / (i + 1))]];
    const model = fakeModel({ terms: MANY, values });
    model.set("selection", { batch: 0, term: "L0.N29" });
    const { root, stop } = shown(model);
    expect(texts(root, ".mi-bar-name").slice(19)).toEqual(["L0.N18", "L0.N29", "the other 10 terms"]);
    expect(sum(texts(root, ".mi-bar-number").map(toNumber))).toBeCloseTo(sum(values[0]), 0);
    stop();
  });

  it("show which one the pointer is on, that of the others too", () => {
    const { root, stop } = shown(fakeModel({ terms: MANY, values: [MANY.map((_, i) => 1 / (i + 1))] }));
    const [bars, under] = [root.querySelector(".mi-bars")!, root.querySelector(".mi-bar-under")!];
    bars.dispatchEvent(new MouseEvent("pointermove", { clientY: 20.5 * 19, bubbles: true }));
    expect([under.getAttribute("visibility"), under.getAttribute("y")]).toEqual(["visible", "380.5"]);
    expect(root.querySelector(".mi-tooltip")!.textContent).toContain("the other 11 terms");
    bars.dispatchEvent(new MouseEvent("pointerleave"));
    expect(under.getAttribute("visibility")).toBe("hidden");
    stop();
  });

  it("that go on beyond the picture have a point", () => {
    const values = [[2, ...Array.from({ length: 30 }, () => 1)]];
    const { root, stop } = shown(fakeModel({ terms: MANY, values }));
    const paths = [...root.querySelectorAll(".mi-bar-value")].map((bar) => bar.getAttribute("d")!);
    expect(paths[20]).toContain("L");
    expect(paths[0]).not.toContain("L");
    stop();
  });

  it("walk by keys and clicks, and tell a screen reader", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const bars = root.querySelector<HTMLElement>(".mi-bars")!;
    bars.focus();
    press(bars, "ArrowDown");
    expect(model.get("selection")).toEqual(picked("L1.H1", 1, 1));
    expect(words(root)).toBe(`L1.H1 adds 2.00 of the 3.50 nats by which "·Mary" leads "${EVIL.replaceAll(" ", "·")}"`);
    press(bars, "ArrowDown");
    expect(model.get("selection")).toEqual(picked("L0.mlp"));
    press(bars, "End");
    expect(model.get("selection").term).toBe("L1.H0");
    press(bars, "ArrowDown");
    expect(model.get("selection").term).toBe("L1.H0");
    press(bars, "Home");
    expect(document.activeElement).toBe(bars);
    const chosen = bars.querySelector("[aria-selected=true]")!;
    expect(bars.getAttribute("aria-activedescendant")).toBe(chosen.id);
    expect(chosen.getAttribute("aria-label")).toBe("L1.H1: 2.00 nats, 57.1 % of the logit difference");
    bars.dispatchEvent(new MouseEvent("click", { clientY: 3.5 * 19, bubbles: true }));
    expect(model.get("selection")).toEqual(picked("L0.H1", 0, 1));
    expect(words(root)).toContain("L0.H1 takes 0.50 off the 3.50 nats");
    press(root, "Escape");
    expect(model.get("selection")).toEqual(picked(null));
    expect(words(root)).toContain("leads");
    expect(words(root)).toContain("largest: L1.H1 2.00");
    stop();
  });

  it("name the token of a position, as text and nothing else", () => {
    const values = [BY_POS.map((_, i) => (i === 5 ? 2 : 0.1))];
    const { root, stop } = shown(fakeModel({ terms: BY_POS, values, tokens: ["<bos>", EVIL, "\n"], control: true }));
    expect(texts(root, ".mi-bar-name")[0]).toMatch(/^L0\.H1 from 1 <\/scr/);
    const bars = root.querySelector(".mi-bars")!;
    bars.dispatchEvent(new MouseEvent("pointermove", { clientY: 5, bubbles: true }));
    const told = root.querySelector(".mi-tooltip")!.textContent!;
    expect(told).toContain(`token1 "${EVIL.replaceAll(" ", "·")}"`);
    expect(told).toContain("nats2.0000share62.5 %");
    expect(told).toContain(`${EVIL}0.1250`);
    press(root, "t");
    expect(root.querySelectorAll("img, script")).toHaveLength(0);
    stop();
  });
});

describe("the grid", () => {
  it("has a number in each cell, and selects by keys", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    for (const number of ["0.25", "−0.50", "1.00", "0.00", "2.00", "−0.25"]) expect(drawn).toContain(number);
    for (const label of ["L0", "L1", "H0", "H1", "MLP"]) expect(drawn).toContain(label);
    const map = root.querySelector(".mi-map")!;
    press(map, "ArrowRight");
    expect(model.get("selection")).toEqual(picked("L0.H0", 0, 0));
    press(map, "ArrowDown");
    expect(model.get("selection")).toEqual(picked("L1.H0", 1, 0));
    press(map, "End");
    expect(model.get("selection")).toEqual(picked("L1.mlp"));
    press(map, "ArrowLeft");
    expect(model.get("selection")).toEqual(picked("L1.H1", 1, 1));
    expect(map.getAttribute("aria-label")).toMatch(/^Heads as a heat map\. L1\.H1 adds/);
    stop();
  });

  it("sums positions up, and selects a head with all of them", () => {
    const values = [BY_POS.map((_, i) => i / 10)];
    const model = fakeModel({ terms: BY_POS, values });
    const { root, stop } = shown(model);
    expect(drawn).toContain("1.50"); // 0.4 + 0.5 + 0.6
    press(root.querySelector(".mi-bars")!, "ArrowDown");
    expect(model.get("selection")).toEqual(picked("L1.H1 from 2", 1, 1));
    const map = root.querySelector(".mi-map")!;
    press(map, "ArrowUp");
    expect(model.get("selection")).toEqual(picked(null, 0, 1));
    expect(words(root)).toMatch(/^L0\.H1 from all positions adds 1\.50 of the 7\.80 nats/);
    model.set("selection", { ...model.get("selection"), term: "L0.H1 from 0" });
    model.set("selection", { ...model.get("selection"), term: null });
    expect(model.get("selection")).toEqual(picked(null, 0, 1)); // its head as a whole
    stop();
  });

  it("shows sums of layers where no term is a head's, and a click selects the largest", () => {
    const model = fakeModel({ terms: MANY, values: [MANY.map((_, i) => i / 100)] });
    const { root, stop } = shown(model);
    expect(root.textContent).toContain("neurons summed up");
    expect(drawn).toContain("4.65");
    press(root.querySelector(".mi-map")!, "ArrowRight");
    expect(model.get("selection")).toEqual({ batch: 0, term: "L0.N29" });
    expect(button(root, "A").hidden).toBe(true);
    stop();
  });

  it("is left out where no term is in a layer", () => {
    const { root, stop } = shown(fakeModel({ terms: [{ name: "embed" }, { name: "bias" }], values: [[1, 2]] }));
    expect(root.querySelector<HTMLElement>(".mi-map")!.closest("figure")!.hidden).toBe(true);
    expect(words(root)).toContain("largest: bias 2.00");
    stop();
  });

  it("shows the control in its place, and the bars theirs beside", () => {
    const { root, stop } = shown(fakeModel({ control: true }));
    expect(words(root)).toContain(`(${EVIL}: 0.13)`);
    expect(root.querySelectorAll(".mi-bar-control")).toHaveLength(8);
    expect(root.querySelector(".mi-bar-legend")!.textContent).toBe(EVIL);
    expect(texts(root, ".mi-chart .mi-label-control").join()).toContain("</sc");
    drawn.length = 0;
    press(root, "u");
    expect(drawn).toContain("0.13");
    expect(drawn).not.toContain("2.00");
    expect(root.querySelector(".mi-bar")!.textContent).toContain(`shown: ${EVIL}`);
    stop();
    const without = shown(fakeModel());
    expect(button(without.root, "U").hidden).toBe(true);
    without.stop();
  });

  it("lights what is pointed at in a linked view, and its bar", () => {
    const [ours, theirs] = [fakeModel({}, { _links: ["x"] }), fakeModel({}, { _links: ["x"] })];
    const [first, second] = [shown(ours), shown(theirs)];
    const under = (root: Element) => root.querySelector(".mi-bar-under")!.getAttribute("y");
    first.root
      .querySelector(".mi-bars")!
      .dispatchEvent(new MouseEvent("pointermove", { clientY: 3.5 * 19, bubbles: true }));
    expect([under(first.root), under(second.root)]).toEqual(["57.5", "57.5"]); // L0.H1
    first.root.querySelector(".mi-bars")!.dispatchEvent(new MouseEvent("pointerleave"));
    expect(second.root.querySelector(".mi-bar-under")!.getAttribute("visibility")).toBe("hidden");
    first.stop();
    second.stop();
  });

  it("moves over cells without a number", () => {
    const store = new Terms(fakeModel());
    const [grid] = store.rows("grid", { batch: 0 });
    (grid.codes as Float32Array)[1] = NaN;
    expect(moveCell(grid, { row: 0, column: 0 }, "right")).toEqual({ row: 0, column: 2 });
    expect(moveCell(grid, { row: 1, column: 1 }, "up")).toEqual({ row: 1, column: 1 });
    expect(moveCell(grid, { row: null, column: null }, "up")).toEqual({ row: 0, column: 0 });
    store.dispose();
  });
});

describe("the running total", () => {
  it("goes through the stages and ends at the logit difference", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const chart = root.querySelector(".mi-beside .mi-chart[role=img]")!;
    expect(texts(chart, ".mi-label-main")).toEqual(["3.50"]);
    expect(chart.getAttribute("aria-label")).toBe(
      "Running total: 0.50 after embed, at most 3.50 after bias, 3.50 at the end.",
    );
    expect(chart.querySelector(".mi-chart-marker")!.getAttribute("visibility")).toBe("hidden");
    model.set("selection", picked("L1.H1", 1, 1));
    expect(chart.querySelector(".mi-chart-marker")!.getAttribute("visibility")).toBe("visible");
    chart.dispatchEvent(new MouseEvent("pointermove", { clientX: 2000, bubbles: true }));
    expect(root.querySelector(".mi-tooltip")!.textContent).toBe("afterbiasrunning total3.5000nats added0.5000");
    stop();
  });

  it("names the ends, and as many layers as have room", () => {
    const stages = ["embed", ...Array.from({ length: 12 }, (_, i) => [`L${i} attn`, `L${i} MLP`]).flat(), "bias"];
    const labels = stageAxis(stages)
      .ticks(4)
      .map(({ label }) => label);
    expect(labels).toEqual(["embed", "bias", "L0", "L3", "L6", "L9"]);
    expect(stageAxis(["embed"]).ticks(4)).toEqual([{ value: 0, label: "embed" }]);
    expect(stageAxis(["embed"]).place(0)).toBe(0.5);
  });
});

describe("the widget", () => {
  it("switches the selected head off and on, and shows it in all pictures", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    press(root, "a");
    expect(model.get("_ablated")).toEqual([]);
    model.set("selection", picked("L1.H1", 1, 1));
    press(root, "a");
    expect(model.get("_ablated")).toEqual([[1, 1]]);
    expect(drawn).toContain("off");
    expect(root.querySelector(".mi-bar-off")!.textContent).toBe("L1.H1off");
    expect(root.querySelector(".mi-footer")!.textContent).toContain("view.intervention");
    expect(button(root, "A").textContent).toContain("restore head");
    press(root, "a");
    expect(model.get("_ablated")).toEqual([]);
    stop();
  });

  it("turns the prompts, and keeps the term", () => {
    const values = [0, 1].map((row) => BY_HEAD.map((_, i) => (row ? -i : i) / 4));
    const model = fakeModel({ values });
    const { root, stop } = shown(model);
    model.set("selection", picked("L1.H1", 1, 1));
    press(root, "]");
    expect(model.get("selection")).toEqual(picked("L1.H1", 1, 1, 1));
    expect(words(root)).toMatch(/^L1\.H1 adds 1\.25 of the 7\.00 nats by which "·Mary" trails/);
    press(root, "]");
    expect(model.get("selection").batch).toBe(0); // after the last comes the first
    expect(texts(root, ".mi-extras .mi-facts")[0]).toBe("prompt 0 of 0 … 1");
    expect(model.sent).toEqual([]);
    stop();
  });

  it("says everything as a table", () => {
    const model = fakeModel({ unsent: 1, control: true });
    const { root, stop } = shown(model);
    press(root, "t");
    expect(texts(root, "thead th")).toEqual(["term", "nats", "share", EVIL]);
    const rows = texts(root, "tbody tr");
    expect(rows).toHaveLength(10);
    expect(rows[0]).toBe("L1.H12.00044.4 %0.125");
    expect(rows.slice(-2)).toEqual(["the other 1001.00022.2 %1.000", "logit difference4.500100.0 %"]);
    model.set("selection", picked("embed"));
    expect(root.querySelector("tr[aria-current]")!.textContent).toContain("embed0.500");
    press(root, "t");
    expect(root.querySelector<HTMLElement>(".mi-numbers")!.hidden).toBe(true);
    stop();
  });

  it("finds the term of a head, whoever selected it", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    model.set("selection", { ...model.get("selection"), layer: 0, head: 1 });
    expect(model.get("selection")).toEqual(picked("L0.H1", 0, 1));
    expect(model.saved).toBe(1);
    model.set("selection", { ...model.get("selection"), term: null }); // as a linked view may have it
    expect(model.get("selection")).toEqual(picked("L0.H1", 0, 1));
    model.set("selection", { ...picked("embed"), layer: 1 });
    expect(model.get("selection")).toEqual(picked("embed"));
    expect(words(root)).toMatch(/^embed adds/);
    stop();
  });

  it("keeps what it shows when another widget links a selection that it does not have", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    model.set("selection", picked("L9.H9", null, null));
    expect(words(root)).toContain("largest: L1.H1");
    model.set("selection", picked(null, null, null, 7));
    expect(words(root)).toContain("largest: L1.H1");
    model.set("_data", packed({ terms: MANY, values: [MANY.map(() => 1)] }));
    expect(words(root)).toContain("largest: embed 1.00");
    stop();
  });

  it("exchanges the head with linked attention, and its MLP is left alone", () => {
    const ours = fakeModel({}, { _links: ["x"] });
    const full = codes([2, 2, 2, 2], () => 9);
    const axes = ["layer", "head", "query", "key"].map((name) => axis(name, [0, 1]));
    const theirs = new FakeModel({
      selection: { batch: 0, layer: 0, head: 0, query: null, key: null },
      _choices: { batch: [0], layer: [0, 1], head: [0, 1], query: [0, 1, null], key: [0, 1, null] },
      _links: ["x"],
      _ablated: [],
      _code: "",
      _header: { title: "Attention", model: "m", unit: "probability", warnings: [] },
      _data: labelled(axes, { thumbnails: full, pattern: full }, { batch: 0, step: null, alone: null, scores: [] }),
    });
    const [first, second] = [shown(ours), shownWidget(attention(), theirs)];
    press(first.root.querySelector(".mi-bars")!, "ArrowDown");
    expect(theirs.get("selection")).toMatchObject({ layer: 1, head: 1 });
    theirs.set("selection", { ...theirs.get("selection"), layer: 0, head: 1 });
    expect(ours.get("selection")).toEqual(picked("L0.H1", 0, 1));
    ours.set("selection", { ...ours.get("selection"), term: "L1.mlp" });
    expect(ours.get("selection")).toEqual(picked("L1.mlp"));
    expect(theirs.get("selection")).toMatchObject({ layer: 0, head: 1 });
    first.stop();
    second.stop();
    expect(ours.listening).toBe(0);
  });
});

describe("linked attributions", () => {
  it("of other terms come to an end", () => {
    const values = [BY_POS.map((_, i) => i / 10)];
    const [heads, positions] = [
      fakeModel({}, { _links: ["x"] }),
      fakeModel({ terms: BY_POS, values }, { _links: ["x"] }),
    ];
    const [first, second] = [shown(heads), shown(positions)];
    press(second.root.querySelector(".mi-map")!, "ArrowRight");
    expect(positions.get("selection")).toEqual(picked(null, 0, 0));
    expect(heads.get("selection")).toEqual(picked("L0.H0", 0, 0));
    press(second.root.querySelector(".mi-bars")!, "ArrowDown");
    expect(heads.get("selection")).toEqual(picked("L1.H1", 1, 1));
    expect(positions.get("selection")).toEqual(picked("L1.H1 from 2", 1, 1));
    press(first.root, "Escape");
    expect([heads, positions].map((model) => model.get("selection"))).toEqual([picked(null), picked(null)]);
    first.stop();
    second.stop();
  });
});

describe("small pieces", () => {
  it.each([
    [1, 4, "25.0 %"],
    [-0.5, 4, "−12.5 %"],
    [0, 4, "0.0 %"],
    [0.00001, -4, "0.0 %"],
    [50, 4, "1250 %"],
    [2.1, 3.56, "59.0 %"],
    [-0.4375, 3.5, "−12.5 %"],
    [0.0125, 10, "0.1 %"],
    [0.00125, 10, "0.0 %"],
    [-0.0001, 1000, "0.0 %"],
    [40, 4, "1000 %"],
    [39.999, 4, "1000 %"],
    [39.997, 4, "999.9 %"],
    [-2, -4, "50.0 %"],
    [1, 0, "none"],
    [NaN, 1, "none"],
    [1, NaN, "none"],
  ])("writes %d of %d as a share", (value, whole, wanted) => expect(share(value, whole)).toBe(wanted));

  it("stands beside each other where there is room", () => {
    expect(layout(500)).toEqual({ bars: 500, right: 500 });
    expect(layout(900)).toEqual({ bars: 396, right: 476 });
    expect(layout(1176)).toEqual({ bars: 430, right: 718 });
    expect([beneathBars(900, 620), beneathBars(900, 300), beneathBars(500, 620)]).toEqual([true, false, false]);
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
