/** The features as vectors in the plane, with the circle of length 1. */
import { el } from "../_shared/dom";
import { PlaneAxes } from "../_shared/plane";
import { change, svg } from "../_shared/svg";

export interface VectorsState {
  names: readonly string[];
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  represented: readonly boolean[];
  at: number; // the selected one
  reach: number; // of the longest at any instance
  side: number;
}

const EDGE = 1.16; // as much room beyond the longest, for its name
const RADIUS = 3.6;
const AWAY = 11; // pixels from a tip to its name
const REACH = 16; // how near the pointer must be to a tip

export class Vectors {
  readonly element = el("div", { class: "mi-vectors", role: "img" });
  private picture = svg("svg", { class: "mi-chart", "aria-hidden": "true" });
  private axes = new PlaneAxes();
  private unit = svg("circle", { class: "mi-vectors-unit" });
  private lines = svg("g");
  private names = svg("g");
  private state?: VectorsState;
  private lit?: number;

  constructor() {
    this.picture.append(this.axes.element, this.unit, this.lines, this.names);
    this.element.append(this.picture);
  }

  draw(state: VectorsState): void {
    this.state = state;
    const { axes } = this;
    axes.set(state.reach * EDGE, state.side);
    change(this.picture, { width: state.side, height: axes.height });
    change(this.unit, { cx: axes.left(0), cy: axes.top(0), r: axes.pixels(1) });
    this.mark();
  }

  /** What a reader of the screen is told. */
  describe(text: string): void {
    this.element.setAttribute("aria-label", text);
  }

  /** Make one vector stand out. */
  light(i: number | undefined): void {
    if (i === this.lit) return;
    this.lit = i;
    if (this.state) this.mark();
  }

  /** The index of the feature whose tip is nearest to a point of the page, if it is near. */
  at(event: MouseEvent): number | undefined {
    if (!this.state) return undefined;
    const { left, top } = this.picture.getBoundingClientRect();
    const [px, py] = [event.clientX - left, event.clientY - top];
    let [best, least]: [number | undefined, number] = [undefined, REACH];
    for (const i of this.known) {
      const away = Math.hypot(this.axes.left(this.state.x[i]) - px, this.axes.top(this.state.y[i]) - py);
      if (away < least) [best, least] = [i, away];
    }
    return best;
  }

  /** The indices of those that have numbers. */
  private get known(): number[] {
    const { names, x, y } = this.state!;
    return names.map((_, i) => i).filter((i) => Number.isFinite(x[i]) && Number.isFinite(y[i]));
  }

  private mark(): void {
    const { at } = this.state!;
    const over = (i: number) => (i === this.lit ? 2 : i === at ? 1 : 0);
    const order = this.known.sort((a, b) => over(a) - over(b)); // the selected one is drawn over the others
    this.lines.replaceChildren(...order.flatMap((i) => this.vector(i)));
    const named = order.filter((i) => this.state!.represented[i] || over(i) > 0);
    this.names.replaceChildren(...named.map((i) => this.name(i)));
  }

  private style(name: string, i: number): string {
    const { represented, at } = this.state!;
    const off = represented[i] ? "" : " mi-vector-off";
    return `${name}${off}${i === at ? " mi-vector-at" : ""}${i === this.lit ? " mi-vector-lit" : ""}`;
  }

  private vector(i: number): Node[] {
    const { axes } = this;
    const [x, y] = [axes.left(this.state!.x[i]), axes.top(this.state!.y[i])];
    return [
      svg("line", { class: this.style("mi-vector", i), x1: axes.left(0), y1: axes.top(0), x2: x, y2: y }),
      svg("circle", { class: this.style("mi-vector-tip", i), cx: x, cy: y, r: RADIUS }),
    ];
  }

  /** Beyond the tip, as seen from the middle. */
  private name(i: number): Node {
    const { names, x, y } = this.state!;
    const length = Math.hypot(x[i], y[i]) || 1;
    const at = { x: this.axes.left(x[i]) + (AWAY * x[i]) / length, y: this.axes.top(y[i]) - (AWAY * y[i]) / length };
    const place = { ...at, "text-anchor": "middle", "dominant-baseline": "central" };
    return svg("text", { class: this.style("mi-vector-name", i), ...place }, names[i]);
  }
}
