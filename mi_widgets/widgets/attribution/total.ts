/** The running total: what the residual stream says for the answer, from the embedding to the logit difference. */
import { type AxisScale, roundLinear, type Tick } from "../_shared/axis_scale";
import { el } from "../_shared/dom";
import type { Labels } from "../_shared/labelled";
import { LineChart } from "../_shared/line_chart";
import { type Line, rangeOf, textWidth } from "../_shared/lines";
import { numberText } from "../_shared/numbers";
import { TOTAL_HEIGHT } from "./layout";
import type { Terms } from "./store";

/** The stages side by side; named are the first, the last, and the ends of as many layers as have room. */
export function stageAxis(stages: readonly string[]): AxisScale {
  const last = stages.length - 1;
  const layer = (i: number) => stages[i].split(" ")[0];
  const tick = (i: number): Tick => ({ value: i, label: layer(i) });
  return {
    place: (value) => (last > 0 ? value / last : 0.5),
    ticks(most) {
      const within = stages.map((_, i) => i).filter((i) => i > 0 && i < last && layer(i) !== layer(i + 1));
      const every = Math.max(1, Math.ceil(within.length / Math.max(1, most)));
      // The first to be named are those that must be: the chart leaves out what would touch them.
      return [...new Set([0, Math.max(0, last)]), ...within.filter((_, nth) => nth % every === 0)].map(tick);
    },
  };
}

export class RunningTotal {
  readonly chart = new LineChart();
  readonly element: HTMLElement;

  constructor(private terms: Terms) {
    const facts = el("span", { class: "mi-facts" }, "through the layers to the logit difference");
    const caption = el("figcaption", {}, el("strong", {}, "Running total"), facts);
    this.element = el("figure", {}, caption, this.chart.element);
  }

  /** Draw the selected prompt's, and mark the stage of the selected term. */
  draw(selection: Labels, width: number): void {
    const { terms, stages } = this;
    const [total, control] = terms.rows("running", selection).map(({ codes }) => codes);
    const places = [...stages.keys()];
    const end = total[total.length - 1];
    const lines: Line[] = [{ name: numberText(end), x: places, y: total, kind: "main" }];
    if (control) lines.push({ name: terms.control, x: places, y: control, kind: "control" });
    const [low, high] = rangeOf(lines);
    const y = roundLinear(Math.min(0, low), Math.max(0, high));
    const left = Math.max(34, ...y.ticks(5).map(({ label }) => textWidth(label) + 10));
    this.chart.draw({ lines, x: stageAxis(stages), y, width, height: TOTAL_HEIGHT, left });
    this.chart.mark(terms.knows(selection.term) ? terms.numberAt("stage", selection) : undefined);
    const highest = places.reduce((best, i) => (total[i] > total[best] ? i : best), 0);
    this.chart.describe(
      `Running total: ${numberText(total[0])} after ${stages[0]}, at most ${numberText(total[highest])} after ` +
        `${stages[highest]}, ${numberText(end)} at the end.`,
    );
  }

  /** The stage that the pointer is nearest to. */
  at(event: MouseEvent): number {
    return Math.round(this.chart.place(event) * (this.stages.length - 1));
  }

  private get stages(): string[] {
    return this.terms.axis("stage").texts({});
  }
}
