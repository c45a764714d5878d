/** The norm of every frequency as a bar from 0; the bars stay where they are while the steps go by. */
import { thinned } from "../_shared/thinning";
import { untouched } from "../_shared/apart";
import { type AxisScale, roundLinear } from "../_shared/axis_scale";
import { el, setAttributes } from "../_shared/dom";
import { yGrid } from "../_shared/line_chart";
import { TEXT, textWidth, tickRoom } from "../_shared/lines";
import { change, svg } from "../_shared/svg";

export interface NormsState {
  frequencies: readonly number[];
  highest: number; // at any step
  width: number;
  height: number;
}

const TOP = 26; // room for the marker and the number of a key frequency
const BOTTOM = 20;
const DIAMOND = 3.5;

export class Norms {
  readonly element = el("div", { class: "mi-norms", tabindex: 0, role: "slider", "aria-label": "frequency" });
  private picture = svg("svg", { class: "mi-chart", "aria-hidden": "true" });
  private grid = svg("g", { class: "mi-chart-grid" });
  private under = svg("rect", { class: "mi-norm-under", visibility: "hidden" }); // the pointer
  private around = svg("rect", { class: "mi-norm-at" });
  private columns = svg("g");
  private markers = svg("g");
  private ticks = svg("g");
  private bars: SVGRectElement[] = [];
  private state?: NormsState;
  private y: AxisScale = roundLinear(0, 1);
  private left = 0;

  constructor() {
    this.picture.append(this.grid, this.under, this.around, this.columns, this.markers, this.ticks);
    this.element.append(this.picture);
  }

  draw(state: NormsState): void {
    this.state = state;
    this.y = roundLinear(0, state.highest, 4);
    this.left = tickRoom(this.y);
    change(this.picture, { width: state.width, height: state.height });
    this.grid.replaceChildren(...yGrid(this.y.ticks(4), (value) => this.top(value), this.left, state.width));
    this.bars = state.frequencies.map(() => svg("rect"));
    this.columns.replaceChildren(...this.bars);
  }

  /** Show the norms of a step, and which frequency is selected. */
  mark(norms: ArrayLike<number>, keys: ArrayLike<number>, at: number): void {
    if (!this.state) return;
    const bottom = this.top(0);
    const gap = Math.max(1, 0.22 * this.step);
    this.bars.forEach((bar, i) => {
      const top = this.top(norms[i] || 0); // none where there is no number
      const box = { x: this.x(i) + gap / 2, y: top, width: this.step - gap, height: bottom - top };
      change(bar, { ...box, class: `mi-norm${keys[i] ? " mi-norm-key" : ""}${i === at ? " mi-norm-chosen" : ""}` });
    });
    this.upright(this.around, at);
    this.drawMarkers(norms, keys);
    this.drawTicks(at);
  }

  /** Say what is selected to a reader of the screen. */
  describe(at: number, text: string): void {
    const { frequencies } = this.state!;
    const [min, max] = [frequencies[0], frequencies[frequencies.length - 1]];
    const ends = { "aria-valuemin": min, "aria-valuemax": max };
    setAttributes(this.element, { ...ends, "aria-valuenow": frequencies[at], "aria-valuetext": text });
  }

  /** Show which frequency the pointer is on. */
  point(at: number | undefined): void {
    if (at === undefined || !this.state) change(this.under, { visibility: "hidden" });
    else this.upright(this.under, at);
  }

  /** The index of the frequency at a point of the page, whatever its height. */
  at(event: MouseEvent): number | undefined {
    if (!this.state) return undefined;
    const x = event.clientX - this.picture.getBoundingClientRect().left;
    const place = Math.floor((x - this.left) / this.step);
    return place >= 0 && place < this.bars.length ? place : undefined;
  }

  // -- places, in CSS pixels ----------------------------------------------------------------------------------------

  private get step(): number {
    return Math.max(1, this.state!.width - this.left) / this.state!.frequencies.length;
  }

  private x(i: number): number {
    return this.left + i * this.step;
  }

  private top(value: number): number {
    const height = Math.min(1, this.y.place(value)); // one that has no end reaches the top
    return TOP + (1 - height) * (this.state!.height - TOP - BOTTOM);
  }

  private upright(box: SVGRectElement, i: number): void {
    const [y, end] = [TOP - 24, this.top(0) + 18];
    change(box, { x: this.x(i), y, width: this.step, height: end - y, visibility: "visible" });
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  /** A diamond over each key bar, and its number where there is room: colour alone would not tell everybody. */
  private drawMarkers(norms: ArrayLike<number>, keys: ArrayLike<number>): void {
    const { frequencies } = this.state!;
    const found = frequencies.map((_, i) => i).filter((i) => keys[i]);
    const middles = found.map((i) => this.x(i) + this.step / 2);
    const widths = found.map((i) => textWidth(String(frequencies[i])));
    const order = found.map((_, nth) => nth).sort((a, b) => (norms[found[b]] || 0) - (norms[found[a]] || 0));
    const named = untouched(middles, widths, order, 3);
    this.markers.replaceChildren(
      ...found.flatMap((i, nth) => {
        const [x, y] = [middles[nth], this.top(norms[i] || 0) - DIAMOND - 3];
        const d = `M${x} ${y - DIAMOND}l${DIAMOND} ${DIAMOND}l${-DIAMOND} ${DIAMOND}l${-DIAMOND} ${-DIAMOND}z`;
        const marker = svg("path", { class: "mi-norm-marker", d });
        if (!named.includes(nth)) return [marker];
        const at = { class: "mi-norm-name", x, y: y - DIAMOND - 3, "text-anchor": "middle" };
        return [marker, svg("text", at, String(frequencies[i]))];
      }),
    );
  }

  private drawTicks(at: number): void {
    const { frequencies } = this.state!;
    const room = Math.max(...frequencies.map((k) => textWidth(String(k)))) + 8;
    const y = this.top(0) + 6 + TEXT;
    this.ticks.replaceChildren(
      ...thinned(frequencies.length, this.step, room, [at]).map((i) => {
        const style = i === at ? "mi-norm-chosen-name" : undefined;
        return svg(
          "text",
          { class: style, x: this.x(i) + this.step / 2, y, "text-anchor": "middle" },
          String(frequencies[i]),
        );
      }),
    );
  }
}
