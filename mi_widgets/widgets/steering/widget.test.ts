import { beforeAll, describe, expect, it } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown } from "../_shared/fakes";
import { axis, floats, labelled } from "../_shared/packed";
import { press } from "../_shared/reader";
import widget from "./widget";

const NOTHING = labelled([], {});
const numbers = (values: number[]) => floats([values.length], (i) => values[i]);

/** Of both pushes; with one probe, French, where `read` says what it reads. */
function effect(kl: number[], cost: number[], read?: number[]) {
  const push = axis("push", ["given", "random"]);
  if (!read) return labelled([push], { kl: numbers(kl), cost: numbers(cost) });
  const by = (axes: string[], values: number[], shape = [values.length]) => ({
    axes,
    values: floats(shape, (i) => values[i]),
  });
  return labelled([push, axis("probe", ["French"])], {
    kl: by(["push"], kl),
    cost: by(["push"], cost),
    read: by(["push", "probe"], read, [2, 1]),
  });
}

const state = (more = {}) => ({
  scales: [0, 0.5],
  prompt: "He went home.",
  settings: { site: "as given", tokens: "as given", temperature: 0, seed: 0 },
  _header: { title: "Steering", model: EVIL, warnings: [] },
  selection: {},
  _choices: {},
  sliders: [
    { name: "French", note: "mean difference · norm 19", reach: 2 },
    { name: EVIL, note: EVIL, reach: 4 },
  ],
  offered: { site: ["as given", "resid_post[0]"], tokens: ["as given", "every token"] },
  _next: {
    scales: [0, 0.5],
    tokens: [
      [" The", 0.5, 0.1],
      [" Je", 0.001, 0.25],
    ],
  },
  plain: { pieces: [[" He", true]], writing: false, error: "" },
  steered: {
    pieces: [
      [" He", true],
      [EVIL, false],
    ],
    writing: false,
    error: "",
  },
  _data: NOTHING,
  _measured: {},
  _strengths: NOTHING,
  _said: { error: "", busy: "" },
  _code: "the code",
  _links: [],
  ...more,
});
const opened = (more = {}) => {
  const model = new FakeModel(state(more));
  return { model, ...shown(widget(), model) };
};
const ranges = (root: Element) => [...root.querySelectorAll<HTMLInputElement>(".mi-sliders input[type=range]")];
const figures = (root: Element) => [...root.querySelectorAll<HTMLInputElement>(".mi-sliders input[type=number]")];
const input = (field: HTMLInputElement, value: string) => {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

beforeAll(fakePage);

describe("the widget", () => {
  it("shows sliders, both texts and the next tokens, and hostile text as text", () => {
    const { root, element, model, stop } = opened();
    expect(ranges(root).map(({ value, max, min }) => [value, min, max])).toEqual([
      ["0", "-2", "2"],
      ["0.5", "-4", "4"],
    ]);
    expect(ranges(root).map((range) => range.getAttribute("aria-valuetext"))).toEqual(["0", "+0.50"]);
    expect(figures(root).map(({ value }) => value)).toEqual(["0", "0.5"]);
    const texts = [...root.querySelectorAll(".mi-text")].map((text) => text.textContent);
    expect(texts).toEqual(["He went home. He", `He went home. He${EVIL}`]);
    expect([...root.querySelectorAll(".mi-is-steered .mi-changed")].map((piece) => piece.textContent)).toEqual([EVIL]);
    const rows = [...root.querySelectorAll<HTMLElement>(".mi-next li")];
    expect(rows.map((row) => row.title)).toEqual([
      "·The: 0.500 as it is, 0.100 steered",
      "·Je: 0.001 as it is, 0.250 steered",
    ]);
    expect(rows[1].querySelector<HTMLElement>(".mi-after")!.style.width).toBe("50.00%");
    expect(root.dataset.shows).toBe("[0,0.5]");
    expect(root.querySelector(".mi-header")!.textContent).toContain("1 of 2 active");
    expect(root.querySelector("img")).toBeNull();
    stop();
    expect(element.children).toHaveLength(0);
    expect(model.listening).toBe(0);
  });

  it("says where a slider is put: dragged, typed, by a double click, by the key 0, all at once", () => {
    const { root, model, stop } = opened();
    input(ranges(root)[0], "1.5");
    expect(model.get("scales")).toEqual([1.5, 0.5]);
    input(figures(root)[1], "-9");
    expect(model.get("scales")).toEqual([1.5, -9]);
    input(figures(root)[1], "");
    expect(model.get("scales")).toEqual([1.5, -9]);
    ranges(root)[0].dispatchEvent(new Event("dblclick", { bubbles: true }));
    expect(model.get("scales")).toEqual([0, -9]);
    press(ranges(root)[1], "0");
    expect(model.get("scales")).toEqual([0, 0]);
    input(ranges(root)[0], "1");
    press(root, "r");
    expect(model.get("scales")).toEqual([0, 0]);
    expect(model.saved).toBe(6);
    stop();
  });

  it("draws what comes from the kernel, and keeps what is typed", () => {
    const { root, model, stop } = opened();
    model.set("scales", [0.25, 0]);
    expect(ranges(root)[0].getAttribute("aria-valuetext")).toBe("+0.25");
    model.set("_next", { scales: [0.25, 0], tokens: [[" A", 1, 1]] });
    expect(root.dataset.shows).toBe("[0.25,0]");
    expect(root.querySelectorAll(".mi-next li")).toHaveLength(1);
    model.set("steered", { pieces: [[" Il", false]], writing: true, error: "" });
    const text = root.querySelector(".mi-is-steered .mi-text")!;
    expect(text.getAttribute("aria-busy")).toBe("true");
    expect(text.querySelector(".mi-writing")).not.toBeNull();
    model.set("steered", { pieces: [[" Il", false]], writing: false, error: "" });
    expect(root.querySelector("[aria-live]")!.textContent).toBe("steered:  Il");
    model.set("steered", { pieces: [], writing: false, error: EVIL });
    expect(text.textContent).toBe(EVIL);
    stop();
  });

  it("has effect, cost and control in words", () => {
    const { root, model, stop } = opened({
      _data: effect([3, 0.1], [0.119, 0.031], [1.84, -0.04]),
      _measured: { ms: 7, scales: [0, 0.5] },
    });
    const said = () => [...root.querySelectorAll(".mi-figure")].map((part) => part.textContent);
    expect(said()).toEqual([
      "effect: French probe +1.8 σ",
      "cost: loss on ordinary text +12 %",
      "control: random direction of the same norm French probe −0.0 σ, +3.1 %",
    ]);
    expect(root.querySelector(".mi-took")!.textContent).toBe("7 ms");
    const footer = root.querySelector(".mi-footer")!;
    expect(footer.classList.contains("mi-old")).toBe(false);
    input(ranges(root)[0], "1");
    expect(footer.classList.contains("mi-old")).toBe(true);
    input(ranges(root)[0], "0");
    expect(footer.classList.contains("mi-old")).toBe(false);
    expect(root.querySelector("[aria-live]")!.textContent).toBe(`steered:  He${EVIL}`);
    model.set("_data", effect([0.25, NaN], [NaN, NaN]));
    expect(said()).toEqual(["effect: next token moved by 0.25 nats"]);
    model.set("_data", NOTHING);
    model.set("_measured", {});
    expect(said()).toEqual([]);
    expect(root.querySelector(".mi-took")!.textContent).toBe("");
    stop();
  });

  it("asks for a sweep of the slider that had the focus, and draws it", () => {
    const { root, model, stop } = opened();
    ranges(root)[1].dispatchEvent(new Event("focus"));
    press(root, "w");
    expect(model.sent).toEqual([{ do: "sweep", slider: 1 }]);
    const sweep = root.querySelector<HTMLElement>(".mi-sweep")!;
    expect(sweep.hidden).toBe(true);
    const variables = {
      effect: { axes: ["strength"], values: numbers([1, 0, 2]), unit: "nats" },
      control: numbers([0, 0, NaN]),
      cost: numbers([0.1, 0, 0.2]),
      control_cost: numbers([NaN, NaN, NaN]),
    };
    model.set("_strengths", labelled([axis("strength", [-2, "-0.5", 2])], variables, { name: "French" }));
    expect(sweep.hidden).toBe(false);
    expect([...sweep.querySelectorAll("figcaption")].map((caption) => caption.textContent)).toEqual([
      "Effect nats, by the strength of French",
      "Cost more loss on ordinary text, in %, the edit on",
    ]);
    expect(sweep.querySelectorAll("svg")).toHaveLength(2);
    expect(sweep.querySelector("svg")!.getAttribute("aria-label")).toBe(
      "Effect of French from strength -2 to 2, in nats",
    );
    const marker = () => sweep.querySelector(".mi-chart-marker")!.getAttribute("x1");
    const before = marker();
    input(ranges(root)[0], "1");
    expect(marker()).not.toBe(before); // where the slider stands
    model.set("_strengths", NOTHING);
    expect(sweep.hidden).toBe(true);
    stop();
    expect(model.listening).toBe(0);
  });

  it("has settings, and says what is wrong and what is being done", () => {
    const { root, model, stop } = opened();
    const [site] = [...root.querySelectorAll<HTMLSelectElement>(".mi-settings select")];
    site.value = "resid_post[0]";
    site.dispatchEvent(new Event("change", { bubbles: true }));
    expect(model.get("settings").site).toBe("resid_post[0]");
    const [temperature, seed] = [...root.querySelectorAll<HTMLInputElement>(".mi-settings input")];
    expect(seed.disabled).toBe(true);
    input(temperature, "0.8");
    expect(model.get("settings")).toEqual({ site: "resid_post[0]", tokens: "as given", temperature: 0.8, seed: 0 });
    expect(seed.disabled).toBe(false);
    input(seed, "1.5");
    input(temperature, "-1");
    expect(model.get("settings")).toEqual({ site: "resid_post[0]", tokens: "as given", temperature: 0.8, seed: 0 });
    const stopping = root.querySelector<HTMLElement>(".mi-actions .mi-button")!;
    expect(stopping.hidden).toBe(true);
    model.set("_said", { error: EVIL, busy: "writing" });
    expect(root.querySelector("[role=alert]")!.textContent).toBe(EVIL);
    expect(stopping.textContent).toContain("stop writing");
    stopping.click();
    expect(model.sent).toEqual([{ do: "stop", slider: 0 }]);
    stop();
  });

  it("keeps what is typed while the model writes", () => {
    const { root, model, stop } = opened();
    figures(root)[1].value = ""; // to write another number there
    const [temperature] = [...root.querySelectorAll<HTMLInputElement>(".mi-settings input")];
    temperature.value = "";
    model.set("steered", { pieces: [[" Il", false]], writing: true, error: "" });
    model.set("_said", { error: "", busy: "writing" });
    model.set("_data", effect([0.25, NaN], [NaN, NaN]));
    expect([figures(root)[1].value, temperature.value]).toEqual(["", ""]);
    model.set("scales", [0, 1]);
    expect([figures(root)[1].value, temperature.value]).toEqual(["1", ""]);
    stop();
  });

  it("shows what a push does alone where no panel answers", () => {
    const alone = { sliders: [], scales: [], offered: {}, settings: {}, prompt: null };
    const header = { title: "What steering does", model: EVIL, unit: "nats", warnings: [] };
    const { root, model, stop } = opened({ ...alone, _header: header, _data: effect([3, 0.1], [NaN, NaN]) });
    expect(root.querySelector(".mi-body")!.textContent).toBe(
      "effect: next token moved by 3.00 nats control: random direction of the same norm next token moved by 0.10 nats ",
    );
    expect(root.querySelector(".mi-header")!.textContent).toContain(`What steering does${EVIL}✓`);
    expect([...root.querySelectorAll(".mi-actions .mi-button")].map((button) => button.textContent)).toEqual([
      "copy codeC",
      "?",
    ]);
    expect(root.querySelector("[aria-live]")!.textContent).toContain("effect: next token moved by 3.00 nats");
    expect(root.querySelectorAll("input, select, textarea, img, svg")).toHaveLength(0);
    stop();
    expect(model.listening).toBe(0);
  });

  it("says that the kernel is gone, and throws nothing", () => {
    const { root, model, stop } = opened();
    model.save_changes = () => {
      throw new Error("the comm is closed");
    };
    input(ranges(root)[0], "1");
    expect(root.querySelector("[role=alert]")!.textContent).toBe("The kernel is gone: run the cell again.");
    stop();
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), new FakeModel(state())));
});
