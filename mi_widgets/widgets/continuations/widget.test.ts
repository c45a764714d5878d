import { beforeAll, describe, expect, it } from "vitest";
import { checkKeys, EVIL, FakeModel, fakePage, shown } from "../_shared/fakes";
import type { Line } from "./store";
import widget from "./widget";

const line = (name: string, more: Partial<Line> = {}): Line => ({
  name,
  prompt: "When Mary and John",
  continuation: " went",
  likely: [
    [" went", 0.75],
    ["\n", 0.125],
  ],
  writing: false,
  error: "",
  ...more,
});

function fakeModel(lines: Line[]) {
  return new FakeModel({ _header: { title: "What it says", model: EVIL }, _lines: lines, _links: [] });
}

beforeAll(fakePage);

const rows = (root: Element) => [...root.querySelectorAll<HTMLElement>(".mi-line")];

describe("the widget", () => {
  it("shows prompt, continuation and likeliest tokens of every line", () => {
    const { root, element, stop } = shown(widget(), fakeModel([line("clean"), line("patched")]));
    expect([...root.querySelectorAll("dt")].map((name) => name.textContent)).toEqual(["clean", "patched"]);
    expect(rows(root)[0].querySelector(".mi-text")!.textContent).toBe("When Mary and John went");
    const items = [...rows(root)[0].querySelectorAll<HTMLElement>("li")];
    expect(items.map((item) => item.textContent)).toEqual(["·went0.75", "⏎0.13"]);
    expect(items[0].style.getPropertyValue("--mi-filled")).toBe("75.0%");
    stop();
    expect(element.children).toHaveLength(0);
  });

  it("draws new lines when they come, and says that it is still writing", () => {
    const model = fakeModel([line("clean", { writing: true, continuation: "" })]);
    const { root, stop } = shown(widget(), model);
    expect(rows(root)[0].getAttribute("aria-busy")).toBe("true");
    expect(root.querySelector(".mi-writing")).not.toBeNull();
    model.set("_lines", [line("clean", { continuation: " went home" })]);
    expect(rows(root)[0].textContent).toContain("went home");
    expect(root.querySelector(".mi-writing")).toBeNull();
    expect(root.querySelector("[aria-live]")!.textContent).toBe("clean:  went home");
    stop();
    expect(model.listening).toBe(0);
  });

  it("shows the end of a long prompt, an error as an alert, and hostile text as text", () => {
    const lines = [
      line(EVIL, { prompt: `${"a".repeat(300)}END`, continuation: EVIL, likely: [[EVIL, 1]] }),
      line("bad", { error: EVIL }),
    ];
    const { root, stop } = shown(widget(), fakeModel(lines));
    expect(root.querySelector(".mi-prompt")!.textContent).toMatch(/^…a+END$/);
    expect(root.querySelector("[role=alert]")!.textContent).toBe(EVIL);
    expect(root.querySelector("img")).toBeNull();
    stop();
  });
});

describe("keys", () => {
  it("are those of the table, and listed", () => checkKeys(widget(), fakeModel([])));
});
