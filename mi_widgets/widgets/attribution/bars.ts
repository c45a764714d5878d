/** The largest terms as bars around 0, and one bar for all others. `bars.py` draws the same in the kernel. */
import { type AxisScale, roundLinear } from "../_shared/axis_scale";
import { css, type Theme } from "../_shared/colour";
import { el, setAttributes } from "../_shared/dom";
import { fittingName, textWidth } from "../_shared/lines";
import { type ColourScale, numberOnScale } from "../_shared/scale";
import { change, svg } from "../_shared/svg";

export interface Bar {
  name: string;
  numbers: number[]; // what it adds, and if there is a control what it adds there
  term?: string; // the others together have none
}

export interface BarsState {
  bars: readonly Bar[];
  off: (bar: Bar) => boolean; // whether its head is switched off
  said: (bar: Bar) => string; // for a reader of the screen
  whole: string; // what they add up to, as it is written
  scale: ColourScale;
  width: number;
  theme: Theme;
}

export const MOST = 20;
const ROW = 19;
const AXIS = 18;
const SUM = 24;
const EDGE = 5; // between the numbers and the right end
const LABELS = 0.4; // of the width, at most
const STRONG = 0.18; // the place of the colours of bars on the map, from either end
const REST = 1.5; // how much longer than the longest term the bar of the others may be
let made = 0; // for ids, which are the page's

export class Bars {
  readonly element = el("div", { class: "mi-bars", tabindex: 0, role: "listbox", "aria-label": "the largest terms" });
  private picture = svg("svg", { class: "mi-chart", role: "presentation" });
  private grid = svg("g", { class: "mi-chart-grid", "aria-hidden": "true" });
  private under = svg("rect", { class: "mi-bar-under", visibility: "hidden" }); // the pointer
  private rows = svg("g", { role: "presentation" });
  private around = svg("rect", { class: "mi-bar-at", visibility: "hidden" });
  private sum = svg("g", { class: "mi-bar-sum" });
  private state?: BarsState;
  private options: SVGGElement[] = [];
  private x: AxisScale = roundLinear(-1, 1);
  private reach = 1; // the number at either end of the axis
  private ends = { left: 0, right: 1 };
  private id = `mi-bars-${made++}`;

  constructor() {
    this.picture.append(this.grid, this.under, this.rows, this.around, this.sum);
    this.element.append(this.picture);
  }

  draw(state: BarsState): void {
    this.state = state;
    const { bars, width, whole, scale } = state;
    const height = bars.length * ROW;
    change(this.picture, { width, height: height + AXIS + SUM });
    const numbers = [...bars.map((bar) => this.number(bar)), whole].map(textWidth);
    const names = bars.map(({ name }) => textWidth(name));
    const left = Math.ceil(Math.min(LABELS * width, Math.max(...names))) + 10;
    this.ends = { left, right: Math.max(left + 40, width - Math.max(...numbers) - EDGE - 10) };
    // The others together may be far larger than any term.
    const rest = bars.filter(({ term }) => term === undefined).map(({ numbers: [value] }) => Math.abs(value) || 0);
    const reach = 1.02 * Math.max(scale.high, ...rest.map((value) => Math.min(value, REST * scale.high)));
    this.reach = reach;
    this.x = { ...roundLinear(-reach, reach, 6), place: (value) => (value / reach + 1) / 2 };
    this.drawGrid(height);
    this.options = bars.map((bar, i) => this.row(bar, i));
    this.rows.replaceChildren(...this.options);
    this.drawSum(height + AXIS);
    this.point(undefined);
  }

  /** Show which bar is selected. */
  mark(at: number | undefined): void {
    this.options.forEach((option, i) => {
      option.classList.toggle("mi-bar-chosen", i === at);
      option.setAttribute("aria-selected", String(i === at));
    });
    setAttributes(this.element, { "aria-activedescendant": at === undefined ? undefined : `${this.id}-${at}` });
    this.upright(this.around, at);
  }

  /** Show which bar the pointer is on, here or in a linked view. */
  point(at: number | undefined): void {
    this.upright(this.under, at);
  }

  /** The bar at a point of the page. */
  at(event: MouseEvent): number | undefined {
    const y = event.clientY - this.picture.getBoundingClientRect().top;
    const place = Math.floor(y / ROW);
    return place >= 0 && place < this.options.length ? place : undefined;
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private left(value: number): number {
    const { left, right } = this.ends;
    return left + Math.max(0, Math.min(1, this.x.place(value))) * (right - left);
  }

  private drawGrid(height: number): void {
    const ticks = this.x.ticks(6).filter(({ value }) => Math.abs(value) <= this.reach);
    this.grid.replaceChildren(
      ...ticks.flatMap(({ value, label }) => {
        const x = Math.round(this.left(value));
        const line = svg("line", { class: value === 0 ? "mi-bar-zero" : undefined, x1: x, x2: x, y1: 0, y2: height });
        return [line, svg("text", { x, y: height + 13, "text-anchor": "middle" }, label)];
      }),
    );
  }

  private row(bar: Bar, i: number): SVGGElement {
    const { width, theme, said } = this.state!;
    const [value, ...control] = bar.numbers;
    const off = this.state!.off(bar);
    const middle = (i + 0.5) * ROW;
    const [top, thick] = control.length ? [middle - 5.5, 7] : [middle - 5, 10];
    const name = fittingName(bar.name, this.ends.left - 10);
    const fill = css("diverging", theme, Math.round(254 * (value > 0 ? 1 - STRONG : STRONG)));
    return svg(
      "g",
      {
        class: `mi-bar-row${bar.term === undefined ? " mi-bar-rest" : ""}${off ? " mi-bar-off" : ""}`,
        role: "option",
        id: `${this.id}-${i}`,
        "aria-selected": "false",
        "aria-label": said(bar),
      },
      svg("text", { class: "mi-bar-name", x: this.ends.left - 8, y: middle, "text-anchor": "end" }, name),
      svg("path", { class: "mi-bar-value", d: this.outline(value, top, thick), fill }),
      ...control.map((theirs) => svg("path", { class: "mi-bar-control", d: this.outline(theirs, middle + 3.5, 3) })),
      svg(
        "text",
        { class: "mi-bar-number", x: width - EDGE, y: middle, "text-anchor": "end" },
        off ? "off" : this.number(bar),
      ),
    );
  }

  /** A bar from 0; one that goes on beyond the picture has a pointed end. */
  private outline(value: number, y: number, height: number): string {
    const [zero, end] = [this.left(0), this.left(Number.isNaN(value) ? 0 : value)];
    if (!(Math.abs(value) > this.reach)) return `M${f(zero)} ${f(y)}H${f(end)}v${f(height)}H${f(zero)}z`;
    const neck = f(end - 5 * Math.sign(value));
    return `M${f(zero)} ${f(y)}H${neck}L${f(end)} ${f(y + height / 2)}L${neck} ${f(y + height)}H${f(zero)}z`;
  }

  private drawSum(y: number): void {
    const { width, whole } = this.state!;
    this.sum.replaceChildren(
      svg("line", { x1: 0, x2: width, y1: Math.round(y) + 0.5, y2: Math.round(y) + 0.5 }),
      svg("text", { x: EDGE, y: y + SUM / 2 + 1 }, "logit difference"),
      svg("text", { x: width - EDGE, y: y + SUM / 2 + 1, "text-anchor": "end" }, whole),
    );
  }

  private number({ numbers: [value] }: Bar): string {
    return numberOnScale(value, this.state!.scale);
  }

  private upright(box: SVGRectElement, at: number | undefined): void {
    if (at === undefined || !this.state) return change(box, { visibility: "hidden" });
    change(box, { x: 0.5, y: at * ROW + 0.5, width: this.state.width - 1, height: ROW - 1, visibility: "visible" });
  }
}

function f(number: number): string {
  return number.toFixed(1);
}
