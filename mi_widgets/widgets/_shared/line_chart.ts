/** A few lines over one axis, labelled where they end, with one marker that can be moved without drawing anew. */
import { spread, untouched } from "./apart";
import type { AxisScale, Tick } from "./axis_scale";
import {
  AWAY,
  fittingName,
  heightAt,
  lastValue,
  type Line,
  nameRoom,
  TEXT,
  textWidth,
  tickRoom,
  valueAt,
} from "./lines";
import { change, svg } from "./svg";

/** A number over a stretch of the x axis, from 0 up. */
export interface Column {
  from: number;
  to: number;
  height: number;
}

export interface ChartState {
  lines: readonly Line[];
  columns?: readonly Column[]; // beneath the lines
  x: AxisScale;
  y: AxisScale;
  width: number; // of everything, in CSS pixels
  height: number;
  left?: number; // the room for the numbers of the y axis, unless what they need
  right?: number; // the room for the names of the lines, unless what they need, and at most 0.3 of the width
  xTicks?: boolean; // unless it is false
}

const TOP = 7;
const BOTTOM = 18;
const ALONE = 5; // pixels
const DENSE = 120; // from so many numbers on a line is drawn finer
const ABOVE = { other: 0, quiet: 1, control: 2, main: 3 }; // which lines are drawn over which

/** The lines of a y axis from left to right, each with its number in front. */
export function yGrid(ticks: Tick[], top: (value: number) => number, left: number, right: number): Node[] {
  return ticks.flatMap(({ value, label }) => {
    const y = Math.round(top(value));
    const at = { x: left - 7, y, "text-anchor": "end", "dominant-baseline": "central" };
    return [svg("line", { x1: left, x2: right, y1: y, y2: y }), svg("text", at, label)];
  });
}

export class LineChart {
  readonly element = svg("svg", { class: "mi-chart", role: "img" });
  private grid = svg("g", { class: "mi-chart-grid" });
  private columns = svg("g", { class: "mi-columns" });
  private curves = svg("g");
  private guide = svg("line", { class: "mi-chart-guide", visibility: "hidden" });
  private marker = svg("line", { class: "mi-chart-marker", visibility: "hidden" });
  private dots = svg("g");
  private names = svg("g");
  private state?: ChartState & { left: number; right: number };
  private paths: SVGPathElement[] = [];
  private lit?: number;
  private marked?: number;

  constructor() {
    this.element.append(this.grid, this.columns, this.guide, this.marker, this.curves, this.dots, this.names);
  }

  /** What a reader of the screen is told. */
  describe(text: string): void {
    this.element.setAttribute("aria-label", text);
  }

  draw(given: ChartState): void {
    const room = { left: tickRoom(given.y), right: nameRoom(given.lines, 0.3 * given.width) };
    const state = (this.state = { ...room, ...given });
    change(this.element, { width: state.width, height: state.height, viewBox: `0 0 ${state.width} ${state.height}` });
    this.drawGrid(state);
    this.columns.replaceChildren(...(state.columns ?? []).map((column) => this.column(column)));
    this.paths = state.lines.map((line) =>
      svg("path", {
        class: `mi-line mi-line-${line.kind}${line.x.length > DENSE ? " mi-line-dense" : ""}`,
        d: this.path(line),
        "stroke-dasharray": line.x.length > DENSE ? undefined : line.dash,
      }),
    );
    this.lit = undefined;
    this.stack();
    this.drawNames();
    this.mark(this.marked);
  }

  /** Move the marker to a place on the x axis, or take it away. */
  mark(x: number | undefined): void {
    this.marked = x;
    this.upright(this.marker, x);
    this.drawDots();
  }

  /** Show where the pointer is, or that it is nowhere. */
  point(x: number | undefined): void {
    this.upright(this.guide, x === this.marked ? undefined : x);
  }

  /** Make one line stand out, and name it. */
  light(line: number | undefined): void {
    if (line === this.lit || !this.state) return;
    if (this.lit !== undefined) this.paths[this.lit]?.classList.remove("mi-line-lit");
    this.lit = line;
    if (line !== undefined) this.paths[line].classList.add("mi-line-lit");
    this.stack();
    this.drawNames();
    this.drawDots();
  }

  /** Where a point of the page is: from 0 (the left end of the x axis) to 1. */
  place(event: MouseEvent): number {
    const { left, width } = this.box;
    return Math.max(0, Math.min(1, (event.clientX - this.element.getBoundingClientRect().left - left) / width));
  }

  /** The lines by their distance in height from a point of the page, the nearest first; those at that x alone. */
  near(event: MouseEvent, reach = Infinity): number[] {
    if (!this.state) return [];
    const [x, y] = [this.place(event), event.clientY - this.element.getBoundingClientRect().top];
    const away = this.state.lines.map((line, i) => ({
      i,
      by: Math.abs(this.top(heightAt(line, this.state!.x, x)) - y),
    }));
    return away
      .filter(({ by }) => by <= reach)
      .sort((a, b) => a.by - b.by)
      .map(({ i }) => i);
  }

  // -- places, in CSS pixels ----------------------------------------------------------------------------------------

  private get box() {
    const { left, right, width, height, xTicks = true } = this.state!;
    return { left, width: Math.max(1, width - left - right), height: height - TOP - (xTicks ? BOTTOM : 4) };
  }

  private left(x: number): number {
    return this.box.left + this.state!.x.place(x) * this.box.width;
  }

  private top(y: number): number {
    return TOP + (1 - this.state!.y.place(y)) * this.box.height;
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private path({ x, y }: Line): string {
    const at = (v: number) => this.top(v).toFixed(1);
    const { left, width } = this.box;
    if (!x.length) return Number.isFinite(y[0]) ? `M${left} ${at(y[0])}h${width}` : "";
    let path = "";
    let open = false;
    for (let i = 0; i < x.length; i++) {
      if (!Number.isFinite(y[i])) open = false;
      else {
        // A line of no length is a dot: a number between two gaps can be seen.
        path += `${open ? "L" : "M"}${this.left(x[i]).toFixed(1)} ${at(y[i])}${open ? "" : "h0"}`;
        open = true;
      }
    }
    return path;
  }

  private drawGrid({ x, y, xTicks = true }: ChartState): void {
    const { left, width, height } = this.box;
    const parts = yGrid(y.ticks(height / 24), (value) => this.top(value), left, left + width);
    const ticks = xTicks ? x.ticks(width / 60) : [];
    const places = ticks.map(({ value }) => this.left(value));
    const kept = untouched(
      places,
      ticks.map(({ label }) => textWidth(label)),
      ticks.map((_, i) => i),
      8,
    );
    for (const i of kept) {
      const y = TOP + height;
      parts.push(svg("line", { x1: places[i], x2: places[i], y1: y, y2: y + 3 }));
      parts.push(svg("text", { x: places[i], y: y + 14, "text-anchor": "middle" }, ticks[i].label));
    }
    this.grid.replaceChildren(...parts);
  }

  private column({ from, to, height }: Column): SVGRectElement {
    // One that has no end reaches the top.
    const [x, end, y] = [this.left(from), this.left(to), Math.max(TOP, this.top(height))];
    const gap = end - x > 3 ? 1 : 0; // between one and the next
    return svg("rect", { x, y, width: Math.max(1, end - x - gap), height: Math.max(0, this.top(0) - y) });
  }

  /** What a line is over, and how soon it is named. */
  private weight(i: number): number {
    return i === this.lit ? 9 : ABOVE[this.state!.lines[i].kind];
  }

  private stack(): void {
    const order = this.paths.map((_, i) => i).sort((a, b) => this.weight(a) - this.weight(b));
    this.curves.replaceChildren(...order.map((i) => this.paths[i]));
  }

  private drawNames(): void {
    const { lines } = this.state!;
    const weight = (i: number) => this.weight(i);
    const order = lines
      .map((_, i) => i)
      .filter((i) => lines[i].kind !== "other" || i === this.lit)
      .sort((a, b) => weight(b) - weight(a) || lastValue(lines[b]) - lastValue(lines[a]));
    const ends = order.map((i) => this.top(lastValue(lines[i])));
    // In a thicket of lines a name would be anybody's.
    const alone = (nth: number) => ends.every((end, other) => other === nth || Math.abs(end - ends[nth]) >= ALONE);
    const wishes = order.map((i, nth) => {
      const must = weight(i) > ABOVE.quiet;
      return { at: must || alone(nth) ? ends[nth] : NaN, must };
    });
    const places = spread(wishes, TEXT + 2, TOP, TOP + this.box.height);
    const x = this.box.left + this.box.width + AWAY;
    this.names.replaceChildren(
      ...order.flatMap((i, nth) => {
        if (places[nth] === undefined) return [];
        const kind = i === this.lit ? "lit" : lines[i].kind;
        const at = { class: `mi-label-${kind}`, x, y: places[nth], "dominant-baseline": "central" };
        return [svg("text", at, fittingName(lines[i].name, this.state!.right - AWAY))];
      }),
    );
  }

  private drawDots(): void {
    const { lines } = this.state ?? { lines: [] };
    const x = this.marked;
    this.dots.replaceChildren(
      ...lines.flatMap((line, i) => {
        const y = x === undefined || (line.kind !== "main" && i !== this.lit) ? NaN : valueAt(line, x);
        const dot = { class: "mi-chart-dot", cx: this.left(x!), cy: this.top(y), r: 3.5 };
        return Number.isFinite(y) ? [svg("circle", dot)] : [];
      }),
    );
  }

  private upright(line: SVGLineElement, x: number | undefined): void {
    if (!Number.isFinite(x) || !this.state) return change(line, { visibility: "hidden" });
    const at = Math.round(this.left(x!)) + 0.5;
    change(line, { x1: at, x2: at, y1: TOP - 4, y2: TOP + this.box.height, visibility: "visible" });
  }
}
