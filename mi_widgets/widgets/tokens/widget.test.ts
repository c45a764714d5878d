import { beforeAll, describe, expect, it } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown } from "../_shared/fakes";
import { axis, floats, labelled } from "../_shared/packed";
import { press } from "../_shared/reader";
import widget from "./widget";

/** Two prompts of three positions at two steps; the second prompt is padded. Values: line, step, prompt, position. */
function fakeModel(more: Record<string, unknown> = {}) {
  return new FakeModel({
    selection: { batch: 0, pos: null, step: 50 },
    _choices: { batch: [0, 1], pos: [4, 5, 6, null], step: [0, 50] },
    _code: "view",
    _links: [],
    _header: { title: EVIL, model: "m", unit: "nats", warnings: [EVIL] },
    _data: labelled(
      [
        axis("line", [0, 1]),
        axis("step", [0, 50]),
        axis("batch", [0, 1]),
        axis("pos", [4, 5, 6], {
          texts: [
            ["<bos>", " a", EVIL],
            ["<bos>", " c", ""],
          ],
          by: "batch",
          tokens: true,
        }),
      ],
      { values: floats([2, 2, 2, 3], (i) => (i % 3 === 0 ? NaN : i / 10), 0, 2.3) },
      { names: ["m", EVIL] },
    ),
    ...more,
  });
}

beforeAll(fakePage);

const tokens = (root: Element, line = 0) => [...root.querySelectorAll(".mi-strip")[line].children] as HTMLElement[];
const said = (root: Element) => root.querySelector(".mi-sentence")!.textContent!;

describe("the widget", () => {
  it("selects tokens by click and by key, skips padding, and lets everything go", () => {
    const model = fakeModel();
    const { element, root, stop } = shown(widget(), model);
    expect(root.dataset.painted).toBe("1");
    tokens(root, 1)[1].click();
    expect(model.get("selection")).toEqual({ batch: 0, pos: 5, step: 50 });
    const steps: [string, number | null][] = [
      ["ArrowRight", 6],
      ["ArrowRight", 6],
      ["Home", 4],
      ["ArrowLeft", 4],
      ["End", 6],
      ["Escape", null],
      ["ArrowLeft", 6],
    ];
    for (const [key, pos] of steps) {
      press(root, key);
      expect(model.get("selection").pos).toBe(pos);
    }
    press(root, "]");
    expect(model.get("selection")).toEqual({ batch: 1, pos: null, step: 50 });
    press(root, "End");
    expect(model.get("selection").pos).toBe(5); // 6 is padding
    press(root, ",");
    expect(model.get("selection").step).toBe(0);
    stop();
    expect(element.children).toHaveLength(0);
    expect(model.listening).toBe(0);
  });

  it("says the values of the selected token, or the means", () => {
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    expect(said(root)).toBe(`Mean of 2 tokens: 0.75 nats (${EVIL}: 1.95)`);
    press(root, "Home");
    expect(said(root)).toBe(`Token 4 <bos>: none (${EVIL}: none)`);
    press(root, "ArrowRight");
    expect(said(root)).toBe(`Token 5 ·a: 0.70 nats (${EVIL}: 1.90)`);
    model.set("selection", { batch: 1, pos: 5, step: 0 });
    expect(said(root)).toBe(`Token 5 ·c: 0.40 nats (${EVIL}: 1.60)`);
    stop();
  });

  it("colours every line by one scale, and what has no number not at all", () => {
    const { root, stop } = shown(widget(), fakeModel());
    const colours = (line: number) => tokens(root, line).map((token) => token.style.background);
    expect(colours(0)[0]).toBe("transparent");
    expect(new Set([...colours(0), ...colours(1)]).size).toBe(5); // no two numbers are equal, and NaN is one colour
    stop();
  });

  it("tells it in a table, without the padding", () => {
    const { root, stop } = shown(widget(), fakeModel({ selection: { batch: 1, pos: 5, step: 50 } }));
    press(root, "t");
    const rows = [...root.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
    expect(rows).toEqual([
      ["4", "<bos>", "none", "none"],
      ["5", "·c", "1.00", "2.20"],
    ]);
    expect(root.querySelector("tr[aria-current]")!.firstChild!.textContent).toBe("5");
    stop();
  });

  it("lights up the token that a linked view points at as its query, and says its own", () => {
    const [model, other] = [fakeModel({ _links: ["a"] }), fakeModel({ _links: ["a"] })];
    const { root, stop } = shown(widget(), model);
    const lit = () => tokens(root, 1).map((token) => token.classList.contains("mi-lit"));
    const point = (labels: object) =>
      document.dispatchEvent(new CustomEvent("mi-linked-hover", { detail: { from: other, links: ["a"], labels } }));
    point({ query: 5 });
    expect(lit()).toEqual([false, true, false]);
    point({ query: 99 });
    expect(lit()).toEqual([false, false, false]);
    const heard: unknown[] = [];
    document.addEventListener("mi-linked-hover", (event) => heard.push((event as CustomEvent).detail.labels));
    tokens(root)[2].dispatchEvent(new Event("pointerover", { bubbles: true }));
    tokens(root)[2].dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(heard).toEqual([{ pos: 6 }]);
    stop();
  });

  it("shows tokens and names as text and nothing else", () => {
    const { root, element, stop } = shown(widget(), fakeModel());
    press(root, "t");
    press(root, "End");
    tokens(root)[2].dispatchEvent(new Event("pointerover", { bubbles: true }));
    expect(element.querySelector(".mi-tooltip")!.textContent).toContain("<img");
    expect(element.querySelectorAll("img, script")).toHaveLength(0);
    stop();
  });

  it("draws another text that was sent", () => {
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    model.set("_header", { title: "Other", model: "m", unit: "bits", warnings: [EVIL, "b"] });
    model.set("_choices", { batch: [0], pos: [0, 1, null] });
    model.set(
      "_data",
      labelled(
        [
          axis("line", [0]),
          axis("batch", [0]),
          axis("pos", [0, 1], { texts: [["x", "y"]], by: "batch", tokens: true }),
        ],
        { values: floats([1, 1, 2], (i) => i) },
        { names: ["m"] },
      ),
    );
    expect(tokens(root).map((token) => token.textContent)).toEqual(["x", "y"]);
    expect(said(root)).toBe("Mean of 2 tokens: 0.50 bits");
    expect(root.querySelector(".mi-state")!.textContent).toBe("⚠ 2 warnings");
    stop();
  });

  it("keeps what it can show when it is given a selection that it does not have", () => {
    const model = fakeModel();
    const { root, stop } = shown(widget(), model);
    model.set("selection", { batch: 9, pos: 99, step: 7 });
    expect(said(root)).toContain("Mean of 2 tokens: 0.75");
    stop();
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel()));
});
