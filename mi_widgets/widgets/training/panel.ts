/** One measure: its name and unit, its curves, and the value at the marker. */
import { type AxisScale, nearest, roundLinear } from "../_shared/axis_scale";
import { el } from "../_shared/dom";
import { LineChart } from "../_shared/line_chart";
import { nameRoom, rangeOf, tickRoom, valueAt } from "../_shared/lines";
import type { LinkedLabels } from "../_shared/linked";
import { numberText } from "../_shared/numbers";
import { highestAt, linesOf, type Measure, type PlacedLine, highestText } from "./measures";

export interface PanelFrame {
  x: AxisScale;
  width: number;
  left: number;
  right: number;
  height: number;
  xTicks: boolean;
}

export interface Pointer {
  step: number; // the nearest that was measured
  line?: number; // the place of the nearest, if it is near
  place: LinkedLabels; // what it is of the Result; of a control nothing
  tooltip: [string, string][];
}

const REACH = 14; // pixels: how near a line must be to be the one that is meant
const MOST_NAMED = 7; // lines in a tooltip

export class Panel {
  readonly element: HTMLElement;
  readonly chart = new LineChart();
  private lines: PlacedLine[];
  private y: AxisScale;
  private now = el("span", { class: "mi-panel-now" });

  constructor(private measure: Measure) {
    this.lines = linesOf(measure);
    this.y = roundLinear(...rangeOf(this.lines));
    const name = el("strong", {}, measure.name);
    const head = el("figcaption", {}, name, el("span", { class: "mi-facts" }, measure.unit), this.now);
    this.element = el("figure", { class: "mi-panel" }, head, this.chart.element);
  }

  /** The room its numbers need at the left, and its names at the right. */
  room(width: number): { left: number; right: number } {
    return { left: tickRoom(this.y), right: nameRoom(this.lines, 0.3 * width) };
  }

  draw(frame: PanelFrame): void {
    this.chart.draw({ ...frame, lines: this.lines, y: this.y });
  }

  mark(step: number): void {
    this.chart.mark(step);
    const { value, name, at } = highestAt(this.measure.curves, step);
    const where = name ? el("span", {}, ` ${name}`) : "";
    this.now.replaceChildren(el("strong", {}, highestText({ value, name, at })), where);
    const last = this.measure.curves.steps;
    const [from, to] = [highestAt(this.measure.curves, last[0]), highestAt(this.measure.curves, last[last.length - 1])];
    this.chart.describe(
      `${this.measure.name} in ${this.measure.unit}: ${numberText(from.value)} at step ${last[0]}, ` +
        `${numberText(to.value)} ${to.name} at step ${last[last.length - 1]}; at step ${step} ${numberText(value)} ${name}`,
    );
  }

  /** Light the line up that is what the labels say, the first that name one; none where all leave it open. */
  light(...wanted: LinkedLabels[]): void {
    const found = wanted.map((labels) => this.find(labels)).find((line) => line >= 0);
    this.chart.light(found);
  }

  /** The place of the line that the labels name; -1 where they leave it open. */
  private find(labels: LinkedLabels): number {
    const ours = this.lines.filter(({ control }) => !control);
    const keys = Object.keys(ours[0].place);
    const telling = keys.filter(
      (key) => key === "layer" || key === "head" || ours.some(({ place }) => place[key] !== ours[0].place[key]),
    );
    return ours.findIndex(({ place }) => telling.length > 0 && telling.every((key) => place[key] === labels[key]));
  }

  /** What the pointer is on. */
  at(event: MouseEvent, x: AxisScale, steps: readonly number[]): Pointer {
    const ours = this.measure.curves.steps;
    const step = steps[nearest(steps, x, this.chart.place(event))];
    const [first] = this.chart.near(event, REACH);
    const near = new Set(this.chart.near(event).slice(0, MOST_NAMED));
    const shown = this.lines
      .map((line, i) => ({ line, i, value: valueAt(line, step) }))
      .filter(
        ({ line, i, value }) =>
          !Number.isNaN(value) && (near.has(i) || line.kind === "main" || line.kind === "control"),
      )
      .sort((a, b) => b.value - a.value);
    const said = shown.map(({ line, i, value }): [string, string] => [
      `${i === first ? "▸" : " "} ${line.name || this.measure.name}`,
      numberText(value),
    ]);
    const none: [string, string][] = ours.includes(step) ? [] : [["", "not measured here"]];
    const place = first === undefined || this.lines[first].control ? {} : this.lines[first].place;
    return { step, line: first, place, tooltip: [["step", String(step)], ...said, ...none] };
  }
}
