import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown as shownWidget } from "../_shared/fakes";
import { axis, floats, labelled, whole } from "../_shared/packed";
import { press } from "../_shared/reader";
import type { PackedTensor } from "../_shared/wire";
import { layout } from "./layout";
import { found, ordered } from "./order";
import { Store } from "./store";
import widget from "./widget";
import { percent } from "./words";

const TOKENS = ["", " the", " cat", EVIL, " le", " chat", "\n"];
const PEAKS = [3, 9, 0, 6];
const LABELS = ["asked bird", "register french"];
const F1 = [0.2, 0.9, NaN, 0.7];
const AROUND = 1;

/** Four latents; the third never fires. Of each two contexts of three tokens. */
function dashboards({ annotated = true } = {}) {
  const n = PEAKS.length;
  const context = [1, 2, 4, NaN, 2, 5, 1, 5, 3, 3, 5, 6, NaN, NaN, NaN, NaN, NaN, NaN, 4, 3, 1, 4, 3, 1];
  const strength = [0, 3, 0, NaN, 2, 1, 0, 9, 4, 0, 8, 0, NaN, NaN, NaN, NaN, NaN, NaN, 0, 6, 0, 0, 5, 0];
  const axes = [
    axis("latent", [10, 11, 12, 17]),
    axis("bin", [0, 1]),
    axis("context", [0, 1]),
    axis("place", [-AROUND, 0, AROUND]),
    axis("rank", [0, 1]),
    axis("neighbor", [0, 1]),
  ];
  const score = { axes: ["latent"], values: floats([n], (i) => (annotated ? F1[i] : NaN)) };
  const contexts = ["latent", "context", "place"];
  const of = (name: string, values: PackedTensor) => ({ axes: ["latent", name], values });
  const each = (two: number[]) => PEAKS.flatMap(() => two);
  return labelled(
    axes,
    {
      label: { axes: ["latent"], values: whole([n], [0, 1, 0, 0]), texts: LABELS },
      label_f1: score,
      label_auc: score,
      density: { axes: ["latent"], values: floats([n], (i) => [0.01, 0.2, 0, 0.05][i]) },
      histogram: of(
        "bin",
        floats([n, 2], (i) => (i >> 1 === 2 ? 0 : i + 1)),
      ),
      context_token: { axes: contexts, values: whole([n, 2, 3], context) },
      context_activation: { axes: contexts, values: floats([n, 2, 3], (i) => strength[i]) },
      promoted: of("rank", whole([n, 2], each([4, 5]))),
      promoted_by: of(
        "rank",
        floats([n, 2], (i) => [2, 1][i % 2]),
      ),
      suppressed: of("rank", whole([n, 2], each([1, 3]))),
      suppressed_by: of(
        "rank",
        floats([n, 2], (i) => [-1, -0.5][i % 2]),
      ),
      nearest: of("neighbor", whole([n, 2], [11, 99, 10, 17, 10, 11, 11, 10])),
      nearest_cosine: of(
        "neighbor",
        floats([n, 2], (i) => [0.5, 0.25][i % 2]),
      ),
    },
    { tokens: TOKENS, densities: { edges: [0.01, 0.05, 0.2], counts: [1, 2], never: 1 } },
  );
}

function names({ annotated = true } = {}) {
  const n = PEAKS.length;
  return {
    latents: whole([n], [10, 11, 12, 17]),
    labels: annotated ? ["", "register french", "", "asked bird"] : ["", "", "", ""],
    says: PEAKS.map(() => "↑ ·le ·chat"),
    peaks: floats([n], (i) => PEAKS[i]),
  };
}

function fakeModel(more: Record<string, unknown> = {}, options = {}) {
  const latents = [10, 11, 12, 17];
  return new FakeModel({
    selection: { latent: 11 },
    _choices: { latent: latents },
    _header: { title: "4 latents at resid_post[2]", model: "atlas", warnings: [] },
    _data: dashboards(options),
    _names: names(options),
    _changes: [],
    _changeable: true,
    _code: "view",
    _links: [],
    ...more,
  });
}

beforeAll(fakePage);
let stop = () => {};
afterEach(() => stop());

function shown(model: FakeModel) {
  const made = shownWidget(widget(), model);
  stop = made.stop;
  return made;
}

const rows = (root: Element) => [...root.querySelectorAll<HTMLElement>(".mi-long-row")];
const numbers = (root: Element) => rows(root).map((row) => row.querySelector(".mi-row-number")!.textContent);
const title = (root: Element) => root.querySelector(".mi-latent-title")!.textContent;
const find = (root: Element) => root.querySelector<HTMLInputElement>(".mi-find")!;
function filter(root: Element, text: string) {
  find(root).value = text;
  find(root).dispatchEvent(new Event("input", { bubbles: true }));
}

describe("the list", () => {
  it("is ordered by what is asked for, with its number", () => {
    const { root } = shown(fakeModel());
    expect(rows(root).map((row) => row.textContent)).toEqual([
      "11register french0.90",
      "17asked bird0.70",
      "10↑ ·le ·chat0.20",
      "12↑ ·le ·chat",
    ]);
    expect(rows(root)[0].getAttribute("aria-selected")).toBe("true");
    expect(rows(root)[1].getAttribute("aria-label")).toBe("latent 17, asked bird, label score 0.70");
    press(root, "o");
    expect(numbers(root)).toEqual(["11", "17", "10", "12"]);
    expect(rows(root)[0].textContent).toContain("9.00");
    press(root, "o");
    expect(rows(root)[0].textContent).toContain("20 %");
    press(root, "o");
    expect(numbers(root)).toEqual(["10", "11", "12", "17"]);
    const menu = root.querySelector("select")!;
    menu.value = "peak";
    menu.dispatchEvent(new Event("change"));
    expect(numbers(root)).toEqual(["11", "17", "10", "12"]);
  });

  it("has no order by labels without annotations", () => {
    const { root } = shown(fakeModel({}, { annotated: false }));
    expect([...root.querySelectorAll("option")].map((option) => option.value)).toEqual(["peak", "density", "number"]);
    expect(rows(root)[0].textContent).toBe("11↑ ·le ·chat9.00");
  });

  it("is walked with the keys and the mouse", () => {
    const model = fakeModel();
    const { root } = shown(model);
    press(root, "ArrowDown");
    expect(model.get("selection")).toEqual({ latent: 17 });
    press(root, "End");
    expect(model.get("selection")).toEqual({ latent: 12 });
    press(root, "ArrowDown");
    expect(model.get("selection")).toEqual({ latent: 12 });
    press(root, "PageUp");
    expect(model.get("selection")).toEqual({ latent: 11 });
    rows(root)[2].click();
    expect(model.get("selection")).toEqual({ latent: 10 });
    expect(root.querySelector(".mi-long")!.getAttribute("aria-activedescendant")).toBe(rows(root)[2].id);
    press(root, "b");
    expect(model.get("selection")).toEqual({ latent: 11 });
    press(root, "b");
    press(root, "b");
    press(root, "b");
    press(root, "b");
    expect(model.get("selection")).toEqual({ latent: 11 }); // where it began
  });

  it("is filtered by label, number, promoted tokens and the tokens where latents fire", () => {
    const model = fakeModel();
    const { root } = shown(model);
    const note = () => root.querySelector(".mi-latent-list [role=status]")!.textContent;
    expect(note()).toBe("4 latents");
    press(root, "/");
    expect(document.activeElement).toBe(find(root));
    filter(root, "FRENCH");
    expect([numbers(root), note()]).toEqual([["11"], "1 of 4 latents"]);
    filter(root, "17");
    expect(numbers(root)).toEqual(["17"]);
    filter(root, "·chat");
    expect(numbers(root)).toEqual(["11", "17", "10", "12"]); // all promote it
    filter(root, "cat");
    expect([numbers(root), note()]).toEqual([["10"], "1 of 4 latents"]);
    filter(root, "le<");
    expect([numbers(root), note()]).toEqual([["17"], "0 of 4 latents, 1 more near it"]);
    filter(root, "zebra");
    expect([numbers(root), note()]).toEqual([[], "none of 4 latents"]);
    press(find(root), "ArrowDown");
    expect(model.get("selection")).toEqual({ latent: 11 });
    filter(root, "bird");
    press(find(root), "Enter");
    expect(model.get("selection")).toEqual({ latent: 17 });
    expect(document.activeElement).toBe(root.querySelector(".mi-long"));
    press(find(root), "Escape");
    expect([find(root).value, numbers(root).length]).toEqual(["", 4]);
  });

  it("keeps keys that are typed from the notebook", () => {
    const { root } = shown(fakeModel());
    let heard = 0;
    document.body.addEventListener("keydown", () => heard++, { once: true });
    press(find(root), "a");
    expect(heard).toBe(0);
  });
});

describe("the dashboard", () => {
  it("shows contexts lined up where the latent fires most", () => {
    const { root } = shown(fakeModel());
    expect(title(root)).toBe("Latent 11 register french");
    expect(root.querySelector(".mi-latent-facts")!.textContent).toBe(
      "F1 0.90, AUC 0.90 · fires at 20 % of tokens · peak 9.00",
    );
    const contexts = [...root.querySelectorAll<HTMLElement>(".mi-context")];
    expect(contexts.map((line) => line.querySelector(".mi-context-peak")!.textContent)).toEqual(["9.00", "8.00"]);
    const [before, after] = [...contexts[0].querySelectorAll(".mi-strip")];
    expect([before.textContent, after.textContent]).toEqual([" the", ` chat${EVIL.replaceAll(" ", "·")}`]);
    const [peak, next] = [...after.querySelectorAll<HTMLElement>(".mi-token")];
    expect(peak.classList.contains("mi-from")).toBe(true);
    expect([!!peak.style.background, next.style.background === peak.style.background]).toEqual([true, false]);
    expect(contexts[0].getAttribute("aria-label")).toBe(`9.00 at "·chat":  the chat${EVIL}`);
    expect(root.querySelector(".mi-contexts .mi-bar")!.getAttribute("aria-label")).toBe("colours from 0 to 9");
    expect(root.querySelector(".mi-sentence")!.textContent).toBe(
      "Latent 11 · register french (F1 0.90, AUC 0.90) · fires at 20 % of tokens, up to 9.00, most at ·chat · promotes ·le ·chat · " +
        `suppresses ·the ${EVIL.replaceAll(" ", "·")}`,
    );
  });

  it("says the number of a token under the pointer", () => {
    const { root } = shown(fakeModel());
    const token = root.querySelectorAll(".mi-context .mi-strip")[1].children[1];
    token.dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(root.querySelector(".mi-tooltip")!.textContent).toContain("activation4.00place+1");
    expect(root.querySelectorAll("img")).toHaveLength(0);
    root.querySelectorAll(".mi-context .mi-strip")[1].dispatchEvent(new Event("pointerleave"));
    expect(root.querySelector<HTMLElement>(".mi-tooltip")!.hidden).toBe(true);
  });

  it("says what a latent that never fires is, and of a bad label that it is the best", () => {
    const model = fakeModel({ selection: { latent: 12 } });
    const { root } = shown(model);
    expect(root.querySelectorAll(".mi-context")).toHaveLength(0);
    expect(root.querySelector<HTMLElement>(".mi-contexts p")!.hidden).toBe(false);
    expect(root.querySelector(".mi-sentence")!.textContent).toBe(
      "Latent 12 · asked bird · fires at no token of these texts",
    );
    model.set("selection", { latent: 10 });
    expect(title(root)).toBe("Latent 10");
    expect(root.querySelector(".mi-latent-facts")!.textContent).toContain("best label asked bird, F1 0.20");
    expect(root.querySelector<HTMLElement>(".mi-contexts p")!.hidden).toBe(true);
  });

  it("lists tokens and neighbours, and a click on these goes there", () => {
    const model = fakeModel({ selection: { latent: 10 } });
    const { root } = shown(model);
    const [up, down, near] = [...root.querySelectorAll<HTMLElement>(".mi-bar-list")];
    expect([...up.children].map((row) => row.textContent)).toEqual(["·le2.00", "·chat1.00"]);
    expect(down.children[0].textContent).toBe("·the−1.00");
    expect([...near.children].map((row) => row.textContent)).toEqual(["11register french0.50"]); // 99 is not here
    expect([...up.querySelectorAll<HTMLElement>(".mi-bar-fill")].map((bar) => bar.style.width)).toEqual([
      "100%",
      "50%",
    ]);
    (near.children[0] as HTMLElement).click();
    expect(model.get("selection")).toEqual({ latent: 11 });
    expect(title(root)).toContain("Latent 11");
    press(near, "ArrowDown");
    press(near, "ArrowDown");
    expect([...near.children].map((row) => row.getAttribute("aria-selected"))).toEqual(["false", "true"]);
    expect(model.get("selection")).toEqual({ latent: 11 }); // it is looked at, and not yet gone to
    press(near, "Enter");
    expect(model.get("selection")).toEqual({ latent: 17 });
    model.set("selection", { latent: 11 });
    near.children[0].dispatchEvent(new Event("pointermove", { bubbles: true }));
    expect(root.querySelector(".mi-tooltip")!.textContent).toContain("cosine0.50");
  });

  it("draws how often which activation comes, and where its density is", () => {
    const { root } = shown(fakeModel());
    const [activations, densities] = [...root.querySelectorAll(".mi-charts svg")];
    expect(activations.querySelectorAll(".mi-columns rect")).toHaveLength(2);
    expect(activations.getAttribute("aria-label")).toBe("activations from 0 to 9.00 at 7 tokens");
    expect(densities.getAttribute("aria-label")).toBe("20 % of tokens: rank 1 of 4");
    expect(densities.querySelector(".mi-chart-marker")!.getAttribute("visibility")).toBe("visible");
  });
});

describe("the widget", () => {
  it("takes the selected latent out and puts it back", () => {
    const model = fakeModel();
    const { root } = shown(model);
    press(root, "a");
    expect(model.get("_changes")).toEqual([[11, null]]);
    expect(title(root)).toBe("Latent 11 register french out");
    expect(root.querySelector(".mi-changes")!.textContent).toContain("latent 11 out×");
    press(root, "ArrowDown");
    press(root, "a");
    model.set("_changes", [
      [11, null],
      [17, 4],
    ]);
    expect(title(root)).toBe("Latent 17 asked bird held at 4.00");
    root.querySelector<HTMLElement>(".mi-changes button")!.click();
    expect(model.get("_changes")).toEqual([[17, 4]]);
    press(root, "a");
    expect(model.get("_changes")).toEqual([]);
    expect(root.querySelector<HTMLElement>(".mi-changes")!.hidden).toBe(true);
  });

  it("changes nothing without a dictionary", () => {
    const model = fakeModel({ _changeable: false });
    const { root } = shown(model);
    press(root, "a");
    expect(model.get("_changes")).toEqual([]);
    const button = [...root.querySelectorAll<HTMLElement>(".mi-actions .mi-button")].find((b) =>
      b.textContent!.includes("take out"),
    )!;
    expect(button.hidden).toBe(true);
  });

  it("has the list as a table that follows the filter", () => {
    const { root } = shown(fakeModel());
    press(root, "t");
    const cells = () => [...root.querySelectorAll(".mi-numbers tbody tr")].map((row) => row.firstChild!.textContent);
    expect(cells()).toEqual(["11", "17", "10", "12"]);
    expect(root.querySelector("tr[aria-current]")!.textContent).toBe("1120 %9.00register french0.900.90↑ ·le ·chat");
    filter(root, "bird");
    expect(cells()).toEqual(["17"]);
  });

  it("stays where it is when a linked view has another latent, and shows other dashboards that are sent", () => {
    const model = fakeModel();
    const { root } = shown(model);
    model.set("selection", { latent: 99 });
    expect(title(root)).toContain("Latent 11");
    model.set("selection", { latent: 17 });
    model.set("_names", names({ annotated: false })); // of the same message
    model.set("_data", dashboards({ annotated: false }));
    expect(title(root)).toBe("Latent 17");
    expect(root.querySelector("select")!.value).toBe("peak");
  });

  it("shows texts as text, and leaves nothing behind", () => {
    const model = fakeModel({ _header: { title: EVIL, model: EVIL, warnings: [EVIL] }, selection: { latent: 17 } });
    const { root, element } = shown(model);
    press(root, "t");
    expect(element.querySelectorAll("img, script")).toHaveLength(0);
    stop();
    stop = () => {};
    expect([element.children.length, model.listening]).toEqual([0, 0]);
  });
});

describe("what is counted", () => {
  it("has two digits that count", () => {
    expect([0, 0.00012, 0.002, 0.02, 0.5].map(percent)).toEqual(["0 %", "0.012 %", "0.20 %", "2.0 %", "50 %"]);
  });

  it("puts what has no number last, and the exact number first", () => {
    const store = new Store(fakeModel());
    expect(ordered(store, "label score")).toEqual([11, 17, 10, 12]);
    expect(found(store, ordered(store, "number"), "#1").latents).toHaveLength(4);
    expect(found(store, [10, 11, 12, 17], "12")).toEqual({ latents: [12], near: 0 });
    store.dispose();
  });

  it("stands below each other where there is little room", () => {
    expect(layout(500)).toMatchObject({ narrow: true, list: 500, dashboard: 500, chart: 240 });
    expect(layout(400).chart).toBe(400);
    expect(layout(820).list + layout(820).dashboard).toBe(800);
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
