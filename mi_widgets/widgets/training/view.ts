/** A panel a measure, the scrubber beneath, and the words. */
import { type AxisScale, nearest, symlog, wholeLinear } from "../_shared/axis_scale";
import { followChart } from "../_shared/chart_gestures";
import { el } from "../_shared/dom";
import { bindKeys } from "../_shared/keyboard";
import type { Help } from "../_shared/keys";
import { type LinkedLabels, onSelected } from "../_shared/linked";
import { ResultView, type ViewAction } from "../_shared/result_view";
import { columnsFor, GAP, HEIGHT } from "./layout";
import type { Measure } from "./measures";
import { Panel } from "./panel";
import { Scrubber } from "./scrubber";
import type { Measures } from "./store";
import { sentence, stepTable } from "./words";

type Selection = Record<string, number>;

export class TrainingView extends ResultView<Measures, Selection> {
  protected readonly name = "training";
  protected readonly traits = ["x"];
  private measures: Measure[] = [];
  private panels: Panel[] = [];
  private grid = el("div", { class: "mi-panels" });
  private scrubber = new Scrubber((index) => this.select({ step: this.steps[index] }));
  private note = el("span", { class: "mi-facts mi-axis-note" });
  private x?: AxisScale;
  private chosen: LinkedLabels = {}; // what is selected in linked views, such as a head

  protected readonly table = {
    name: "all steps in numbers",
    hint: "every step in numbers",
    make: () => stepTable(this.measures, this.data.steps, this.selection.step),
  };

  protected parts() {
    this.until(
      bindKeys(this.scrubber.element.querySelector("input")!, this.moves()),
      onSelected(
        this.model,
        (labels) => this.choose(labels),
        () => this.data.labels,
      ),
      () => this.scrubber.pause(),
    );
    return { body: [this.grid, this.scrubber.element, this.numbers], footer: [this.words, this.note] };
  }

  protected actions(): ViewAction[] {
    return [
      {
        label: "log x",
        key: "logarithmic",
        hint: "even in factors of ten: view.x",
        run: () => this.set("x", this.log ? "linear" : "log"),
        state: () => ({ label: this.log ? "linear x" : "log x", pressed: this.log }),
      },
    ];
  }

  protected keys() {
    return { ...this.moves(), toggle: () => this.scrubber.toggle() };
  }

  protected help(): Help {
    return [
      [["left", "right"], "the checkpoint before, the checkpoint after"],
      [["stepBefore", "stepAfter"], "the checkpoint before, the checkpoint after"],
      [["first", "last"], "the first and the last checkpoint"],
      [["toggle"], "play from here to the end, or pause"],
    ];
  }

  protected facts({ models }: Record<string, any>): string[] {
    const n = this.steps.length;
    return [...models, `${n} checkpoint${n === 1 ? "" : "s"}`];
  }

  protected seen() {
    return this.data.labels;
  }

  protected get spoken(): boolean {
    return !this.scrubber.playing;
  }

  private get steps(): number[] {
    return this.choices.step as number[];
  }

  private get log(): boolean {
    return this.model.get("x") === "log";
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private moves() {
    const back = () => this.scrubber.shift(-1);
    const on = () => this.scrubber.shift(1);
    const go = (index: number) => () => {
      this.scrubber.pause();
      this.scrubber.go(index);
    };
    return { left: back, right: on, stepBefore: back, stepAfter: on, first: go(0), last: go(Infinity) };
  }

  private listenToPanel(panel: Panel): void {
    const { chart } = panel;
    followChart(
      { chart, at: (event) => nearest(this.steps, this.x!, chart.place(event)) },
      (index) => {
        this.scrubber.pause();
        this.select({ step: this.steps[index] });
      },
      (index, event) => (index === undefined ? this.point({}) : this.pointed(panel, event)),
    );
  }

  /** Linked views are told the step and what the line is; which line of which panel that is concerns this view alone. */
  private pointed(panel: Panel, event: PointerEvent): void {
    const { step, line, place, tooltip } = panel.at(event, this.x!, this.data.steps);
    const exactly = line === undefined ? {} : { panel: this.panels.indexOf(panel), panelLine: line };
    this.point({ step, ...(place as Selection), ...exactly }, event, tooltip);
  }

  private choose(labels: LinkedLabels): void {
    this.chosen = labels;
    this.light();
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  /** Panels for the measures that were sent. */
  protected fill(): void {
    this.measures = this.data.all;
    this.panels = this.measures.map((measure) => new Panel(measure));
    this.grid.replaceChildren(...this.panels.map((panel) => panel.element));
    this.panels.forEach((panel) => this.listenToPanel(panel));
  }

  protected arrange(): void {
    const { width: room } = this.frame;
    const { steps } = this.data;
    const x = (this.x = this.log ? symlog(steps) : wholeLinear(steps[0], steps[steps.length - 1]));
    const columns = columnsFor(this.panels.length, room);
    const width = Math.floor((room - (columns - 1) * GAP) / columns);
    const rooms = this.panels.map((panel) => panel.room(width));
    const left = Math.max(40, ...rooms.map((room) => room.left));
    const right = Math.max(...rooms.map((room) => room.right));
    this.grid.style.gridTemplateColumns = `repeat(${columns}, ${width}px)`;
    this.panels.forEach((panel, i) => {
      const xTicks = columns > 1 || i < this.panels.length - 1; // else the scrubber's are right beneath
      panel.draw({ x, width, left, right, height: HEIGHT, xTicks });
    });
    this.scrubber.draw(this.steps, x, this.steps.indexOf(this.selection.step), left, room - left - right);
    this.note.textContent = `training step${this.log ? `, log scale${steps[0] <= 0 ? "; 0 at the left edge" : ""}` : ""}`;
  }

  /** Move the marker; nothing else is drawn anew, so that it follows the hand. */
  protected paint(): void {
    const { step } = this.selection;
    for (const panel of this.panels) panel.mark(step);
    this.scrubber.mark(this.steps.indexOf(step));
  }

  /** What the pointer is on, here or in a linked view; where it is on nothing, what is selected there. */
  protected light(): void {
    const { step, panel: pointed, panelLine, ...labels } = this.hovered;
    this.panels.forEach((panel, i) => {
      panel.chart.point(step as number | undefined);
      if (i === pointed) panel.chart.light(panelLine as number);
      else panel.light(labels, this.chosen);
    });
  }

  protected sentence() {
    return sentence(this.measures, this.selection.step);
  }
}
