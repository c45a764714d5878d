/** One display of the widget: a panel a measure, the scrubber beneath, and the words. */
import type { Help } from "../_shared/keys";
import { type AxisScale, nearest, symlog, wholeLinear } from "../_shared/axis_scale";
import { el } from "../_shared/dom";
import { type Action, Frame } from "../_shared/frame";
import { bindKeys } from "../_shared/keyboard";
import { type Labels, onHover, onSelected, sayHover } from "../_shared/linked";
import { listen, type Model } from "../_shared/model";
import { columnsFor, GAP, HEIGHT } from "./layout";
import { Panel } from "./panel";
import { Scrubber } from "./scrubber";
import type { Store } from "./store";
import { sentence, stepTable } from "./words";

const KEYS: Help = [
  [["left", "right"], "the checkpoint before, the checkpoint after"],
  [["stepBefore", "stepAfter"], "the checkpoint before, the checkpoint after"],
  [["first", "last"], "the first and the last checkpoint"],
  [["toggle"], "play from here to the end, or pause"],
];

export class View {
  private frame: Frame;
  private panels: Panel[] = [];
  private grid = el("div", { class: "mi-panels" });
  private scrubber = new Scrubber((index) => this.select(this.steps[index]));
  private sentence = el("p", { class: "mi-sentence" });
  private note = el("span", { class: "mi-facts mi-axis-note" });
  private numbers = el("div", {
    class: "mi-numbers",
    tabindex: 0,
    role: "region",
    "aria-label": "all steps in numbers",
  });
  private drawn?: { x: AxisScale };
  private chosen: Labels = {}; // what is selected in linked views, such as a head

  constructor(
    private model: Model,
    private store: Store,
    element: HTMLElement,
  ) {
    this.frame = new Frame(element, this.actions(), KEYS, () => this.draw());
    this.frame.root.classList.add("mi-training");
    this.numbers.hidden = true;
    this.frame.body.append(this.grid, this.scrubber.element, this.numbers);
    this.frame.footer.append(this.sentence, this.note);
    this.fill();
    this.listenToPeople();
    this.listenToModel();
    this.frame.followWidth();
  }

  dispose(): void {
    this.scrubber.pause();
    this.frame.dispose();
  }

  // -- what there is ------------------------------------------------------------------------------------------------

  private get steps(): number[] {
    return this.model.get("_choices").step;
  }

  private get step(): number {
    const { step } = this.model.get("selection");
    return this.steps.includes(step) ? step : this.steps[this.steps.length - 1];
  }

  private get log(): boolean {
    return this.model.get("x") === "log";
  }

  private actions(): Action[] {
    return [
      { label: "log x", key: "logarithmic", hint: "even in factors of ten: view.x", run: () => this.toggleLog() },
      { label: "as table", key: "table", hint: "every step in numbers", run: () => this.toggleTable() },
      { label: "copy code", key: "code", hint: "copy the Python that makes this view", run: () => this.copyCode() },
    ];
  }

  /** Panels for the measures that were sent. */
  private fill(): void {
    this.panels = this.store.measures.map((measure) => new Panel(measure));
    this.grid.replaceChildren(...this.panels.map((panel) => panel.element));
    this.panels.forEach((panel) => this.listenToPanel(panel));
    const header = this.model.get("_header");
    const n = this.steps.length;
    const checkpoints = `${n} checkpoint${n === 1 ? "" : "s"}`;
    this.frame.say({ title: header.title, facts: [...header.models, checkpoints], warnings: header.warnings });
  }

  private listenToModel(): void {
    this.frame.until(
      listen(this.model, { "change:selection": () => this.mark(), "change:x": () => this.draw() }),
      this.store.source.onChange(() => {
        this.fill();
        this.draw();
      }),
      onHover(
        this.model,
        (labels) => this.pointElsewhere(labels),
        () => this.store.labels,
      ),
      onSelected(
        this.model,
        (labels) => this.choose(labels),
        () => this.store.labels,
      ),
    );
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private listenToPeople(): void {
    const go = (index: number) => {
      this.scrubber.pause();
      this.scrubber.go(index);
    };
    const moves = {
      left: () => this.scrubber.shift(-1),
      right: () => this.scrubber.shift(1),
      stepBefore: () => this.scrubber.shift(-1),
      stepAfter: () => this.scrubber.shift(1),
      first: () => go(0),
      last: () => go(this.steps.length - 1),
    };
    const { element } = this.scrubber;
    this.frame.until(
      bindKeys(this.frame.root, { ...moves, toggle: () => this.scrubber.toggle() }),
      bindKeys(element.querySelector("input")!, moves),
    );
  }

  private listenToPanel(panel: Panel): void {
    const { element } = panel.chart;
    const grab = (event: PointerEvent) => {
      this.scrubber.pause();
      this.select(this.stepAt(panel, event));
    };
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture?.(event.pointerId);
      grab(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) grab(event);
      this.pointed(panel, event);
    });
    element.addEventListener("pointerleave", () => this.left());
  }

  private stepAt(panel: Panel, event: PointerEvent): number {
    return this.steps[nearest(this.steps, this.drawn!.x, panel.chart.place(event))];
  }

  private select(step: number): void {
    if (step === this.model.get("selection").step) return;
    this.model.set("selection", { ...this.model.get("selection"), step });
    this.model.save_changes();
  }

  private pointed(panel: Panel, event: PointerEvent): void {
    if (!this.drawn) return;
    const { step, line, tooltip } = panel.at(event, this.drawn.x, this.store.steps);
    const place = line && !line.control ? line.place : {};
    for (const other of this.panels) {
      other.chart.point(step);
      if (line && other === panel) panel.lightLine(line);
      else other.light(place, this.chosen);
    }
    this.frame.tip(event, tooltip);
    sayHover(this.model, { step, ...place });
  }

  private left(): void {
    this.frame.tooltip.hide();
    this.pointElsewhere({});
    sayHover(this.model, {});
  }

  /** Show what the pointer is on in a linked view; where it is on nothing, what is selected there. */
  private pointElsewhere({ step, ...labels }: Labels): void {
    for (const panel of this.panels) {
      panel.chart.point(step as number | undefined);
      panel.light(labels, this.chosen);
    }
  }

  private choose(labels: Labels): void {
    this.chosen = labels;
    for (const panel of this.panels) panel.light(labels);
  }

  private toggleLog(): void {
    this.model.set("x", this.log ? "linear" : "log");
    this.model.save_changes();
  }

  private toggleTable(): void {
    this.numbers.hidden = !this.numbers.hidden;
    this.drawWords();
  }

  private copyCode(): void {
    void this.frame.copy(this.model.get("_code"));
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    if (!this.frame.width || !this.panels.length) return; // not shown yet
    const { steps } = this.store;
    const x = this.log ? symlog(steps) : wholeLinear(steps[0], steps[steps.length - 1]);
    this.drawn = { x };
    const columns = columnsFor(this.panels.length, this.frame.width);
    const width = Math.floor((this.frame.width - (columns - 1) * GAP) / columns);
    const rooms = this.panels.map((panel) => panel.room(width));
    const left = Math.max(40, ...rooms.map((room) => room.left));
    const right = Math.max(...rooms.map((room) => room.right));
    this.grid.style.gridTemplateColumns = `repeat(${columns}, ${width}px)`;
    this.panels.forEach((panel, i) => {
      const xTicks = columns > 1 || i < this.panels.length - 1; // else the scrubber's are right beneath
      panel.draw({ x, width, left, right, height: HEIGHT, xTicks });
      panel.light(this.chosen);
    });
    this.scrubber.draw(this.steps, x, this.steps.indexOf(this.step), left, this.frame.width - left - right);
    this.frame.label("logarithmic", this.log ? "linear x" : "log x", { pressed: this.log });
    this.note.textContent = `training step${this.log ? `, log scale${steps[0] <= 0 ? "; 0 at the left edge" : ""}` : ""}`;
    this.mark();
  }

  /** Move the marker; nothing else is drawn anew, so that it follows the hand. */
  private mark(): void {
    if (!this.drawn) return;
    for (const panel of this.panels) panel.mark(this.step);
    this.scrubber.mark(this.steps.indexOf(this.step));
    this.drawWords();
    requestAnimationFrame(() => this.frame.painted());
  }

  private drawWords(): void {
    this.sentence.replaceChildren(...sentence(this.store.measures, this.step));
    if (!this.scrubber.playing) this.frame.announce(this.sentence.textContent!);
    const shown = !this.numbers.hidden;
    this.frame.label("table", "as table", { pressed: shown });
    if (shown) this.numbers.replaceChildren(stepTable(this.store.measures, this.store.steps, this.step));
  }
}
