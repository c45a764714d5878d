/** How often which activation comes, and how dense this latent is among all of them. */
import { type AxisScale, linear, roundLinear, symlog } from "../_shared/axis_scale";
import { el } from "../_shared/dom";
import { type Column, LineChart, textWidth } from "../_shared/line_chart";
import { count, reading } from "../_shared/numbers";
import type { Store } from "./store";
import { percent } from "./words";

const HEIGHT = 104;
const BINS = 24; // of the densities
const RIGHT = 8;

/** A column, and what is said of it where the pointer is. */
interface Said extends Column {
  said: [string, string][];
}

type Tip = (event: PointerEvent, lines: [string, string][] | undefined) => void;

/** Columns over one axis, each of which says what it is where the pointer is. */
class Histogram {
  readonly element: HTMLElement;
  readonly note = el("span", { class: "mi-facts" });
  private chart = new LineChart();
  private columns: Said[] = [];
  private place: (value: number) => number = () => 0;

  constructor(title: string, tip: Tip) {
    this.element = el("figure", {}, el("figcaption", {}, el("strong", {}, title), this.note), this.chart.element);
    this.chart.element.addEventListener("pointermove", (event) => tip(event, this.at(event)?.said));
    this.chart.element.addEventListener("pointerleave", (event) => tip(event, undefined));
  }

  draw(columns: Said[], x: AxisScale, width: number, said: string): void {
    [this.columns, this.place] = [columns, x.place];
    const y = roundLinear(0, Math.max(0, ...columns.map(({ height }) => height)), 3);
    const left = Math.max(...y.ticks(3).map(({ label }) => textWidth(label))) + 10;
    this.element.style.width = `${width}px`;
    this.chart.draw({ lines: [], columns, x, y, width, height: HEIGHT, left, right: RIGHT });
    this.chart.describe(said);
  }

  mark(x: number | undefined): void {
    this.chart.mark(x);
  }

  private at(event: PointerEvent) {
    const place = this.chart.place(event);
    return this.columns.find(({ from, to }) => place >= this.place(from) && place <= this.place(to));
  }
}

export class Charts {
  readonly element: HTMLElement;
  private activations: Histogram;
  private densities: Histogram;
  private bins: Said[] = [];
  private axis: AxisScale = linear(0, 1);
  private binned?: number[];

  constructor(tip: Tip) {
    this.activations = new Histogram("Activations", tip);
    this.densities = new Histogram("Density", tip);
    this.element = el("div", { class: "mi-charts" }, this.activations.element, this.densities.element);
  }

  draw(store: Store, at: number, width: number): void {
    this.drawActivations(store, at, width);
    const { densities } = store;
    if (densities !== this.binned) [this.bins, this.axis] = [binsOf(densities), densityAxis(densities)];
    this.binned = densities;
    const density = densities[at];
    const rank = densities.filter((other) => other > density).length + 1;
    this.densities.note.textContent = `share of tokens, ${densities.length} latents`;
    this.densities.draw(
      this.bins,
      this.axis,
      width,
      `${percent(density)} of tokens: rank ${rank} of ${densities.length}`,
    );
    this.densities.mark(density);
  }

  private drawActivations(store: Store, at: number, width: number): void {
    const counts = store.histogram(at);
    const peak = store.names.peaks.at(at);
    const edge = (i: number) => (i * peak) / counts.length;
    const columns = counts.map((height, i): Said => ({
      from: edge(i),
      to: edge(i + 1),
      height,
      said: [
        ["activation", `${reading(edge(i))} to ${reading(edge(i + 1))}`],
        ["tokens", count(height)],
      ],
    }));
    const n = counts.reduce((sum, height) => sum + height, 0);
    this.activations.note.textContent = `above 0, at ${count(n)} tokens`;
    this.activations.draw(
      columns,
      linear(0, peak || 1),
      width,
      `activations from 0 to ${reading(peak)} at ${n} tokens`,
    );
  }
}

/** How many latents have which density: even in factors, and those that never fire at the left. */
export function binsOf(densities: readonly number[]): Said[] {
  const fire = densities.filter((density) => density > 0);
  const [low, high] = range(fire);
  const dead = densities.length - fire.length;
  const never: Said = {
    from: 0,
    to: fire.length ? low / 2 : 1,
    height: dead,
    said: [["latents", `${dead}, which never fire`]],
  };
  const n = high > low ? BINS : 1;
  const edge = (i: number) => low * (high / low) ** (i / n);
  const heights: number[] = Array(fire.length ? n : 0).fill(0);
  for (const density of fire) {
    const at = high > low ? Math.floor((n * Math.log(density / low)) / Math.log(high / low)) : 0;
    heights[Math.min(n - 1, at)]++;
  }
  const columns = heights.map((height, i): Said => ({
    from: edge(i),
    to: edge(i + 1),
    height,
    said: [
      ["share of tokens", `${percent(edge(i))} to ${percent(edge(i + 1))}`],
      ["latents", String(height)],
    ],
  }));
  return dead ? [never, ...columns] : columns;
}

/** The lowest and the highest, of any number of them. */
function range(numbers: readonly number[]): [number, number] {
  return numbers.reduce(
    ([low, high], number) => [Math.min(low, number), Math.max(high, number)],
    [Infinity, -Infinity],
  );
}

/** The axis on which densities lie. */
function densityAxis(densities: readonly number[]): AxisScale {
  const fire = densities.filter((density) => density > 0);
  const ends = fire.length ? range(fire) : [];
  return symlog(fire.length < densities.length ? [0, ...ends] : ends);
}
