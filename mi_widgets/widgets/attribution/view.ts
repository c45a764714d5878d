/** One display of the widget: bars, grid and running total, what they say in words, and every gesture a selection. */
import type { Help } from "../_shared/keys";
import { el } from "../_shared/dom";
import { type Action, Frame } from "../_shared/frame";
import { Effect, headsOff, type HeadPlace, same, switchHead } from "../_shared/heads_off";
import { NOWHERE, type Spot } from "../_shared/heat_map";
import { arrows, bindKeys } from "../_shared/keyboard";
import { type Labels, onHover, sayHover } from "../_shared/linked";
import { listen, type Model } from "../_shared/model";
import { written } from "../_shared/scale";
import { Stepper } from "../_shared/stepper";
import { quoted } from "../_shared/tokens";
import { type Bar, Bars } from "./bars";
import { address, changeAt, moveCell, type Selection, spotOf } from "./chosen";
import { Grid } from "./grid";
import { beneathBars, layout } from "./layout";
import type { Prompt, Store } from "./store";
import { RunningTotal } from "./total";
import { barsOf, pointedAtBar, pointedAtCell, pointedAtStage, sentence, termTable } from "./words";

const KEYS: Help = [
  [["up", "down"], "the bar above, the bar below"],
  [["left", "right", "up", "down"], "in the grid: select a cell, and move"],
  [["first", "last"], "the first and the last bar; in the grid of the row"],
  [["nothing"], "select nothing"],
];
const PROMPT_KEYS: Help = [[["promptBefore", "promptAfter"], "the prompt before, the prompt after"]];

export class View {
  private frame: Frame;
  private bars = new Bars();
  private grid: Grid;
  private total: RunningTotal;
  private effect = new Effect();
  private prompts = new Stepper("prompt", (by) => this.turn(by));
  private barsNote = el("span", { class: "mi-facts" });
  private controlNote = el("span", { class: "mi-facts mi-bar-legend" });
  private left = el("div", { class: "mi-beside" });
  private right = el("div", { class: "mi-beside" });
  private sentence = el("p", { class: "mi-sentence" });
  private numbers = el("div", {
    class: "mi-numbers",
    tabindex: 0,
    role: "region",
    "aria-label": "the terms in numbers",
  });

  private selection!: Selection;
  private shown: Bar[] = [];
  private controlShown = false;

  constructor(
    private model: Model,
    private store: Store,
    element: HTMLElement,
  ) {
    const keys = [...KEYS, ...(store.sent.batch.length > 1 ? PROMPT_KEYS : [])];
    this.frame = new Frame(element, this.actions(), keys, () => this.draw());
    this.frame.root.classList.add("mi-attribution");
    this.numbers.hidden = true;
    this.grid = new Grid(store, model);
    this.total = new RunningTotal(store);
    const largest = el("figcaption", {}, el("strong", {}, "Largest terms"), this.barsNote, this.controlNote);
    this.left.append(el("figure", {}, largest, this.bars.element));
    this.right.append(this.grid.element, this.total.element);
    this.frame.extras.append(this.prompts.element);
    this.frame.body.append(el("div", { class: "mi-parts" }, this.left, this.right), this.numbers);
    this.frame.footer.append(this.sentence, this.effect.element);
    this.readTraits();
    this.listenToPeople();
    this.listenToModel();
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  // -- what there is ------------------------------------------------------------------------------------------------

  private actions(): Action[] {
    return [
      {
        label: "untrained",
        key: "control",
        hint: "the control's grid in the picture's place, in the same colours",
        run: () => this.showControl(),
      },
      {
        label: "ablate head",
        key: "switchOff",
        hint: "switch the selected head off or on: view.intervention",
        run: () => this.ablate(),
      },
      {
        label: "as table",
        key: "table",
        hint: "the terms in numbers, the largest first",
        run: () => this.toggleTable(),
      },
      {
        label: "copy code",
        key: "code",
        hint: "copy the Python that makes this view",
        run: () => void this.frame.copy(this.model.get("_code")),
      },
    ];
  }

  private get prompt(): Prompt {
    return this.store.prompt(this.selection);
  }

  private get unit(): string {
    return this.model.get("_header").unit;
  }

  /** The selected head. */
  private get head(): HeadPlace | undefined {
    const { layer = null, head = null } = this.selection;
    return layer === null || head === null ? undefined : { layer, head };
  }

  private readTraits(): void {
    const { store } = this;
    const chosen = this.model.get("selection");
    // A linked widget, or new terms ahead of their selection, may leave one that cannot be shown.
    if (store.fits(chosen)) this.selection = chosen;
    else if (!this.selection || !store.fits(this.selection))
      this.selection = { batch: store.sent.batch[0], term: null };
    const { title, model, unit, warnings } = this.model.get("_header");
    const answers = `${quoted(this.prompt.right)} over ${quoted(this.prompt.wrong)}`;
    const n = store.sent.n_terms;
    this.frame.say({
      title,
      facts: [model, answers, `${n.toLocaleString("en-US")} term${n === 1 ? "" : "s"}`, unit],
      warnings,
    });
    this.prompts.say(store.sent.batch.indexOf(this.selection.batch), store.sent.batch.length);
  }

  private listenToModel(): void {
    const changed = () => {
      this.readTraits();
      this.draw();
    };
    this.frame.until(
      this.store.source.onChange(changed),
      listen(this.model, { "change:selection": changed, "change:_ablated": changed, "change:_header": changed }),
      onHover(this.model, (labels) => {
        const spot = this.spotOfLabels(labels);
        this.grid.light(spot, this.selection);
        this.bars.point(this.barOf(spot));
      }),
    );
  }

  private spotOfLabels({ term = null, layer = null, head = null }: Labels): Spot {
    return spotOf(this.store, { batch: this.selection.batch, term, layer, head } as Selection);
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private listenToPeople(): void {
    this.frame.until(
      bindKeys(
        this.grid.map.element,
        arrows((to) => this.pick(moveCell(this.prompt, this.spot, to))),
      ),
      bindKeys(this.frame.root, {
        up: () => this.walk(-1),
        down: () => this.walk(1),
        first: () => this.walk(-Infinity),
        last: () => this.walk(Infinity),
        nothing: () => this.clear(),
        promptBefore: () => this.turn(-1),
        promptAfter: () => this.turn(1),
      }),
    );
    const [bars, map, chart] = [this.bars.element, this.grid.map.element, this.total.chart.element];
    bars.addEventListener("click", (event) => this.pickBar(this.bars.at(event)));
    bars.addEventListener("pointermove", (event) => this.pointedAtBar(event));
    map.addEventListener("click", (event) => this.pick(this.grid.map.spotAt(event) ?? NOWHERE));
    map.addEventListener("pointermove", (event) => this.pointedAtCell(event));
    chart.addEventListener("pointermove", (event) => this.pointedAtStage(event));
    for (const element of [bars, map, chart]) element.addEventListener("pointerleave", () => this.nowhere());
  }

  private get spot(): Spot {
    return spotOf(this.store, this.selection);
  }

  private select(change: Partial<Selection>): void {
    this.nowhere(); // what was done by key or click is shown, not what the pointer happens to be on
    this.model.set("selection", { ...this.selection, ...change });
    this.model.save_changes();
  }

  private clear(): void {
    this.select({ term: null, ...(this.store.sent.heads.length ? { layer: null, head: null } : {}) });
  }

  private pick(spot: Spot): void {
    const change = changeAt(this.store, this.prompt, spot);
    if (change && (spot.row !== null || spot.column !== null)) this.select(change);
  }

  /** Of the bars of terms alone: that of the others selects nothing. */
  private pickBar(at: number | undefined): void {
    const term = at === undefined ? undefined : this.shown[at]?.term;
    if (term !== undefined) this.select({ term: this.store.sent.names[term] });
  }

  private walk(by: number): void {
    const last = this.shown.filter(({ term }) => term !== undefined).length - 1;
    const from = this.chosenBar ?? (by > 0 ? -1 : last + 1);
    this.pickBar(Math.max(0, Math.min(last, from + by)));
  }

  private get chosenBar(): number | undefined {
    const place = this.store.place(this.selection.term);
    const at = place === undefined ? -1 : this.shown.findIndex(({ term }) => term === place);
    return at < 0 ? undefined : at;
  }

  private turn(by: number): void {
    const { batch } = this.store.sent;
    const at = Math.max(0, Math.min(batch.length - 1, batch.indexOf(this.selection.batch) + by));
    if (batch[at] !== this.selection.batch) this.select({ batch: batch[at] });
  }

  private showControl(): void {
    if (!this.store.sent.control) return;
    this.controlShown = !this.controlShown;
    this.draw();
  }

  private ablate(): void {
    if (this.head) switchHead(this.model, this.head);
    else if (this.store.sent.heads.length) this.frame.announce("Select a head first.");
  }

  private toggleTable(): void {
    this.numbers.hidden = !this.numbers.hidden;
    this.drawWords();
  }

  private pointedAtBar(event: PointerEvent): void {
    const bar = this.shown[this.bars.at(event) ?? -1];
    if (!bar) return this.nowhere();
    const term = bar.term === undefined ? null : this.store.sent.names[bar.term];
    const labels = term === null ? {} : { term, ...(this.store.sent.heads.length ? address(this.store, term) : {}) };
    if (this.grid.light(this.spotOfLabels(labels), this.selection)) sayHover(this.model, labels);
    this.bars.point(this.shown.indexOf(bar));
    this.frame.tip(event, pointedAtBar(this.store, this.prompt, bar, this.unit));
  }

  private pointedAtCell(event: PointerEvent): void {
    const spot = this.grid.map.spotAt(event) ?? NOWHERE;
    this.hover(spot);
    const lines = pointedAtCell(this.store, this.prompt, spot, this.unit);
    if (lines.length) this.frame.tip(event, lines);
    else this.frame.tooltip.hide();
  }

  private pointedAtStage(event: PointerEvent): void {
    const stage = this.total.at(event);
    this.total.chart.point(stage);
    this.frame.tip(event, pointedAtStage(this.store, this.prompt, stage, this.unit));
  }

  private nowhere(): void {
    this.frame.tooltip.hide();
    this.total.chart.point(undefined);
    this.hover(NOWHERE);
  }

  /** Light a cell of the grid and its bar here, and its head in linked views. */
  private hover(spot: Spot): void {
    const [{ layers, heads }, { row, column }] = [this.store.sent, spot];
    this.bars.point(this.barOf(spot));
    const isHead = row !== null && column !== null && this.store.isHead(column);
    if (this.grid.light(spot, this.selection))
      sayHover(this.model, isHead ? { layer: layers[row], head: heads[column] } : {});
  }

  /** The largest bar of a cell. */
  private barOf({ row, column }: Spot): number | undefined {
    const { where } = this.store;
    const at = this.shown.findIndex(
      ({ term }) => term !== undefined && where.row[term] === row && where.column[term] === column,
    );
    return at < 0 ? undefined : at;
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const { store, selection, prompt, unit } = this;
    const place = layout(this.frame.width);
    [this.left.style.width, this.right.style.width] = [`${place.bars}px`, `${place.right}px`];
    const off = headsOff(this.model);
    this.shown = barsOf(store, selection, unit, (term) => {
      const { layer, head } = address(store, store.sent.names[term]);
      return off.some((other) => layer === other.layer && head === other.head);
    });
    const whole = written(prompt.difference, store.scale);
    this.bars.draw({ bars: this.shown, whole, scale: store.scale, width: place.bars, theme: this.frame.theme });
    this.bars.mark(this.chosenBar);
    this.barsNote.textContent = `${unit}, for ${quoted(prompt.right)} if positive`;
    this.controlNote.textContent = store.sent.control?.name ?? "";
    this.grid.draw(selection, place.right, this.frame.theme, this.controlShown);
    const beneath = beneathBars(this.frame.width, this.grid.map.element.offsetHeight);
    const column = beneath ? this.left : this.right;
    if (this.total.element.parentElement !== column) column.append(this.total.element);
    this.total.draw(selection, beneath ? place.bars : place.right);
    this.drawWords();
    requestAnimationFrame(() => this.frame.painted());
  }

  private drawWords(): void {
    const { store, selection, head, unit } = this;
    this.sentence.replaceChildren(...sentence(store, selection, unit));
    const said = this.sentence.textContent!;
    const off = headsOff(this.model);
    const isOff = !!head && off.some((place) => same(place, head));
    const { control, heads } = store.sent;
    this.effect.say(off.length);
    this.frame.label("control", control?.name ?? "untrained", { pressed: this.controlShown, hidden: !control });
    this.frame.label("switchOff", isOff ? "restore head" : "ablate head", { pressed: isOff, hidden: !heads.length });
    this.frame.label("table", "as table", { pressed: !this.numbers.hidden });
    this.grid.describe(said);
    if (!this.numbers.hidden) this.numbers.replaceChildren(termTable(store, selection, unit));
    this.frame.announce(said);
  }
}
