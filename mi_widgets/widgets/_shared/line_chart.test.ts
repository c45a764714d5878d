import { describe, expect, it } from "vitest";
import { spread, untouched } from "./apart";
import { linear, nearest, roundLinear, symlog, wholeLinear } from "./axis_scale";
import { LineChart } from "./line_chart";
import { type Line, nameRoom, rangeOf, valueAt } from "./lines";
import { count, numberText } from "./numbers";

describe("the chart", () => {
  it("has gaps where there are no numbers, and shows a number between two gaps", () => {
    const chart = new LineChart();
    const line: Line = { name: "x", x: [0, 1, 2, 3, 4], y: [1, NaN, 2, NaN, NaN], kind: "main" };
    chart.draw({ lines: [line], x: linear(0, 4), y: linear(0, 2), width: 100, height: 100, left: 0, right: 0 });
    const path = chart.element.querySelector(".mi-line")!.getAttribute("d")!;
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path).not.toMatch(/NaN|L/);
    expect([valueAt(line, 2), valueAt(line, 7), valueAt({ ...line, x: [], y: [3] }, 7)]).toEqual([2, NaN, 3]);
  });

  const line = (name: string, y: number[], kind: Line["kind"]): Line => ({ name, x: [0, 1], y, kind });
  const drawn = (lines: Line[], right = 60) => {
    const chart = new LineChart();
    chart.draw({ lines, x: linear(0, 1), y: linear(0, 100), width: 300, height: 125, left: 40, right });
    return chart;
  };
  const names = (chart: LineChart) =>
    [...chart.element.querySelectorAll("[class^=mi-label]")].map((name) => name.textContent);

  it("names what is measured and what it is compared with, and the others where they stand alone", () => {
    const lines = [
      line("best", [0, 90], "main"),
      line("a", [0, 10], "quiet"),
      line("b", [0, 11], "quiet"),
      line("c", [0, 50], "quiet"),
    ];
    const chart = drawn([...lines, line("control", [0, 89], "control"), line("more", [0, 70], "other")]);
    expect(names(chart).sort()).toEqual(["best", "c", "control"]);
    chart.light(1);
    expect(names(chart)).toContain("a");
    chart.light(undefined);
    expect(names(chart)).not.toContain("a");
  });

  it("shortens names that have no room", () => {
    expect(names(drawn([line("a very long name of a line", [0, 1], "main")]))).toEqual(["a very …"]);
    expect(nameRoom([line("a very long name of a line", [0, 1], "main")], 90)).toBe(90);
  });

  it("marks the value of main lines alone, and none where there is none", () => {
    const chart = drawn([line("a", [NaN, 5], "main"), line("b", [1, 2], "control")]);
    const dots = () => chart.element.querySelectorAll(".mi-chart-dot").length;
    chart.mark(0);
    expect(dots()).toBe(0);
    chart.mark(1);
    expect(dots()).toBe(1);
    expect(chart.element.querySelector(".mi-chart-marker")!.getAttribute("visibility")).toBe("visible");
    chart.mark(undefined);
    expect(chart.element.querySelector(".mi-chart-marker")!.getAttribute("visibility")).toBe("hidden");
  });

  it("draws what has no end as far as the picture goes, and at no place what has none", () => {
    const chart = drawn([{ name: "level", x: [], y: [Infinity], kind: "control" }, line("a", [1, Infinity], "main")]);
    expect([...chart.element.querySelectorAll(".mi-line")].map((path) => path.getAttribute("d"))[0]).toBe("");
    for (const x of [1, NaN]) chart.mark(x);
    expect(chart.element.querySelectorAll(".mi-chart-dot")).toHaveLength(0);
    const columns = [0, 1].map((from) => ({ from, to: from + 1, height: from ? Infinity : 100 }));
    chart.draw({ lines: [], columns, x: linear(0, 2), y: linear(0, 100), width: 300, height: 125 });
    const tops = [...chart.element.querySelectorAll("rect")].map((rect) => rect.getAttribute("y"));
    expect(tops[1]).toBe(tops[0]);
    expect(chart.element.outerHTML).not.toMatch(/NaN|Infinity/);
  });

  it("finds the lines near the pointer, also between two of their numbers", () => {
    const chart = drawn([
      line("low", [0, 0], "main"),
      line("rising", [0, 100], "main"),
      line("none", [NaN, NaN], "main"),
    ]);
    const event = { clientX: 40 + 100, clientY: 7 + 50 } as MouseEvent; // the middle of the plot
    expect(chart.place(event)).toBeCloseTo(0.5);
    expect(chart.near(event)).toEqual([1, 0]);
    expect(chart.near(event, 10)).toEqual([1]);
  });
});

describe("scales", () => {
  it("have round ends and ticks", () => {
    const labels = (low: number, high: number) =>
      roundLinear(low, high)
        .ticks(5)
        .map(({ label }) => label);
    expect(labels(0.01, 0.75)).toEqual(["0.0", "0.2", "0.4", "0.6", "0.8"]);
    expect(labels(-0.4, 0.9)).toEqual(["−0.5", "0.0", "0.5", "1.0"]);
    expect(labels(3.1, 4.2)).toEqual(["3.0", "3.5", "4.0", "4.5"]);
    expect(roundLinear(Infinity, -Infinity).place(0.5)).toBe(0.5); // no numbers at all
    expect(roundLinear(7, 7).place(7)).toBeGreaterThan(0.5);
  });

  it("put every number inside, whatever they are", () => {
    for (const values of [[0], [5], [0, 100], [0, 1, 10, 1e6], [3, 40], [-2, 0, 9]]) {
      for (const scale of [linear(Math.min(...values), Math.max(...values)), symlog(values)]) {
        const places = values.map((value) => scale.place(value));
        expect(places.every((place) => place >= 0 && place <= 1)).toBe(true);
        expect(places).toEqual([...places].sort((a, b) => a - b));
        values.forEach((_, i) => expect(nearest(values, scale, places[i])).toBe(i));
      }
    }
  });

  it("have ticks at whole numbers alone, where they are of steps or positions", () => {
    const labels = (low: number, high: number) =>
      wholeLinear(low, high)
        .ticks(12)
        .map(({ label }) => label);
    expect(labels(0, 2)).toEqual(["0", "1", "2"]);
    expect(labels(600, 600)).toEqual(["600"]);
    expect(labels(0, 60)).toEqual(["0", "5", "10", "15", "20", "25", "30", "35", "40", "45", "50", "55", "60"]);
  });

  it("write numbers that are very small as powers of ten", () => {
    const labels = (low: number, high: number) =>
      roundLinear(low, high)
        .ticks(5)
        .map(({ label }) => label);
    expect(labels(0, 9e-10)).toEqual(["0", "2e-10", "4e-10", "6e-10", "8e-10", "1e-9"]);
    expect(labels(-1e-5, 1e-5)).toEqual(["−1e-5", "−5e-6", "0", "5e-6", "1e-5"]);
    expect(labels(0.5, 0.50004)[1]).toBe("0.50001");
  });

  it("hold all lines, however many numbers they have", () => {
    const many = new Float32Array(300_000).fill(0.5);
    many.set([-1, NaN, 3, Infinity]);
    const line = { name: "", x: [], kind: "main" } as const;
    expect(
      rangeOf([
        { ...line, y: many },
        { ...line, y: [NaN, 4] },
      ]),
    ).toEqual([-1, 4]);
    expect(rangeOf([{ ...line, y: [NaN] }])).toEqual([NaN, NaN]);
  });

  it("give 0 a place at the left edge of a logarithmic axis, and factors of ten the same width", () => {
    const scale = symlog([0, 10, 100, 1000]);
    expect(scale.place(0)).toBe(0);
    expect(scale.place(100) - scale.place(10)).toBeCloseTo(scale.place(1000) - scale.place(100));
    expect(symlog([10, 1000]).place(10)).toBe(0);
    expect(scale.ticks(3).map(({ label }) => label)).toEqual(["0", "10", "100", "1000"]);
  });
});

describe("labels", () => {
  it("never overlap, and stay inside", () => {
    for (const n of [1, 2, 7, 30]) {
      for (const make of [(i: number) => i * 3, () => 50, (i: number) => (i * 37) % 100, (i: number) => 100 - i]) {
        for (const must of [() => true, (i: number) => i < 3]) {
          const wishes = Array.from({ length: n }, (_, i) => ({ at: make(i), must: must(i) }));
          const places = spread(wishes, 12, 0, 100);
          const taken = places.filter((place) => place !== undefined).sort((a, b) => a - b);
          for (let i = 1; i < taken.length; i++) expect(taken[i] - taken[i - 1]).toBeGreaterThanOrEqual(12 - 1e-9);
          expect(taken.every((place) => place >= 0 && place <= 100)).toBe(true);
          wishes.forEach((wish, i) => wish.must && i < 9 && expect(places[i]).toBeDefined());
        }
      }
    }
  });

  it("that have no place are left out, and those that need not be written are not moved", () => {
    expect(
      spread(
        [
          { at: NaN, must: true },
          { at: 5, must: true },
          { at: 8, must: false },
          { at: 40, must: false },
        ],
        12,
        0,
        100,
      ),
    ).toEqual([undefined, 5, undefined, 40]);
  });

  it("on a line keep those that come first", () => {
    expect(untouched([0, 10, 20, 30], [18, 18, 18, 18], [2, 0, 1, 3], 1)).toEqual([0, 2]);
  });
});

describe("numbers", () => {
  it("are written for readers, as Python writes them", () => {
    const written = [0.7512, 6.3, 12.44, 250.4, 0.0041, 0, -0.5, 0.00002, NaN].map(numberText);
    expect(written).toEqual(["0.75", "6.30", "12.4", "250", "0.004", "0.00", "−0.50", "2e-5", "none"]);
    expect([0, 2000, 15_000, 1_500_000].map(count)).toEqual(["0", "2000", "15k", "1.5M"]);
  });
});
