/** The dimensions for each feature over the sparsity, with those of the known figures as dashed lines. */
import { type AxisScale, nearest, roundLinear, symlog, wholeLinear } from "../_shared/axis_scale";
import { LineChart } from "../_shared/line_chart";
import { DASHES, type Line, nameRoom, rangeOf } from "../_shared/lines";
import { numberText } from "../_shared/numbers";
import type { Instances } from "./instances";

const MAIN = "m/‖W‖²";
const HARDLY = 1.05; // what is hardly above 1 is drawn on an axis that ends there

export class Curve {
  readonly chart = new LineChart();
  private x?: AxisScale;

  constructor(private instances: Instances) {}

  draw(size: { width: number; height: number }): void {
    const { x, by_sparsity } = this.instances.derived;
    const lines = this.lines();
    const [, high] = rangeOf(lines);
    const y = roundLinear(0, high < HARDLY ? 1 : high, 5);
    this.x = by_sparsity ? symlog(x) : wholeLinear(Math.min(...x), Math.max(...x));
    this.chart.draw({ lines, x: this.x, y, right: nameRoom(lines, 0.42 * size.width), ...size });
  }

  mark(instance: number): void {
    const { x } = this.instances.derived;
    this.chart.mark(x[instance]);
    const [from, to] = [0, x.length - 1].map((i) => numberText(this.instances.perFeature[i]));
    const now = numberText(this.instances.perFeature[instance]);
    this.chart.describe(`Dimensions per feature, ${MAIN}: from ${from} to ${to}; at the selected instance ${now}`);
  }

  /** The index of the instance nearest to a point of the page. */
  at(event: MouseEvent): number {
    return nearest(this.instances.derived.x, this.x!, this.chart.place(event));
  }

  point(instance: number | undefined): void {
    this.chart.point(instance === undefined ? undefined : this.instances.derived.x[instance]);
  }

  private lines(): Line[] {
    const { x, curves, levels } = this.instances.derived;
    const order = x.map((_, i) => i).sort((a, b) => x[a] - x[b]); // a line goes from left to right
    const rising = (values: ArrayLike<number>) => order.map((i) => values[i]);
    const along = { x: rising(x) };
    return [
      ...levels.map(([name, value]): Line => ({ name, x: [], y: [value], kind: "control", dash: DASHES[0] })),
      ...curves.map((i): Line => ({
        name: `feature ${this.instances.features[i]}`,
        ...along,
        y: rising(this.instances.curve(i)),
        kind: "quiet",
      })),
      { name: MAIN, ...along, y: rising(this.instances.perFeature), kind: "main" },
    ];
  }

  /** Make the line of a feature stand out, by its index; or none. */
  light(feature: number | undefined): void {
    const { curves, levels } = this.instances.derived;
    const nth = feature === undefined ? -1 : curves.indexOf(feature);
    this.chart.light(nth < 0 ? undefined : levels.length + nth);
  }
}
