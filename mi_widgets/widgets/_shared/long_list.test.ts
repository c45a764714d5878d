import { beforeAll, describe, expect, it, vi } from "vitest";
import { BarList } from "./bar_list";
import { EVIL, fakePage } from "./fakes";
import { linear } from "./axis_scale";
import { LineChart } from "./line_chart";
import { LongList, ROW } from "./long_list";

beforeAll(fakePage);

describe("a long list", () => {
  const row = (i: number) => ({ said: `row ${i}`, parts: [String(i)] });

  function scrolling(list: LongList, height: number) {
    Object.defineProperty(list.element, "clientHeight", { value: height });
    return (top: number) => {
      list.element.scrollTop = top;
      list.element.dispatchEvent(new Event("scroll"));
    };
  }

  const shown = (list: LongList) =>
    [...list.element.querySelectorAll(".mi-long-row")].map((row) => Number(row.textContent)).sort((a, b) => a - b);

  it("has the rows in sight on the page, and no others", () => {
    const list = new LongList("all", row, () => {});
    const scroll = scrolling(list, 10 * ROW);
    list.draw(10_000, 3);
    expect(shown(list)).toHaveLength(16);
    scroll(5000 * ROW);
    expect(shown(list)[0]).toBe(4994);
    expect(shown(list)).toHaveLength(22);
    const first = list.element.querySelector<HTMLElement>(".mi-long-row")!;
    expect(first.getAttribute("aria-setsize")).toBe("10000");
    expect(first.style.top).toBe(`${Number(first.textContent) * ROW}px`);
    expect(list.element.hasAttribute("aria-activedescendant")).toBe(false); // the marked row is far away
  });

  it("brings a row into sight, and says which is marked and picked", () => {
    const pick = vi.fn();
    const list = new LongList("all", row, pick);
    scrolling(list, 10 * ROW);
    list.draw(1000, undefined);
    list.reveal(500);
    list.mark(500);
    expect(list.element.scrollTop).toBe(491 * ROW);
    const marked = list.element.querySelector<HTMLElement>("[aria-selected=true]")!;
    expect([marked.textContent, list.element.getAttribute("aria-activedescendant")]).toEqual(["500", marked.id]);
    marked.click();
    expect(pick).toHaveBeenCalledWith(500);
    list.reveal(100);
    expect(list.element.scrollTop).toBe(100 * ROW);
    expect(list.page).toBe(9);
  });
});

describe("a list of bars", () => {
  it("shows names as text, bars by size, and what is picked", () => {
    const pick = vi.fn();
    const list = new BarList("tokens", { pick });
    const rows = [2, -1].map((value) => ({ name: EVIL, aside: "7", value, text: String(value), said: `x ${value}` }));
    list.draw({ rows, reach: 2, theme: "light", signed: true });
    list.mark(1);
    const items = [...list.element.children] as HTMLElement[];
    expect(items.map((item) => item.getAttribute("aria-selected"))).toEqual(["false", "true"]);
    expect(items[0].textContent).toBe(`7${EVIL}2`);
    expect(list.element.querySelectorAll("img")).toHaveLength(0);
    const fills = [...list.element.querySelectorAll<HTMLElement>(".mi-bar-fill")];
    expect(fills.map((fill) => fill.style.width)).toEqual(["100%", "50%"]);
    expect(fills[0].style.background).not.toBe(fills[1].style.background);
    items[1].click();
    expect(pick).toHaveBeenCalledWith(1);
  });
});

describe("columns of a chart", () => {
  it("stand on 0, as wide as their stretch of the axis", () => {
    const chart = new LineChart();
    const columns = [
      { from: 0, to: 2, height: 5 },
      { from: 2, to: 4, height: 10 },
    ];
    chart.draw({ lines: [], columns, x: linear(0, 4), y: linear(0, 10), width: 140, height: 125, left: 40, right: 0 });
    const [low, high] = [...chart.element.querySelectorAll(".mi-columns rect")].map((rect) =>
      ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name))),
    );
    expect(low).toEqual([40, 57, 49, 50]);
    expect(high).toEqual([90, 7, 49, 100]);
  });
});
