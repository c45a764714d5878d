/** The features as vectors in the plane, with the circle of length 1. */
import { known, PlanePicture, type Points } from "../_shared/plane";
import { change, svg } from "../_shared/svg";
import type { Feature } from "./instances";

const EDGE = 1.16; // as much room beyond the longest, for its name
const RADIUS = 3.6;
const AWAY = 11; // pixels from a tip to its name
const REACH = 16; // how near the pointer must be to a tip

export class Vectors {
  private unit = svg("circle", { class: "mi-vectors-unit" });
  private lines = svg("g");
  private names = svg("g");
  readonly plane = new PlanePicture("mi-vectors", this.unit, this.lines, this.names);
  private tips: Points = { x: [], y: [] };
  private features: readonly Feature[] = [];
  private selected = 0;
  private lit?: number;

  /** @param selected the index of a feature; @param reach of the longest at any instance. */
  draw(tips: Points, features: readonly Feature[], selected: number, reach: number, side: number): void {
    Object.assign(this, { tips, features, selected });
    const { plane } = this;
    plane.set(reach * EDGE, side);
    change(this.unit, { cx: plane.left(0), cy: plane.top(0), r: plane.pixels(1) });
  }

  /** Make one vector stand out, or none. */
  light(lit: number | undefined): void {
    this.lit = lit;
    const over = (i: number) => (i === lit ? 2 : i === this.selected ? 1 : 0);
    const there = this.features.map((_, i) => i).filter((i) => known(this.tips, i));
    const order = there.sort((a, b) => over(a) - over(b)); // the selected one is drawn over the others
    this.lines.replaceChildren(...order.flatMap((i) => this.vector(i)));
    const named = order.filter((i) => this.features[i].represented || over(i) > 0);
    this.names.replaceChildren(...named.map((i) => this.name(i)));
  }

  /** The index of the feature whose tip is nearest to a point of the page, if it is near. */
  at(event: MouseEvent): number | undefined {
    return this.plane.nearest(event, this.tips, REACH);
  }

  private style(name: string, i: number): string {
    const off = this.features[i].represented ? "" : " mi-vector-off";
    return `${name}${off}${i === this.selected ? " mi-vector-at" : ""}${i === this.lit ? " mi-vector-lit" : ""}`;
  }

  private vector(i: number): Node[] {
    const { plane, tips } = this;
    const [x, y] = [plane.left(tips.x[i]), plane.top(tips.y[i])];
    return [
      svg("line", { class: this.style("mi-vector", i), x1: plane.left(0), y1: plane.top(0), x2: x, y2: y }),
      svg("circle", { class: this.style("mi-vector-tip", i), cx: x, cy: y, r: RADIUS }),
    ];
  }

  private name(i: number): Node {
    return this.plane.beyond(this.tips, i, AWAY, String(this.features[i].label), this.style("mi-vector-name", i));
  }
}
