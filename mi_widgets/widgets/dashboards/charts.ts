/** How often which activation comes, and how dense this latent is among all of them. */
import { type AxisScale, linear, roundLinear, symlog } from "../_shared/axis_scale";
import { el } from "../_shared/dom";
import { type Column, LineChart } from "../_shared/line_chart";
import { textWidth } from "../_shared/lines";
import { count, numberText } from "../_shared/numbers";
import type { Lines } from "../_shared/result_view";
import { highest } from "../_shared/scale";
import type { Store } from "./store";
import { percent } from "./words";

const HEIGHT = 104;
const RIGHT = 8;

/** Columns over one axis, each with what is said of it where the pointer is. */
interface Counts {
  columns: (Column & { said: Lines })[];
  x: AxisScale;
  note: string;
  said: string; // to a reader of the screen
  marker?: number;
}

export class Histogram {
  readonly element: HTMLElement;
  private note = el("span", { class: "mi-facts" });
  private chart = new LineChart();
  private counts?: Counts;

  constructor(title: string, tip: (event: PointerEvent, lines?: Lines) => void) {
    this.element = el("figure", {}, el("figcaption", {}, el("strong", {}, title), this.note), this.chart.element);
    this.chart.element.addEventListener("pointermove", (event) => tip(event, this.at(event)));
    this.chart.element.addEventListener("pointerleave", (event) => tip(event));
  }

  draw(counts: Counts, width: number): void {
    this.counts = counts;
    const { columns, x } = counts;
    const y = roundLinear(0, Math.max(0, ...columns.map(({ height }) => height)), 3);
    const left = Math.max(...y.ticks(3).map(({ label }) => textWidth(label))) + 10;
    this.element.style.width = `${width}px`;
    this.note.textContent = counts.note;
    this.chart.draw({ lines: [], columns, x, y, width, height: HEIGHT, left, right: RIGHT });
    this.chart.describe(counts.said);
    this.chart.mark(counts.marker);
  }

  private at(event: PointerEvent): Lines | undefined {
    const { columns, x } = this.counts!;
    const place = this.chart.place(event);
    return columns.find(({ from, to }) => place >= x.place(from) && place <= x.place(to))?.said;
  }
}

/** One column between two edges and the next. @param said what is said of a column. */
function columnsBetween(edges: number[], counts: number[], said: (from: number, to: number, n: number) => Lines) {
  return counts.map((height, i) => {
    const [from, to] = [edges[i], edges[i + 1]];
    return { from, to, height, said: said(from, to, height) };
  });
}

/** How often a latent has which activation. */
export function activations(store: Store, latent: number): Counts {
  const [counts, peak] = [store.numbers("histogram", latent), highest([store.names.peak(latent)])];
  const edges = [...counts, 0].map((_, i) => (i * peak) / counts.length);
  const columns = columnsBetween(edges, counts, (from, to, n) => [
    ["activation", `${numberText(from)} to ${numberText(to)}`],
    ["tokens", count(n)],
  ]);
  const n = counts.reduce((sum, height) => sum + height, 0);
  const note = `above 0, at ${count(n)} tokens`;
  return { columns, x: linear(0, peak || 1), note, said: `activations from 0 to ${numberText(peak)} at ${n} tokens` };
}

/** How many latents have which density; those that never fire at the left. */
export function densities(store: Store, latent: number): Counts {
  const { edges, counts, never }: { edges: number[]; counts: number[]; never: number } = store.derived.densities;
  const columns = columnsBetween(edges, counts, (from, to, n) => [
    ["share of tokens", `${percent(from)} to ${percent(to)}`],
    ["latents", String(n)],
  ]);
  if (never) {
    const said: Lines = [["latents", `${never}, which never fire`]];
    columns.unshift({ from: 0, to: edges.length ? edges[0] / 2 : 1, height: never, said });
  }
  const all = store.get("density").tensor.codes;
  const marker = store.density(latent);
  const rank = all.filter((density) => density > marker).length + 1;
  return {
    columns,
    x: symlog(never ? [0, ...edges] : edges),
    note: `share of tokens, ${all.length} latents`,
    said: `${percent(marker)} of tokens: rank ${rank} of ${all.length}`,
    marker,
  };
}
