/** What several strengths of one direction do and cost, beside a random direction of the same norm. */
import { linear, roundLinear } from "../_shared/axis_scale";
import { el } from "../_shared/dom";
import { type Line, LineChart, nameRoom, rangeOf, textWidth } from "../_shared/line_chart";

export interface Sent {
  name: string;
  scales: number[];
  effect: (number | null)[];
  control: (number | null)[];
  cost: (number | null)[];
  control_cost: (number | null)[];
  unit: string;
}

const HEIGHT = 130;
const numbers = (values: (number | null)[]) => values.map((value) => value ?? NaN);

export class Sweep {
  readonly element = el("div", { class: "mi-sweep" });
  private effect = new LineChart();
  private cost = new LineChart();
  private notes = [el("span", { class: "mi-facts" }), el("span", { class: "mi-facts" })];

  constructor() {
    ["Effect", "Cost"].forEach((name, i) => {
      const caption = el("figcaption", {}, el("strong", {}, name), " ", this.notes[i]);
      this.element.append(el("figure", {}, caption, [this.effect, this.cost][i].element));
    });
  }

  draw(sent: Sent | Record<string, never>, width: number, scale: number | undefined): void {
    this.element.hidden = !sent.scales;
    if (!sent.scales) return;
    const { name, scales, unit } = sent as Sent;
    const room = Math.max(200, Math.min(460, (width - 24) / 2));
    this.notes[0].textContent = `${unit}, by the strength of ${name}`;
    this.notes[1].textContent = "more loss on ordinary text, in %, the edit on";
    this.one(this.effect, sent as Sent, sent.effect, sent.control, room);
    const percent = (values: (number | null)[]) => values.map((value) => (value === null ? null : 100 * value));
    this.one(this.cost, sent as Sent, percent(sent.cost), percent(sent.control_cost), room);
    this.effect.describe(`Effect of ${name} from strength ${scales[0]} to ${scales.at(-1)}, in ${unit}`);
    this.cost.describe(
      `Cost of ${name} from strength ${scales[0]} to ${scales.at(-1)}, in percent of the loss on ordinary text`,
    );
    for (const chart of [this.effect, this.cost]) chart.mark(scale);
  }

  private one(
    chart: LineChart,
    { name, scales }: Sent,
    main: (number | null)[],
    control: (number | null)[],
    width: number,
  ): void {
    const lines: Line[] = [
      { name: "random", x: scales, y: numbers(control), kind: "control", dash: "5 3" },
      { name, x: scales, y: numbers(main), kind: "main" },
    ];
    const [low, high] = rangeOf(lines);
    const y = roundLinear(Math.min(0, low || 0), Math.max(0, high || 0), 4);
    const left = 12 + Math.max(...y.ticks(4).map(({ label }) => textWidth(label)));
    const x = linear(scales[0], scales.at(-1)!);
    chart.draw({ lines, x, y, width, height: HEIGHT, left, right: nameRoom(lines, 0.3 * width) });
  }
}
