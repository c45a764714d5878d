/** Bars, grid and running total, what they say in words, and every gesture a selection. */
import { el } from "../_shared/dom";
import { Effect, headsOff, switchAction } from "../_shared/heads_off";
import { NOWHERE, type Spot } from "../_shared/heat_map";
import type { Help } from "../_shared/keys";
import type { Labels } from "../_shared/labelled";
import type { Page } from "../_shared/pages";
import { ResultView, type ViewAction } from "../_shared/result_view";
import { written } from "../_shared/scale";
import { quoted } from "../_shared/tokens";
import { type Bar, Bars } from "./bars";
import { address, changeAt, moveCell, type Selection, spotOf } from "./chosen";
import { Grid } from "./grid";
import { beneathBars, layout } from "./layout";
import type { Prompt, Store } from "./store";
import { RunningTotal } from "./total";
import { barsOf, pointedAtBar, pointedAtCell, pointedAtStage, sentence, termTable } from "./words";

export class AttributionView extends ResultView<Store, Selection> {
  protected readonly name = "attribution";
  protected readonly traits = ["_ablated"];
  private bars = new Bars();
  private grid = new Grid(this.data);
  private total = new RunningTotal(this.data);
  private effect = new Effect();
  private barsNote = el("span", { class: "mi-facts" });
  private controlNote = el("span", { class: "mi-facts mi-bar-legend" });
  private left = el("div", { class: "mi-beside" });
  private right = el("div", { class: "mi-beside" }, this.grid.element, this.total.element);
  private shown: Bar[] = [];

  protected readonly table = {
    name: "the terms in numbers",
    hint: "the terms in numbers, the largest first",
    make: () => termTable(this.data, this.selection, this.unit),
  };

  protected parts() {
    const largest = el("figcaption", {}, el("strong", {}, "Largest terms"), this.barsNote, this.controlNote);
    this.left.append(el("figure", {}, largest, this.bars.element));
    this.listenToPeople();
    const pictures = el("div", { class: "mi-parts" }, this.left, this.right);
    return { body: [pictures, this.numbers], footer: [this.words, this.effect.element] };
  }

  protected actions(): ViewAction[] {
    return [
      this.controlAction(
        "the control's grid in the picture's place, in the same colours",
        () => this.data.sent.control?.name,
      ),
      switchAction(this.model, {
        selected: () => {
          const { layer = null, head = null } = this.selection;
          return layer === null || head === null ? undefined : { layer, head };
        },
        ofHeads: () => this.ofHeads,
        announce: (text) => this.frame.announce(text),
      }),
    ];
  }

  protected keys() {
    return {
      up: () => this.walk(-1),
      down: () => this.walk(1),
      first: () => this.walk(-Infinity),
      last: () => this.walk(Infinity),
    };
  }

  protected help(): Help {
    return [
      [["up", "down"], "the bar above, the bar below"],
      [["left", "right", "up", "down"], "in the grid: select a cell, and move"],
      [["first", "last"], "the first and the last bar; in the grid of the row"],
    ];
  }

  protected pages(): Page[] {
    return [{ key: "batch", name: "prompt", labels: this.data.axis("batch").labels, control: "prompts" }];
  }

  protected facts({ model, unit }: Record<string, string>): string[] {
    const answers = `${quoted(this.prompt.right)} over ${quoted(this.prompt.wrong)}`;
    const n = this.data.sent.n_terms;
    return [model, answers, `${n.toLocaleString("en-US")} term${n === 1 ? "" : "s"}`, unit];
  }

  private get prompt(): Prompt {
    return this.data.prompt(this.selection);
  }

  private get unit(): string {
    return this.header.unit;
  }

  private get ofHeads(): boolean {
    return this.data.sent.heads.length > 0;
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private listenToPeople(): void {
    const [bars, map, chart] = [this.bars.element, this.grid.map.element, this.total.chart.element];
    this.arrows(map, (to) => this.pick(moveCell(this.prompt, spotOf(this.data, this.selection), to)));
    bars.addEventListener("click", (event) => this.pickBar(this.bars.at(event)));
    bars.addEventListener("pointermove", (event) => this.pointedAtBar(event));
    map.addEventListener("click", (event) => this.pick(this.grid.map.spotAt(event) ?? NOWHERE));
    map.addEventListener("pointermove", (event) => this.pointedAtCell(event));
    chart.addEventListener("pointermove", (event) => {
      const stage = this.total.at(event);
      this.point({ stage }, event, pointedAtStage(this.data, this.prompt, stage, this.unit));
    });
    for (const element of [bars, map, chart]) element.addEventListener("pointerleave", () => this.point({}));
  }

  private pick(spot: Spot): void {
    const change = changeAt(this.data, this.prompt, spot);
    if (!change || (spot.row === null && spot.column === null)) return;
    this.point({}); // what was done is shown, not what the pointer happens to be on
    this.select(change);
  }

  /** Of the bars of terms alone: that of the others selects nothing. */
  private pickBar(at: number | undefined): void {
    const term = at === undefined ? undefined : this.shown[at]?.term;
    if (term === undefined) return;
    this.point({});
    this.select({ term: this.data.sent.names[term] });
  }

  private walk(by: number): void {
    const last = this.shown.filter(({ term }) => term !== undefined).length - 1;
    const from = this.chosenBar ?? (by > 0 ? -1 : last + 1);
    this.pickBar(Math.max(0, Math.min(last, from + by)));
  }

  private get chosenBar(): number | undefined {
    const place = this.data.place(this.selection.term);
    return place === undefined ? undefined : found(this.shown.findIndex(({ term }) => term === place));
  }

  // What is pointed at is told to linked views by its term and its head. The places of a bar, a cell or a stage are
  // labels of this view alone, which no other takes up.

  private pointedAtBar(event: PointerEvent): void {
    const bar = this.bars.at(event);
    if (bar === undefined) return this.point({});
    const term = this.shown[bar].term;
    const name = term === undefined ? undefined : this.data.sent.names[term];
    const labels = name === undefined ? {} : { term: name, ...(this.ofHeads ? address(this.data, name) : {}) };
    this.point({ ...labels, bar }, event, pointedAtBar(this.data, this.prompt, this.shown[bar], this.unit));
  }

  private pointedAtCell(event: PointerEvent): void {
    const spot = this.grid.map.spotAt(event) ?? NOWHERE;
    const { row, column } = spot;
    const { layers, heads } = this.data.sent;
    const isHead = row !== null && column !== null && this.data.isHead(column);
    const labels: Labels = isHead ? { layer: layers[row], head: heads[column] } : { cellRow: row, cellColumn: column };
    this.point(labels, event, pointedAtCell(this.data, this.prompt, spot, this.unit));
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  protected paint(): void {
    const { data, selection, prompt, unit, theme } = this;
    const { width } = this.frame;
    const place = layout(width);
    [this.left.style.width, this.right.style.width] = [`${place.bars}px`, `${place.right}px`];
    const off = headsOff(this.model);
    this.shown = barsOf(data, selection, unit, (term) => {
      const { layer, head } = address(data, data.sent.names[term]);
      return off.some((other) => layer === other.layer && head === other.head);
    });
    this.bars.draw({
      bars: this.shown,
      whole: written(prompt.difference, data.scale),
      scale: data.scale,
      width: place.bars,
      theme,
    });
    this.bars.mark(this.chosenBar);
    this.barsNote.textContent = `${unit}, for ${quoted(prompt.right)} if positive`;
    this.controlNote.textContent = data.sent.control?.name ?? "";
    this.grid.draw({ selection, width: place.right, theme, control: this.controlShown, off, unit });
    const beneath = beneathBars(width, this.grid.map.element.offsetHeight);
    const column = beneath ? this.left : this.right;
    if (this.total.element.parentElement !== column) column.append(this.total.element);
    this.total.draw(selection, beneath ? place.bars : place.right);
    this.effect.say(off.length);
  }

  protected light(): void {
    const { term = null, layer = null, head = null, bar, stage, cellRow = null, cellColumn = null } = this.hovered;
    const theirs = { ...this.selection, term, layer, head } as Selection;
    const cell = { row: cellRow, column: cellColumn } as Spot;
    const over = cellRow === null && cellColumn === null ? spotOf(this.data, theirs) : cell;
    this.grid.light(over, spotOf(this.data, this.selection));
    this.bars.point((bar as number | undefined) ?? this.barOf(over));
    this.total.chart.point(stage as number | undefined);
  }

  /** The largest bar of a cell. */
  private barOf({ row, column }: Spot): number | undefined {
    const { where } = this.data;
    return found(
      this.shown.findIndex(
        ({ term }) => term !== undefined && where.row[term] === row && where.column[term] === column,
      ),
    );
  }

  protected sentence() {
    return sentence(this.data, this.selection, this.unit);
  }

  protected describe(said: string): void {
    this.grid.describe(said);
  }
}

function found(at: number): number | undefined {
  return at < 0 ? undefined : at;
}
