/** The rank of the pinned token over the layers, at one position: 0, the likeliest, at the top. */
import { type AxisScale, nearest, wholeLinear } from "../_shared/axis_scale";
import { el } from "../_shared/dom";
import { LineChart } from "../_shared/line_chart";
import { DASHES, type Line, nameRoom, textWidth } from "../_shared/lines";
import { count } from "../_shared/numbers";
import { visible } from "../_shared/tokens";

const HEIGHT = 176;

export interface Curves {
  pinned: string;
  where: string; // "pos 13 ·to"
  layers: number[]; // the first one first, as in the ranks
  ranks: number[];
  control?: { name: string; ranks: number[] };
  worst: number;
}

/** An even scale of the logarithm of one more than the rank, upside down. */
export function rankScale(worst: number): AxisScale {
  const place = (rank: number) => 1 - Math.log1p(rank) / Math.log1p(worst);
  const values = [0];
  for (let rank = 1; rank <= worst; rank *= 10) values.push(rank);
  return { place, ticks: () => values.map((value) => ({ value, label: count(value) })) };
}

export class Curve {
  private chart = new LineChart();
  private name = el("code");
  private where = el("span", { class: "mi-facts" });
  readonly element = el(
    "figure",
    { class: "mi-lens-curve" },
    el("figcaption", {}, "rank of ", this.name, this.where),
    this.chart.element,
  );
  private layers: number[] = [];
  private x: AxisScale = wholeLinear(0, 1);

  /** @param pick called with the place of a layer, the first one 0; @param hover so too, undefined off the chart. */
  constructor(on: { pick(layer: number): void; hover(layer: number | undefined, event: PointerEvent): void }) {
    const at = (event: MouseEvent) => nearest(this.layers, this.x, this.chart.place(event));
    const { element } = this.chart;
    element.addEventListener("click", (event) => on.pick(at(event)));
    element.addEventListener("pointermove", (event) => on.hover(at(event), event));
    element.addEventListener("pointerleave", (event) => on.hover(undefined, event));
  }

  draw({ pinned, where, layers, ranks, control, worst }: Curves, width: number): void {
    this.layers = layers;
    this.x = wholeLinear(layers[0], layers[layers.length - 1]);
    const y = rankScale(worst);
    const lines: Line[] = [{ name: control ? visible(pinned) : "", x: layers, y: ranks, kind: "main" }];
    if (control) lines.push({ name: control.name, x: layers, y: control.ranks, kind: "control", dash: DASHES[0] });
    const left = Math.max(...y.ticks(5).map(({ label }) => textWidth(label))) + 10;
    this.chart.draw({ lines, x: this.x, y, width, height: HEIGHT, left, right: nameRoom(lines, 0.35 * width) });
    this.name.textContent = visible(pinned);
    this.where.textContent = ` at ${where}`;
  }

  /** What a reader of the screen is told. */
  describe(text: string): void {
    this.chart.describe(text);
  }

  /** Mark a layer, by its place from the first one. */
  mark(layer: number | undefined): void {
    this.chart.mark(layer === undefined ? undefined : this.layers[layer]);
  }

  point(layer: number | undefined): void {
    this.chart.point(layer === undefined ? undefined : this.layers[layer]);
  }
}
