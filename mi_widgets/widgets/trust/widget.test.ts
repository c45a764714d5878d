import { beforeAll, describe, expect, it } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown } from "../_shared/fakes";
import { axis, labelled, whole } from "../_shared/packed";
import { press } from "../_shared/reader";
import type { Check } from "./checks";
import widget from "./widget";

const check = (name: string, status: Check["status"], more: Partial<Check> = {}): Check => ({
  label: name,
  name,
  status,
  seen: `seen ${name}`,
  sites: "",
  ...more,
});

const WARNING = check("w", "warning", { seen: EVIL, sites: `pattern[0], ${EVIL}` });
const HELD = "abcdefg".split("").map((name) => check(name, "ok"));

function fakeModel(checks: Check[] = [WARNING, check(EVIL, "note"), ...HELD], more: Record<string, unknown> = {}) {
  const warnings = checks.filter(({ status }) => status === "warning").map(({ name, seen }) => `${name}: ${seen}`);
  return new FakeModel({
    selection: { check: null },
    _choices: { check: [...checks.map(({ label }) => label), null] },
    _code: "view",
    _links: [],
    _header: { title: EVIL, model: EVIL, checks: `${checks.length} checks`, warnings },
    _data: report(checks, warnings.length ? "" : "Nothing to beware of"),
    ...more,
  });
}

/** What the kernel sends of some checks. */
function report(checks: Check[], summary = "") {
  const axes = [
    axis(
      "check",
      checks.map(({ label }) => label),
    ),
  ];
  const places = whole([checks.length], [...checks.keys()]);
  const texts = (name: keyof Check) => ({
    axes: ["check"],
    values: places,
    texts: checks.map((one) => String(one[name])),
  });
  const variables = { name: texts("name"), status: texts("status"), seen: texts("seen"), sites: texts("sites") };
  return labelled(axes, variables, { collapses: checks.filter(({ status }) => status === "ok").length > 6, summary });
}

beforeAll(fakePage);

const rows = (root: Element) => [...root.querySelectorAll<HTMLElement>(".mi-check")].filter((row) => !row.hidden);
const fold = (root: Element) => root.querySelector<HTMLElement>(".mi-fold")!;
const marked = (root: Element) => rows(root).map((row) => row.getAttribute("aria-selected") === "true");
const reached = (root: Element) =>
  rows(root)
    .filter((row) => row.tabIndex === 0)
    .map((row) => row.textContent!);
const isOpen = (root: Element) => fold(root).getAttribute("aria-expanded") === "true";

describe("the widget", () => {
  it("says how many checks there are, and what to beware of", () => {
    const { element, root, stop } = shown(widget(), fakeModel());
    expect(root.dataset.painted).toBe("1");
    expect(root.querySelector(".mi-state")!.textContent).toBe("⚠ 9 checks, 1 warning");
    expect(root.querySelector<HTMLElement>(".mi-summary")!.hidden).toBe(true);
    const calm = shown(widget(), fakeModel(HELD));
    expect(calm.root.querySelector(".mi-state")!.textContent).toBe("✓ 7 checks");
    expect(calm.root.querySelector<HTMLElement>(".mi-summary")!.hidden).toBe(false);
    expect(calm.root.querySelector(".mi-summary")!.textContent).toContain("Nothing to beware of");
    calm.stop();
    stop();
    expect(element.children).toHaveLength(0);
  });

  it("folds what held into one line, which opens by click and by key", () => {
    const { root, stop } = shown(widget(), fakeModel());
    expect(rows(root).map((row) => row.querySelector(".mi-mark")!.textContent)).toEqual(["✗", "•", "▸"]);
    expect(fold(root).textContent).toContain("7 checks held");
    fold(root).click();
    expect(rows(root)).toHaveLength(10);
    expect(isOpen(root)).toBe(true);
    expect(rows(root)[9].getAttribute("aria-level")).toBe("2");
    for (const [key, open] of [
      ["Enter", false],
      [" ", true],
      ["ArrowLeft", false],
      ["ArrowRight", true],
      ["ArrowRight", true],
    ] as const) {
      press(fold(root), key);
      expect(isOpen(root)).toBe(open);
    }
    stop();
  });

  it("shows all where few held", () => {
    const { root, stop } = shown(widget(), fakeModel(HELD.slice(1)));
    expect(fold(root)).toBeNull();
    expect(rows(root)).toHaveLength(6);
    expect(rows(root)[0].getAttribute("aria-level")).toBe("1");
    stop();
  });

  it("selects by click and by key, and lets everything go", () => {
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    rows(root)[1].click();
    expect(model.get("selection")).toEqual({ check: EVIL });
    expect(marked(root)).toEqual([false, true, false]);
    const steps: [string, string | null][] = [
      ["ArrowUp", "w"],
      ["ArrowUp", "w"],
      ["End", "w"],
      ["Escape", null],
      ["Home", "w"],
    ];
    for (const [key, name] of steps) {
      press(root, key);
      expect(model.get("selection").check).toBe(name); // the last line is the fold, which is no check
    }
    press(root, "End");
    press(fold(root), "Enter");
    press(root, "ArrowDown");
    expect(model.get("selection").check).toBe("a");
    const saved = model.saved;
    press(root, "ArrowUp"); // onto the fold
    expect(model.saved).toBe(saved);
    stop();
    expect(model.listening).toBe(0);
  });

  it("starts from the ends where nothing is selected", () => {
    for (const [key, name] of [
      ["ArrowDown", "w"],
      ["ArrowUp", EVIL],
    ]) {
      const model = fakeModel([WARNING, check(EVIL, "note")]);
      const { root, stop } = shown(widget(), model);
      press(root, key);
      expect(model.get("selection").check).toBe(name);
      stop();
    }
  });

  it("brings to light what the kernel selects, and lets it be folded away again", () => {
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    expect(reached(root)[0]).toContain(EVIL); // Tab leads to the first line
    model.set("selection", { check: "c" });
    expect(isOpen(root)).toBe(true);
    expect(reached(root)).toEqual(["✓cseen c"]);
    fold(root).click();
    expect(isOpen(root)).toBe(false);
    expect(model.get("selection").check).toBe("c");
    expect(fold(root).classList.contains("mi-within")).toBe(true);
    model.set("selection", { check: "w" });
    expect(isOpen(root)).toBe(false);
    expect(fold(root).classList.contains("mi-within")).toBe(false);
    stop();
    const opened = shown(widget(), fakeModel(undefined, { selection: { check: "d" } }));
    expect(isOpen(opened.root)).toBe(true);
    opened.stop();
  });

  it("goes from a line of what held to the fold, and tells a reader of every line", () => {
    const model = fakeModel(undefined, { selection: { check: "b" } });
    const { root, stop } = shown(widget(), model);
    press(rows(root)[4], "ArrowLeft");
    expect(isOpen(root)).toBe(true);
    expect(reached(root)[0]).toContain("7 checks held");
    expect(rows(root).map((row) => row.getAttribute("aria-label"))).toEqual([
      `warning: w: ${EVIL} (pattern[0], ${EVIL})`,
      `note: ${EVIL}: seen ${EVIL}`,
      "7 checks held",
      ...HELD.map(({ name }) => `held: ${name}: seen ${name}`),
    ]);
    stop();
  });

  it("draws another report that was sent", () => {
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    model.set("_header", { title: "Trust", model: "m", checks: "1 check", warnings: [] });
    model.set("_choices", { check: ["z", null] });
    model.set("_data", report([check("z", "ok")]));
    expect(rows(root).map((row) => row.textContent)).toEqual(["✓zseen z"]);
    expect(root.querySelector(".mi-state")!.textContent).toBe("✓ 1 check");
    model.set("selection", { check: "gone" });
    expect(marked(root)).toEqual([false]);
    model.set("_header", { title: "Trust", model: "m", checks: "no checks", warnings: ["nothing was checked"] });
    model.set("_choices", { check: [null] });
    model.set("_data", report([], "Nothing was checked"));
    expect(root.querySelector(".mi-summary")!.textContent).toBe("✗Nothing was checked");
    for (const key of ["ArrowDown", "ArrowUp", "End"]) press(root, key);
    expect(model.get("selection")).toEqual({ check: "gone" });
    stop();
  });

  it("lights up the check that a linked view points at, and says its own", () => {
    const [model, other] = [fakeModel(undefined, { _links: ["a"] }), fakeModel(undefined, { _links: ["a"] })];
    const { root, stop } = shown(widget(), model);
    const point = (labels: object) =>
      document.dispatchEvent(new CustomEvent("mi-linked-hover", { detail: { from: other, links: ["a"], labels } }));
    const lit = () => rows(root).map((row) => row.classList.contains("mi-lit"));
    point({ check: "w" });
    expect(lit()).toEqual([true, false, false]);
    point({});
    expect(lit()).toEqual([false, false, false]);
    const heard: unknown[] = [];
    document.addEventListener("mi-linked-hover", (event) => heard.push((event as CustomEvent).detail.labels));
    rows(root)[0].dispatchEvent(new Event("pointerover", { bubbles: true }));
    rows(root)[0].firstChild!.dispatchEvent(new Event("pointerover", { bubbles: true }));
    rows(root)[2].dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(heard).toEqual([{ check: "w" }, {}]);
    stop();
  });

  it("shows names, sentences and sites as text and nothing else", () => {
    const { root, element, stop } = shown(widget(), fakeModel());
    expect(rows(root)[0].querySelector(".mi-seen")!.textContent).toBe(`${EVIL} pattern[0], ${EVIL}`);
    expect(rows(root)[0].querySelector("code")!.textContent).toBe(`pattern[0], ${EVIL}`);
    expect(rows(root)[1].querySelector(".mi-check-name")!.textContent).toBe(EVIL);
    expect(element.querySelectorAll("img, script")).toHaveLength(0);
    stop();
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
