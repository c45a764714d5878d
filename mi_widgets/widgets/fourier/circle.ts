/** The numbers along the cosine and the sine of one frequency, joined in the order of their angles. */
import { everyNth } from "../_shared/thinning";
import { css, type Theme } from "../_shared/colour";
import { known, PlanePicture, type Points } from "../_shared/plane";
import { change, svg } from "../_shared/svg";
import { ring } from "./spectrum";

export interface CircleState extends Points {
  frequency: number;
  reach: number; // the outermost number at any step
  side: number;
  theme: Theme;
}

const EDGE = 1.14; // as much room beyond the outermost number, for its name
const RADIUS = 3.6;
const APART = 26; // CSS pixels between numbers that are named
const REACH = 14; // how near the pointer must be
const TOP_LEVEL = 254;

export class CirclePicture {
  private line = svg("path", { class: "mi-circle-line" });
  private dots = svg("g");
  private names = svg("g");
  private over = svg("g"); // the number under the pointer
  readonly plane = new PlanePicture("mi-circle", this.line, this.dots, this.names, this.over);
  private points: SVGCircleElement[] = [];
  private state?: CircleState;
  private order: number[] = [];
  private drawn = "";

  draw(state: CircleState): void {
    this.state = state;
    this.frameIt(state);
    this.points.forEach((point, n) => {
      const [cx, cy] = known(state, n) ? this.place(n) : [0, 0];
      change(point, { cx, cy, visibility: known(state, n) ? undefined : "hidden" });
    });
    const path = this.order
      .filter((n) => known(state, n))
      .map((n) =>
        this.place(n)
          .map((at) => at.toFixed(1))
          .join(" "),
      );
    change(this.line, { d: path.length ? `M${path.join("L")}z` : "" });
    this.drawNames(state);
  }

  /** The number nearest to a point of the page, if it is near. */
  at(event: MouseEvent): number | undefined {
    return this.state && this.plane.nearest(event, this.state, REACH);
  }

  /** The number that comes next on the circle. */
  next(n: number): number {
    return this.order[(this.order.indexOf(n) + 1) % this.order.length];
  }

  light(n: number | undefined): void {
    this.over.replaceChildren();
    if (n === undefined || !this.state || !known(this.state, n)) return;
    const [cx, cy] = this.place(n);
    this.over.append(
      svg("circle", { class: "mi-circle-lit", cx, cy, r: RADIUS + 3 }),
      this.name(n, "mi-circle-lit-name"),
    );
  }

  /** Where a number is, in CSS pixels. */
  private place(n: number): [number, number] {
    return [this.plane.left(this.state!.x[n]), this.plane.top(this.state!.y[n])];
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  /** What stays while the steps go by: the axes, the points' colours, their order. */
  private frameIt({ frequency, reach, side, theme, x }: CircleState): void {
    const drawn = [frequency, reach, side, theme, x.length].join(" ");
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.order = ring(frequency, x.length);
    this.plane.set(reach * EDGE, side);
    const level = (n: number) => Math.round((n / Math.max(1, x.length - 1)) * TOP_LEVEL);
    this.points = Array.from(x, (_, n) => svg("circle", { r: RADIUS, fill: css("viridis", theme, level(n)) }));
    this.dots.replaceChildren(...this.points);
  }

  /** Numbers beside the points, one in so many along the circle that none touch. */
  private drawNames(state: CircleState): void {
    const { x, y } = state;
    let radius = 0;
    for (let n = 0; n < x.length; n++) if (known(state, n)) radius += Math.hypot(x[n], y[n]) / x.length;
    const around = 2 * Math.PI * this.plane.pixels(radius);
    const every = around > 0 ? everyNth(x.length, around / x.length, APART) : x.length;
    const wished = this.order.filter((n, i) => i % every === 0 && i + every <= x.length && known(state, n));
    const named: number[] = [];
    for (const n of wished) if (named.every((other) => this.away(n, other) >= APART / 2)) named.push(n);
    this.names.replaceChildren(...named.map((n) => this.name(n)));
  }

  private away(n: number, other: number): number {
    const [[x, y], [otherX, otherY]] = [this.place(n), this.place(other)];
    return Math.hypot(x - otherX, y - otherY);
  }

  private name(n: number, style?: string): SVGTextElement {
    return this.plane.beyond(this.state!, n, RADIUS + 9, String(n), style);
  }
}
