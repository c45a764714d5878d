/** What several strengths of one direction do and cost, beside a random direction of the same norm. */
import { linear, roundLinear } from "../_shared/axis_scale";
import { el } from "../_shared/dom";
import { LabelledData } from "../_shared/labelled";
import { LineChart } from "../_shared/line_chart";
import { type Line, rangeOf, textWidth } from "../_shared/lines";
import type { Model } from "../_shared/model";

const HEIGHT = 130;

export class Sweep {
  readonly element = el("div", { class: "mi-sweep", hidden: true });
  private effect = new LineChart();
  private cost = new LineChart();
  private notes = [el("span", { class: "mi-facts" }), el("span", { class: "mi-facts" })];
  private data: LabelledData;
  private drawn?: unknown; // what the charts were made of
  private width = 0;

  constructor(model: Model) {
    this.data = new LabelledData(model, "_strengths");
    ["Effect", "Cost"].forEach((name, i) => {
      const caption = el("figcaption", {}, el("strong", {}, name), " ", this.notes[i]);
      this.element.append(el("figure", {}, caption, [this.effect, this.cost][i].element));
    });
  }

  /** Of the direction; undefined where no strengths are shown. */
  get name(): string | undefined {
    return this.data.derived.name;
  }

  /** @param scale where the slider of that direction stands. */
  draw(width: number, scale: number | undefined): void {
    const { derived } = this.data;
    this.element.hidden = !this.data.has("effect");
    if (this.element.hidden) return;
    if (derived !== this.drawn || width !== this.width) this.drawAnew(width);
    [this.drawn, this.width] = [derived, width];
    for (const chart of [this.effect, this.cost]) chart.mark(scale);
  }

  dispose(): void {
    this.data.dispose();
  }

  private drawAnew(width: number): void {
    const { data, name } = this;
    const strengths = data.axis("strength").labels.map(Number);
    const numbers = (variable: string, times = 1) =>
      Array.from(data.get(variable).tensor.codes, (value) => times * value);
    const { unit } = data.get("effect");
    const room = Math.max(200, Math.min(460, (width - 24) / 2));
    const one = (chart: LineChart, y: number[], control: number[]) =>
      drawOne(chart, room, [
        { name: "random", x: strengths, y: control, kind: "control", dash: "5 3" },
        { name: name!, x: strengths, y, kind: "main" },
      ]);
    one(this.effect, numbers("effect"), numbers("control"));
    one(this.cost, numbers("cost", 100), numbers("control_cost", 100));
    this.notes[0].textContent = `${unit}, by the strength of ${name}`;
    this.notes[1].textContent = "more loss on ordinary text, in %, the edit on";
    const range = `of ${name} from strength ${strengths[0]} to ${strengths.at(-1)}, in`;
    this.effect.describe(`Effect ${range} ${unit}`);
    this.cost.describe(`Cost ${range} percent of the loss on ordinary text`);
  }
}

function drawOne(chart: LineChart, width: number, lines: Line[]): void {
  const [low, high] = rangeOf(lines);
  const y = roundLinear(Math.min(0, low || 0), Math.max(0, high || 0), 4);
  const left = 12 + Math.max(...y.ticks(4).map(({ label }) => textWidth(label)));
  const strengths = lines[0].x;
  const x = linear(strengths[0], strengths[strengths.length - 1]);
  chart.draw({ lines, x, y, width, height: HEIGHT, left });
}
