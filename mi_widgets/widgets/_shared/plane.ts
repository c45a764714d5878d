/** Points in a plane with the same scale along both axes and 0 in its middle: its frame, its grid, its gestures. */
import { linear } from "./axis_scale";
import { el } from "./dom";
import { change, svg } from "./svg";

/** NaN where there is no point. */
export interface Points {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

const ROOM = { left: 38, bottom: 22, top: 4, right: 4 }; // for the numbers at the axes

export function known({ x, y }: Points, i: number): boolean {
  return Number.isFinite(x[i]) && Number.isFinite(y[i]);
}

export class PlanePicture {
  readonly element: HTMLElement;
  private picture = svg("svg", { class: "mi-chart", "aria-hidden": "true" });
  private grid = svg("g", { class: "mi-chart-grid" });
  private reach = 1;
  private side = 0;

  /** @param style its class in CSS; @param layers what is drawn over the grid. */
  constructor(style: string, ...layers: Node[]) {
    this.picture.append(this.grid, ...layers);
    this.element = el("div", { class: style, role: "img" }, this.picture);
  }

  /** @param reach how far it goes from the middle; @param side its width with the numbers, in CSS pixels. */
  set(reach: number, side: number): void {
    if (reach === this.reach && side === this.side) return;
    [this.reach, this.side] = [reach, side];
    change(this.picture, { width: side, height: ROOM.top + 2 * this.half + ROOM.bottom });
    this.drawGrid();
  }

  /** What a reader of the screen is told. */
  describe(text: string): void {
    this.element.setAttribute("aria-label", text);
  }

  left(x: number): number {
    return ROOM.left + this.half + this.pixels(x);
  }

  top(y: number): number {
    return ROOM.top + this.half - this.pixels(y);
  }

  /** How long a length is, in CSS pixels. */
  pixels(length: number): number {
    return (this.half * length) / this.reach;
  }

  /** The index of the point nearest to a point of the page, if it is within so many CSS pixels. */
  nearest(event: MouseEvent, { x, y }: Points, within: number): number | undefined {
    const box = this.picture.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least]: [number | undefined, number] = [undefined, within];
    for (let i = 0; i < x.length; i++) {
      const away = Math.hypot(this.left(x[i]) - px, this.top(y[i]) - py);
      if (away < least) [best, least] = [i, away];
    }
    return best;
  }

  /** A text so many CSS pixels beyond a point, as seen from the middle. */
  beyond({ x, y }: Points, i: number, away: number, text: string, style?: string): SVGTextElement {
    const length = Math.hypot(x[i], y[i]) || 1;
    const at = { x: this.left(x[i]) + (away * x[i]) / length, y: this.top(y[i]) - (away * y[i]) / length };
    return svg("text", { class: style, ...at, "text-anchor": "middle", "dominant-baseline": "central" }, text);
  }

  private get half(): number {
    return Math.max(1, this.side - ROOM.left - ROOM.right) / 2;
  }

  private drawGrid(): void {
    const size = 2 * this.half;
    const parts: Node[] = [
      svg("rect", { class: "mi-plane-frame", x: ROOM.left, y: ROOM.top, width: size, height: size }),
    ];
    for (const { value, label } of linear(-this.reach, this.reach).ticks(6)) {
      const [x, y] = [Math.round(this.left(value)), Math.round(this.top(value))];
      const zero = value === 0 ? "mi-plane-zero" : undefined;
      parts.push(
        svg("line", { class: zero, x1: x, x2: x, y1: ROOM.top, y2: ROOM.top + size }),
        svg("line", { class: zero, x1: ROOM.left, x2: ROOM.left + size, y1: y, y2: y }),
        svg("text", { x, y: ROOM.top + size + 14, "text-anchor": "middle" }, label),
        svg("text", { x: ROOM.left - 6, y, "text-anchor": "end", "dominant-baseline": "central" }, label),
      );
    }
    this.grid.replaceChildren(...parts);
  }
}
