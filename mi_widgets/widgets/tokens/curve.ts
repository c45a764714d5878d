/** The numbers over the positions: where in a long text something happens. */
import { type AxisScale, nearest, roundLinear, wholeLinear } from "../_shared/axis_scale";
import { DASHES, type Line, LineChart, nameRoom, textWidth } from "../_shared/line_chart";
import type { Scale } from "../_shared/scale";
import type { Text } from "./store";

const HEIGHT = 116;

export class Curve {
  readonly chart = new LineChart();
  private pos: number[] = [];
  private x: AxisScale = wholeLinear(0, 1);

  draw(text: Text, names: string[], pos: number[], scale: Scale, width: number): void {
    this.pos = pos;
    this.x = wholeLinear(pos[0], pos[pos.length - 1]);
    const y = roundLinear(scale.low, scale.high, 4);
    const lines = names.map((name, i): Line => {
      const kind = i ? "control" : "main";
      const named = names.length > 1 ? name : "";
      return {
        name: named,
        x: pos,
        y: text.rows[i].codes,
        kind,
        dash: i ? DASHES[(i - 1) % DASHES.length] : undefined,
      };
    });
    const left = Math.max(...y.ticks(4).map(({ label }) => textWidth(label))) + 10;
    const right = nameRoom(lines, 0.3 * width);
    this.chart.draw({ lines, x: this.x, y, width, height: HEIGHT, left, right });
  }

  /** The index of the token under the pointer. */
  at(event: MouseEvent): number {
    return nearest(this.pos, this.x, this.chart.place(event));
  }
}
