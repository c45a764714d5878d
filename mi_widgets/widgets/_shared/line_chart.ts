/** A few lines over one axis, labelled where they end, with one marker that can be moved without drawing anew. */
import { spread, untouched } from "./apart";
import type { AxisScale } from "./axis_scale";
import { change, svg } from "./svg";

export type LineKind =
  | "main" // what is measured
  | "quiet" // one of many like it
  | "control" // what it is compared with
  | "other"; // one of many controls

export interface Line {
  name: string;
  /** Rising; none if the line is the same everywhere: `y` then has one number. */
  x: ArrayLike<number>;
  y: ArrayLike<number>; // NaN where there is no number
  kind: LineKind;
  dash?: string;
}

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
  left: number; // the room for the numbers of the y axis
  right: number; // the room for the names of the lines
  xTicks?: boolean; // unless it is false
}

/** What tells several controls apart. */
export const DASHES = ["5 3", "2 3", "9 3 2 3"];
export const TEXT = 10.5; // the size of all texts, in CSS pixels
const TOP = 7;
const BOTTOM = 18;
const AWAY = 8; // pixels between a line and its name
const ALONE = 5; // pixels
const DENSE = 120; // from so many numbers on a line is drawn finer
const ABOVE = { other: 0, quiet: 1, control: 2, main: 3 }; // which lines are drawn over which

/** About how wide a text of a monospaced font is. */
export function textWidth(text: string): number {
  let signs = 0;
  for (const sign of text) signs += sign.codePointAt(0)! > 0x2e80 ? 2 : 1;
  return signs * TEXT * 0.61;
}

/** As much of a name as has room. */
export function fittingName(name: string, room: number): string {
  if (textWidth(name) <= room) return name;
  const signs = [...name];
  while (signs.length > 1 && textWidth(`${signs.join("")}…`) > room) signs.pop();
  return `${signs.join("")}…`;
}

/** The room that the names of lines need, if there is as much. */
export function nameRoom(lines: readonly Line[], most: number): number {
  const named = lines.filter(({ kind, name }) => kind !== "other" && name);
  return Math.min(most, Math.max(12, ...named.map(({ name }) => textWidth(name) + AWAY + 6)));
}

/** The number of a line at a place on the x axis; NaN if there is none. */
export function valueAt(line: Line, x: number): number {
  if (!line.x.length) return line.y[0];
  const i = Array.prototype.indexOf.call(line.x, x);
  return i < 0 ? NaN : line.y[i];
}

/** The last number of a line; NaN if it has none. */
export function lastValue(line: Line): number {
  for (let i = line.y.length - 1; i >= 0; i--) if (!Number.isNaN(line.y[i])) return line.y[i];
  return NaN;
}

/** The lowest and the highest number of all lines; NaN if they have none. */
export function rangeOf(lines: readonly Line[]): [number, number] {
  let [low, high] = [NaN, NaN];
  for (const { y } of lines) {
    for (let i = 0; i < y.length; i++) {
      if (!Number.isFinite(y[i])) continue;
      if (!(y[i] >= low)) low = y[i];
      if (!(y[i] <= high)) high = y[i];
    }
  }
  return [low, high];
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
  private state?: ChartState;
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

  draw(state: ChartState): void {
    this.state = state;
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
    if (!x.length) return Number.isNaN(y[0]) ? "" : `M${left} ${at(y[0])}h${width}`;
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
    const parts: Node[] = [];
    for (const { value, label } of y.ticks(height / 24)) {
      const at = Math.round(this.top(value));
      parts.push(svg("line", { x1: left, x2: left + width, y1: at, y2: at }));
      parts.push(svg("text", { x: left - 7, y: at, "text-anchor": "end", "dominant-baseline": "central" }, label));
    }
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
    const [x, end, y] = [this.left(from), this.left(to), this.top(height)];
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
        return Number.isNaN(y)
          ? []
          : [svg("circle", { class: "mi-chart-dot", cx: this.left(x!), cy: this.top(y), r: 3.5 })];
      }),
    );
  }

  private upright(line: SVGLineElement, x: number | undefined): void {
    if (x === undefined || !this.state) return change(line, { visibility: "hidden" });
    const at = Math.round(this.left(x)) + 0.5;
    change(line, { x1: at, x2: at, y1: TOP - 4, y2: TOP + this.box.height, visibility: "visible" });
  }
}

/** How high a line is where it was drawn, also between two of its numbers. */
function heightAt({ x, y }: Line, scale: AxisScale, place: number): number {
  if (!x.length) return y[0];
  for (let i = 0; i < x.length; i++) {
    const right = scale.place(x[i]);
    if (right < place) continue;
    if (right - place < 1e-9) return y[i];
    if (i === 0) return right - place < 0.02 ? y[0] : NaN;
    const left = scale.place(x[i - 1]);
    return y[i - 1] + ((y[i] - y[i - 1]) * (place - left)) / (right - left);
  }
  return place - scale.place(x[x.length - 1]) < 0.02 ? y[x.length - 1] : NaN;
}
