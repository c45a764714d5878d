/** Bars, grid and running total, what they say in words, and every gesture a selection. */
import { followPointer } from "../_shared/chart_gestures";
import { el } from "../_shared/dom";
import { Effect, headsOff, switchAction } from "../_shared/heads_off";
import { NOWHERE, type Spot } from "../_shared/heat_map";
import type { Help } from "../_shared/keys";
import type { Labels } from "../_shared/labelled";
import type { Page } from "../_shared/pages";
import { ResultView, type ViewAction } from "../_shared/result_view";
import { numberOnScale } from "../_shared/scale";
import { type Bar, Bars } from "./bars";
import { address, changeAt, moveCell, NO_HEAD, type Selection } from "./chosen";
import { Grid } from "./grid";
import { beneathBars, layout } from "./layout";
import type { Terms } from "./store";
import { RunningTotal } from "./total";
import { barInWords, barsOf, pointedAtBar, pointedAtCell, pointedAtStage, sentence, termTable } from "./words";

export class AttributionView extends ResultView<Terms, Selection> {
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
    make: () => termTable(this.data, this.selection),
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
      this.controlAction("the control's grid in the picture's place, in the same colours", () => this.data.control),
      switchAction(this.model, {
        selected: () => {
          const { layer = null, head = null } = this.selection;
          return layer === null || head === null ? undefined : { layer, head };
        },
        ofHeads: () => this.data.heads.length > 0,
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
    const { count } = this.data;
    const { right, wrong } = this.data.answers(this.selection);
    return [model, `${right} over ${wrong}`, `${count.toLocaleString("en-US")} term${count === 1 ? "" : "s"}`, unit];
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private listenToPeople(): void {
    const { data } = this;
    const [bars, map, chart] = [this.bars.element, this.grid.map.element, this.total.chart.element];
    this.arrows(map, (to) => {
      const [grid] = data.rows("grid", this.selection);
      this.pick(changeAt(data, this.selection.batch, moveCell(grid, data.spotOf(this.selection), to)));
    });
    const pickBar = (event: MouseEvent) => this.pickBar(this.bars.at(event));
    followPointer(this, bars, (event) => this.pointedAtBar(event), pickBar);
    const pickCell = (event: MouseEvent) => {
      const spot = this.grid.map.spotAt(event);
      if (spot) this.pick(changeAt(data, this.selection.batch, spot));
    };
    followPointer(this, map, (event) => this.pointedAtCell(event), pickCell);
    chart.addEventListener("pointermove", (event) => {
      const stage = this.total.at(event);
      this.point({ stage }, event, pointedAtStage(data, this.selection, stage));
    });
    chart.addEventListener("pointerleave", () => this.point({}));
  }

  private pick(change: Partial<Selection> | undefined): void {
    if (!change) return;
    this.point({}); // what was done is shown, not what the pointer happens to be on
    this.select(change);
  }

  /** Of the bars of terms alone: that of the others selects nothing. */
  private pickBar(at = -1): void {
    const term = this.shown[at]?.term;
    this.pick(term === undefined ? undefined : { term });
  }

  private walk(by: number): void {
    const last = this.shown.filter(({ term }) => term !== undefined).length - 1;
    const from = this.chosenBar ?? (by > 0 ? -1 : last + 1);
    this.pickBar(Math.max(0, Math.min(last, from + by)));
  }

  private get chosenBar(): number | undefined {
    return this.barWhere((term) => term === this.selection.term);
  }

  /** The first bar of a term of which something is so. */
  private barWhere(fits: (term: string) => boolean): number | undefined {
    const at = this.shown.findIndex(({ term }) => term !== undefined && fits(term));
    return at < 0 ? undefined : at;
  }

  // What is pointed at is told to linked views by its term and its head. The places of a bar, a cell or a stage are
  // labels of this view alone, which no other takes up.

  private pointedAtBar(event: PointerEvent): void {
    const bar = this.bars.at(event);
    if (bar === undefined) return this.point({});
    const { term } = this.shown[bar];
    const head = term !== undefined && this.data.heads.length ? address(this.data, term) : {};
    const labels = term === undefined ? { bar } : { term, ...head, bar };
    this.point(labels, event, pointedAtBar(this.data, this.selection, this.shown[bar]));
  }

  private pointedAtCell(event: PointerEvent): void {
    const spot = this.grid.map.spotAt(event) ?? NOWHERE;
    const head = this.data.headAt(spot);
    const isHead = head.layer !== null && head.head !== null;
    const labels: Labels = isHead ? head : { cellRow: spot.row, cellColumn: spot.column };
    this.point(labels, event, pointedAtCell(this.data, this.selection, spot));
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  protected paint(): void {
    const { data, selection, theme } = this;
    const { scale, unit, control } = data;
    const { width } = this.frame;
    const place = layout(width);
    [this.left.style.width, this.right.style.width] = [`${place.bars}px`, `${place.right}px`];
    const off = headsOff(this.model);
    const difference = data.numberAt("difference", selection);
    this.shown = barsOf(data, selection);
    this.bars.draw({
      bars: this.shown,
      off: ({ term }) => {
        const { layer, head } = term === undefined ? NO_HEAD : address(data, term);
        return off.some((place) => place.layer === layer && place.head === head);
      },
      said: (bar) => barInWords(data, selection, bar),
      whole: numberOnScale(difference, scale),
      scale,
      width: place.bars,
      theme,
    });
    this.bars.mark(this.chosenBar);
    this.barsNote.textContent = `${unit}, for ${data.answers(selection).right} if positive`;
    this.controlNote.textContent = control;
    this.grid.draw(selection, place.right, theme, this.controlShown && !!control, off);
    const beneath = beneathBars(width, this.grid.map.element.offsetHeight);
    const column = beneath ? this.left : this.right;
    if (this.total.element.parentElement !== column) column.append(this.total.element);
    this.total.draw(selection, beneath ? place.bars : place.right);
    this.effect.say(off.length);
  }

  protected light(): void {
    const { bar, stage, cellRow = null, cellColumn = null } = this.hovered;
    const nowhere = cellRow === null && cellColumn === null;
    const over = nowhere ? this.data.spotOf(this.hovered) : ({ row: cellRow, column: cellColumn } as Spot);
    this.grid.light(over, this.data.spotOf(this.selection));
    this.bars.point((bar as number | undefined) ?? this.largestOf(over));
    this.total.chart.point(stage as number | undefined);
  }

  /** The largest bar of a cell. */
  private largestOf({ row, column }: Spot): number | undefined {
    return this.barWhere((term) => {
      const spot = this.data.spotOf({ term });
      return row !== null && spot.row === row && spot.column === column;
    });
  }

  protected sentence() {
    return sentence(this.data, this.selection);
  }

  protected describe(said: string): void {
    this.grid.describe(said);
  }
}
