import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown as shownWidget, canvasTexts as drawn } from "../_shared/fakes";
import { axis, floats, labelled, whole } from "../_shared/packed";
import { press } from "../_shared/reader";
import { rankScale } from "./curve";
import { besideCurve, LARGEST_CELL } from "./layout";
import widget from "./widget";
import { fate } from "./words";

const TEXTS = ["<bos>", " to", EVIL, " Mary", " the", "\n", ""];
const [BOS, TO, , MARY, THE, NEWLINE, PAD] = TEXTS.keys();

interface Options {
  asked?: string[];
  pos?: number;
  say?: number; // the place of the token that is likeliest everywhere but at the top
  control?: boolean; // which is unsure everywhere, and says a line's end
}

/** Two prompts, the second padded at its end; layers 2, 1, 0. Mary is rank 0 from layer 1 on, the second token never. */
function lens({ asked = [" Mary", EVIL], pos = 3, say = THE, control = false }: Options) {
  const labels = Array.from({ length: pos }, (_, i) => i + 4);
  const prompt = Array.from({ length: pos }, (_, i) => TEXTS[i ? TO : BOS]);
  const axes = [
    axis("line", control ? [0, 1] : [0]),
    axis("token_asked", asked),
    axis("batch", [0, 1]),
    axis("layer", [2, 1, 0]),
    axis("pos", labels, { texts: [prompt, [...prompt.slice(0, -1), ""]], by: "batch", tokens: true }),
    axis("rank", [0, 1, 2]),
  ];
  const places = ["line", "batch", "layer", "pos"];
  const sizes = Object.fromEntries(axes.map(({ name, labels }) => [name, labels.length]));
  /** Numbers by their place on some axes, those of the layers, the control and the last axis; none where it is padded. */
  const numbers = (names: string[], none: number, value: (row: number, unsure: boolean, nth: number) => number) => {
    const shape = names.map((name) => sizes[name]);
    const all = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
      const at: Record<string, number> = {};
      for (const name of [...names].reverse()) [at[name], i] = [i % sizes[name], Math.floor(i / sizes[name])];
      const padded = at.batch === 1 && at.pos === pos - 1;
      return padded ? none : value(at.layer, at.line === 1, at.token_asked ?? at.rank);
    });
    return { shape, all };
  };
  type Value = Parameters<typeof numbers>[2];
  const variable = (names: string[], high: number, value: Value) => {
    const { shape, all } = numbers(names, NaN, value);
    return { axes: names, values: floats(shape, (i) => all[i], 0, high) };
  };
  const texts = (names: string[], value: Value) => {
    const { shape, all } = numbers(names, PAD, value);
    return { axes: names, values: whole(shape, all), texts: TEXTS };
  };
  const [ofTop, ofAsked] = [
    [...places, "rank"],
    ["token_asked", ...places],
  ];
  const variables = {
    token: texts(places, (row, unsure) => (row ? (unsure ? NEWLINE : say) : MARY)),
    probability: variable(places, 1, (row, unsure) => (unsure ? 0.001 : [0.75, 0.5, 0.25][row])),
    entropy: variable(places, 6, (row, unsure) => (unsure ? 6 : row + 1)),
    kl: variable(places, 2, (row) => row),
    top_token: texts(ofTop, (_row, _unsure, nth) => [MARY, NEWLINE, TO][nth]),
    top_probability: variable(ofTop, 1, (_row, _unsure, nth) => [0.75, 0.1, 0][nth]),
    last: { axes: ["batch"], values: whole([2], [pos - 1, pos > 1 ? pos - 2 : NaN]) },
    ...(asked.length && {
      asked_rank: variable(ofAsked, 999, (row, unsure, nth) => (unsure ? 999 : nth ? 7 - row : [0, 0, 50][row])),
      asked_probability: variable(ofAsked, 1, () => 0.5),
    }),
  };
  const colours = {
    probability: { label: "probability", map: "viridis", ends: ["0", "1"] },
    ...(asked.length && { rank: { label: "rank", map: "viridis", ends: ["rank 999", "0"] } }),
    entropy: { label: "entropy", map: "sequential", ends: ["0", "6"] },
    kl: { label: "KL", map: "sequential", ends: ["0", "2"] },
  };
  return labelled(axes, variables, { control_name: control ? "untrained" : "", colours, layer_numbers: [0, 1, 2] });
}

function fakeModel(options: Options & { state?: Record<string, unknown> } = {}) {
  const { asked = [" Mary", EVIL], pos = 3 } = options;
  const labels = Array.from({ length: pos }, (_, i) => i + 4);
  return new FakeModel({
    selection: { batch: 0, layer: null, pos: null },
    color: "probability",
    pinned: asked[0] ?? null,
    _choices: { batch: [0, 1], layer: [0, 1, 2, null], pos: [...labels, null] },
    _links: [],
    _code: "view",
    _header: { title: "Logit lens", model: EVIL, warnings: [EVIL] },
    _data: lens(options),
    ...options.state,
  });
}

beforeAll(fakePage);
beforeEach(() => void (drawn.length = 0));

const shown = (model: FakeModel) => shownWidget(widget(), model);
const words = (root: Element) => root.querySelector(".mi-sentence")!.textContent;
const bar = (root: Element) => root.querySelector(".mi-bar")!.textContent;
const label = (root: Element, key: string) =>
  [...root.querySelectorAll<HTMLElement>(".mi-actions .mi-button")].find((b) => b.textContent!.endsWith(key))!;

/** Do something in the middle of a cell of three layers, as the map places them on the fake page. */
function point(root: Element, type: string, row: number, column: number) {
  const map = root.querySelector<HTMLElement>(".mi-map")!;
  const top = parseFloat(map.style.height) - 3 - 3 * LARGEST_CELL.height;
  const [clientX, clientY] = [66 + (column + 0.5) * LARGEST_CELL.width, top + (row + 0.5) * LARGEST_CELL.height];
  map.dispatchEvent(new MouseEvent(type, { clientX, clientY, bubbles: true }));
}

describe("the widget", () => {
  it("writes the likeliest tokens, says the last position, and lets everything go", () => {
    const model = fakeModel();
    const { element, root, stop } = shown(model);
    expect(root.dataset.painted).toBe("1");
    expect(drawn.filter((text) => text === "·Mary")).toHaveLength(3);
    expect(drawn.filter((text) => text === "·the")).toHaveLength(6);
    for (const text of ["L2", "L0", "<bos>", "·to"]) expect(drawn).toContain(text);
    expect(words(root)).toBe("Batch 0 · L2 at pos 6 ·to: ·Mary 0.75 · ·Mary is rank 0 from layer 1 on");
    expect(bar(root)).toBe("01probability of the likeliest token");
    stop();
    expect(element.children).toHaveLength(0);
    expect(model.listening).toBe(0);
  });

  it("writes nothing into cells that are too narrow", () => {
    const { root, stop } = shown(fakeModel({ pos: 120 }));
    expect(drawn).not.toContain("·the");
    expect(words(root)).toContain("at pos 123 ·to: ·Mary 0.75");
    stop();
  });

  it("selects by click and by key", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const map = root.querySelector(".mi-map")!;
    point(root, "click", 1, 2);
    expect(model.get("selection")).toEqual({ batch: 0, layer: 1, pos: 6 });
    expect(words(root)).toContain("L1 at pos 6 ·to: ·the 0.50");
    const steps: [string, number | null, number | null][] = [
      ["ArrowDown", 0, 6],
      ["ArrowDown", 0, 6],
      ["ArrowUp", 1, 6],
      ["Home", 1, 4],
      ["ArrowRight", 1, 5],
      ["Escape", null, null],
      ["ArrowUp", 2, 4],
    ];
    for (const [key, layer, pos] of steps) {
      press(map, key);
      expect(model.get("selection")).toEqual({ batch: 0, layer, pos });
    }
    press(root, "]");
    expect(model.get("selection")).toEqual({ batch: 1, layer: 2, pos: 4 });
    press(root, "[");
    expect(model.get("selection").batch).toBe(0);
    expect(model.sent).toEqual([]);
    stop();
  });

  it("goes through the meanings of the colours", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    const seen = [];
    for (let i = 0; i < 4; i++) {
      seen.push([model.get("color"), bar(root)]);
      press(root, "v");
    }
    expect(seen).toEqual([
      ["probability", "01probability of the likeliest token"],
      ["rank", "rank 9990rank of ·Mary, log scale"],
      ["entropy", "06entropy in nats"],
      ["kl", "02KL to the final distribution in nats"],
    ]);
    expect(model.get("color")).toBe("probability");
    model.set("color", "entropy");
    expect(words(root)).toContain("·Mary 0.75 · entropy 1.00 nats · ·Mary is rank 0");
    expect(label(root, "V").textContent).toContain("colour: entropy");
    stop();
  });

  it("follows a pinned token over the layers", () => {
    const model = fakeModel({ asked: [" Mary", " the"] });
    const { root, stop } = shown(model);
    const curve = root.querySelector<HTMLElement>(".mi-lens-curve")!;
    expect(curve.textContent).toContain("rank of ·Mary at pos 6 ·to");
    press(root, "p");
    expect(model.get("pinned")).toBe(" the");
    expect(words(root)).toContain("·the is never rank 0: at best rank 5 at layer 0, and rank 7 at layer 2");
    const select = root.querySelector("select")!;
    expect([...select.options].map((option) => option.text)).toEqual(["·Mary", "·the"]);
    expect(select.value).toBe("1");
    select.value = "0";
    select.dispatchEvent(new Event("change"));
    expect(model.get("pinned")).toBe(" Mary");
    curve.querySelector("svg")!.dispatchEvent(new MouseEvent("click", { clientX: 9999 }));
    expect(model.get("selection")).toEqual({ batch: 0, layer: 2, pos: 6 });
    stop();
  });

  it("has no curve, no ranks and nothing to pin where no token was asked for", () => {
    const model = fakeModel({ asked: [] });
    const { root, stop } = shown(model);
    expect(root.querySelector<HTMLElement>(".mi-lens-curve")!.hidden).toBe(true);
    expect(root.querySelector("select")!.parentElement!.hidden).toBe(true);
    expect(label(root, "P").hidden).toBe(true);
    press(root, "v");
    expect(model.get("color")).toBe("entropy");
    press(root, "p");
    press(root, "t");
    expect([...root.querySelectorAll("th")].map((th) => th.textContent)).not.toContain("rank of ·Mary");
    stop();
  });

  it("shows the control in the picture's place, in the sentence and in the table", () => {
    const { root, stop } = shown(fakeModel({ control: true }));
    expect(words(root)).toBe(
      "Batch 0 · L2 at pos 6 ·to: ·Mary 0.75 (untrained: ·Mary 0.001) · ·Mary is rank 0 from layer 1 on (untrained: rank 999)",
    );
    drawn.length = 0;
    press(root, "u");
    expect(drawn).toContain("⏎");
    expect(drawn).not.toContain("·the");
    expect(bar(root)).toContain("shown: untrained");
    press(root, "t");
    expect(root.querySelector("thead")!.textContent).toContain("untrained: rank");
    stop();
    const without = shown(fakeModel());
    expect(label(without.root, "U").hidden).toBe(true);
    press(without.root, "u");
    expect(bar(without.root)).not.toContain("shown");
    without.stop();
  });

  it("tells one position in a table, and the likeliest tokens of its cell", () => {
    const { root, stop } = shown(fakeModel({ state: { selection: { batch: 0, layer: 1, pos: null } } }));
    press(root, "t");
    const rows = (nth: number) =>
      [...root.querySelectorAll("table")[nth].querySelectorAll("tbody tr")].map((row) =>
        [...row.children].map((cell) => cell.textContent),
      );
    expect(rows(0)).toEqual([
      ["L2", "·Mary", "0.75", "1.00", "0.00", "0", "0.50"],
      ["L1", "·the", "0.50", "2.00", "1.00", "0", "0.50"],
      ["L0", "·the", "0.25", "3.00", "2.00", "50", "0.50"],
    ]);
    expect(root.querySelector("tr[aria-current]")!.firstChild!.textContent).toBe("L1");
    expect(rows(1)).toEqual([
      ["0", "·Mary", "0.750"],
      ["1", "⏎", "0.100"],
      ["2", "·to", "0.000"],
    ]);
    stop();
  });

  it("tells the likeliest tokens of a cell under the pointer, and where it is to linked views", () => {
    const model = fakeModel({ state: { _links: ["a"] } });
    const { root, stop } = shown(model);
    const heard: unknown[] = [];
    const hear = (event: Event) => heard.push((event as CustomEvent).detail.labels);
    document.addEventListener("mi-linked-hover", hear);
    point(root, "pointermove", 0, 1);
    const tip = root.querySelector<HTMLElement>(".mi-tooltip")!;
    expect(tip.textContent).toContain('layerL2pos5 "·to"entropy1.00 natsKL0.00 nats·Maryrank 0');
    expect(tip.querySelector(".mi-lens-likeliest")!.textContent).toBe("0·Mary0.7501⏎0.1002·to0.000");
    root.querySelector(".mi-map")!.dispatchEvent(new Event("pointerleave"));
    expect(tip.hidden).toBe(true);
    expect(heard).toEqual([{ layer: 2, pos: 5 }, {}]);
    document.removeEventListener("mi-linked-hover", hear);
    stop();
  });

  it("says padding, and where nothing else is", () => {
    const model = fakeModel({ state: { selection: { batch: 1, layer: null, pos: null } } });
    const { root, stop } = shown(model);
    expect(words(root)).toContain("Batch 1 · L2 at pos 5 ·to: ");
    model.set("selection", { batch: 1, layer: 0, pos: 6 });
    expect(words(root)).toBe("Batch 1 · L0 at pos 6: padding");
    press(root, "t");
    expect(root.querySelector("tbody")!.textContent).toContain("none");
    point(root, "pointermove", 0, 2);
    expect(root.querySelector(".mi-tooltip")!.textContent).toBe("layerL2pos6 padding");
    stop();
    const lens = fakeModel({ pos: 1, state: { selection: { batch: 1, layer: null, pos: null } } });
    const empty = shown(lens);
    expect(words(empty.root)).toBe("Batch 1 · no tokens here");
    press(empty.root, "t");
    empty.stop();
  });

  it("shows tokens, names and warnings as text and nothing else", () => {
    const model = fakeModel({ say: 2, asked: [EVIL], control: true });
    model.get("_data").derived.control_name = EVIL;
    const { root, element, stop } = shown(model);
    press(root, "t");
    press(root, "u");
    point(root, "pointermove", 1, 1);
    model.set("selection", { batch: 0, layer: 1, pos: 5 });
    expect(words(root)).toContain("</script><img·src=x·onerror=alert(1)>");
    expect(drawn.some((text) => text.startsWith("·") && text.includes("⏎"))).toBe(false);
    expect(element.querySelectorAll("img, script")).toHaveLength(0);
    stop();
  });

  it("keeps what it can show when it is given what it does not have, and draws another lens that was sent", () => {
    const model = fakeModel();
    const { root, stop } = shown(model);
    model.set("selection", { batch: 9, layer: 99, pos: 77 });
    expect(words(root)).toContain("Batch 0 · L2 at pos 6");
    model.set("color", "rank");
    const other = fakeModel({ asked: [], pos: 1 });
    model.set("_choices", other.get("_choices")); // of the same message
    model.set("_data", other.get("_data"));
    expect(words(root)).toBe("Batch 0 · L2 at pos 4 <bos>: ·Mary 0.75");
    expect(bar(root)).toContain("01probability");
    stop();
  });
});

describe("small pieces", () => {
  it("say what becomes of a token, as in Python", () => {
    const cases: [number[], string][] = [
      [[9, 3, 0, 0], "is rank 0 from layer 2 on"],
      [[0, 0, 0, 0], "is rank 0 at every layer"],
      [[9, 0, 2, 0], "is rank 0 at layer 3 alone"],
      [[9, 0, 2, 5], "is rank 0 at layer 1, but rank 5 at layer 3"],
      [[9, 8, 7, 5], "is never rank 0: at best rank 5 at layer 3"],
      [[9, 2, 7, 5], "is never rank 0: at best rank 2 at layer 1, and rank 5 at layer 3"],
      [[7], "is rank 7"],
    ];
    for (const [ranks, wanted] of cases) expect(fate(ranks, [...ranks.keys()])).toBe(wanted);
  });

  it("put the likeliest rank at the top", () => {
    const scale = rankScale(999);
    expect([scale.place(0), scale.place(999)]).toEqual([1, 0]);
    expect(scale.ticks(5).map(({ label }) => label)).toEqual(["0", "1", "10", "100"]);
  });

  it("put the curve beside the picture unless tokens lose their room", () => {
    expect([besideCurve(1100, 9), besideCurve(1100, 20), besideCurve(1100, 512), besideCurve(500, 3)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
