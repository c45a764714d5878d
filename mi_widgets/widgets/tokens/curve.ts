/** The numbers over the positions: where in a long text something happens. */
import { type AxisScale, nearest, roundLinear, wholeLinear } from "../_shared/axis_scale";
import { LineChart } from "../_shared/line_chart";
import { DASHES, type Line } from "../_shared/lines";
import type { Text, Texts } from "./store";

const HEIGHT = 116;

export class Curve {
  readonly chart = new LineChart();
  private pos: number[] = [];
  private x: AxisScale = wholeLinear(0, 1);

  draw(text: Text, { names, pos, scale }: Texts, width: number): void {
    this.pos = pos;
    this.x = wholeLinear(pos[0], pos[pos.length - 1]);
    const y = roundLinear(scale.low, scale.high, 4);
    const lines = names.map((name, i): Line => {
      const line = { name: names.length > 1 ? name : "", x: pos, y: text.rows[i].codes };
      return i ? { ...line, kind: "control", dash: DASHES[(i - 1) % DASHES.length] } : { ...line, kind: "main" };
    });
    this.chart.draw({ lines, x: this.x, y, width, height: HEIGHT });
  }

  /** The index of the token under the pointer. */
  at(event: MouseEvent): number {
    return nearest(this.pos, this.x, this.chart.place(event));
  }
}
