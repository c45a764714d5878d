/** A plane with the same scale along both axes and 0 in its middle: its frame, its grid, and where a point lies. */
import { linear } from "./axis_scale";
import { svg } from "./svg";

const ROOM = { left: 38, bottom: 22, top: 4, right: 4 }; // for the numbers at the axes

export class PlaneAxes {
  readonly element = svg("g", { class: "mi-chart-grid" });
  private reach = 1;
  private side = 0;

  /** @param reach how far it goes from the middle; @param side its width with the numbers, in CSS pixels. */
  set(reach: number, side: number): void {
    if (reach === this.reach && side === this.side) return;
    [this.reach, this.side] = [reach, side];
    this.draw();
  }

  /** How high it is with the numbers, in CSS pixels. */
  get height(): number {
    return ROOM.top + 2 * this.half + ROOM.bottom;
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

  private get half(): number {
    return Math.max(1, this.side - ROOM.left - ROOM.right) / 2;
  }

  private draw(): void {
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
    this.element.replaceChildren(...parts);
  }
}
