/** The numbers along the cosine and the sine of one frequency, joined in the order of their angles. */
import { everyNth } from "../_shared/thinning";
import { css, type Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { PlaneAxes } from "../_shared/plane";
import { change, svg } from "../_shared/svg";
import { type Circle, ring } from "./spectrum";

export interface CircleState extends Circle {
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
  readonly element = el("div", { class: "mi-circle", role: "img" });
  private picture = svg("svg", { class: "mi-chart", "aria-hidden": "true" });
  private axes = new PlaneAxes();
  private line = svg("path", { class: "mi-circle-line" });
  private dots = svg("g");
  private names = svg("g");
  private over = svg("g"); // the number under the pointer
  private points: SVGCircleElement[] = [];
  private state?: CircleState;
  private order: number[] = [];
  private lit?: number;
  private drawn = "";

  constructor() {
    this.picture.append(this.axes.element, this.line, this.dots, this.names, this.over);
    this.element.append(this.picture);
  }

  draw(state: CircleState): void {
    this.state = state;
    this.frameIt(state);
    const [x, y] = [state.x, state.y];
    this.points.forEach((point, n) => {
      const known = this.known(n);
      change(point, {
        cx: known ? this.left(x[n]) : 0,
        cy: known ? this.top(y[n]) : 0,
        visibility: known ? undefined : "hidden",
      });
    });
    const path = this.order
      .filter((n) => this.known(n))
      .map((n) => `${this.left(x[n]).toFixed(1)} ${this.top(y[n]).toFixed(1)}`);
    change(this.line, { d: path.length ? `M${path.join("L")}z` : "" });
    this.drawNames();
    this.light(this.lit);
  }

  /** What a reader of the screen is told. */
  describe(text: string): void {
    this.element.setAttribute("aria-label", text);
  }

  /** The number nearest to a point of the page, if it is near. */
  at(event: MouseEvent): number | undefined {
    if (!this.state) return undefined;
    const box = this.picture.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least]: [number | undefined, number] = [undefined, REACH];
    for (let n = 0; n < this.points.length; n++) {
      const away = Math.hypot(this.left(this.state.x[n]) - px, this.top(this.state.y[n]) - py);
      if (away < least) [best, least] = [n, away];
    }
    return best;
  }

  /** The number that comes next on the circle. */
  next(n: number): number {
    return this.order[(this.order.indexOf(n) + 1) % this.order.length];
  }

  light(n: number | undefined): void {
    this.lit = n;
    this.over.replaceChildren();
    if (n === undefined || !this.state || !this.known(n)) return;
    const [cx, cy] = [this.left(this.state.x[n]), this.top(this.state.y[n])];
    this.over.append(
      svg("circle", { class: "mi-circle-lit", cx, cy, r: RADIUS + 3 }),
      this.name(n, "mi-circle-lit-name"),
    );
  }

  private known(n: number): boolean {
    const { x, y } = this.state!;
    return Number.isFinite(x[n]) && Number.isFinite(y[n]);
  }

  // -- places, in CSS pixels ----------------------------------------------------------------------------------------

  private left(x: number): number {
    return this.axes.left(x);
  }

  private top(y: number): number {
    return this.axes.top(y);
  }

  private away(n: number, other: number): number {
    const { x, y } = this.state!;
    return Math.hypot(this.left(x[n]) - this.left(x[other]), this.top(y[n]) - this.top(y[other]));
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  /** What stays while the steps go by: the axes, the points' colours, their order. */
  private frameIt({ frequency, reach, side, theme, x }: CircleState): void {
    const drawn = [frequency, reach, side, theme, x.length].join(" ");
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.order = ring(frequency, x.length);
    this.axes.set(reach * EDGE, side);
    change(this.picture, { width: side, height: this.axes.height });
    const level = (n: number) => Math.round((n / Math.max(1, x.length - 1)) * TOP_LEVEL);
    this.points = Array.from(x, (_, n) => svg("circle", { r: RADIUS, fill: css("viridis", theme, level(n)) }));
    this.dots.replaceChildren(...this.points);
  }

  /** Numbers beside the points, one in so many along the circle that none touch. */
  private drawNames(): void {
    const { x, y } = this.state!;
    let radius = 0;
    for (let n = 0; n < x.length; n++) if (this.known(n)) radius += Math.hypot(x[n], y[n]) / x.length;
    const around = 2 * Math.PI * this.axes.pixels(radius);
    const every = around > 0 ? everyNth(x.length, around / x.length, APART) : x.length;
    const wished = this.order.filter((n, i) => i % every === 0 && i + every <= x.length && this.known(n));
    const named: number[] = [];
    for (const n of wished) if (named.every((other) => this.away(n, other) >= APART / 2)) named.push(n);
    this.names.replaceChildren(...named.map((n) => this.name(n)));
  }

  /** A number, outside of its point as seen from the middle. */
  private name(n: number, style?: string): SVGTextElement {
    const { x, y } = this.state!;
    const size = Math.hypot(x[n], y[n]) || 1;
    const away = RADIUS + 9;
    const at = { x: this.left(x[n]) + (away * x[n]) / size, y: this.top(y[n]) - (away * y[n]) / size };
    return svg("text", { class: style, ...at, "text-anchor": "middle", "dominant-baseline": "central" }, String(n));
  }
}
