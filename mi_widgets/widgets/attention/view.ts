/** The grid of all heads, the large one, and the text beneath, coloured by what one of its tokens looks at. */
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { Effect, type HeadPlace, headsOff, same, switchAction } from "../_shared/heads_off";
import { HeatMap } from "../_shared/heat_map";
import type { Direction } from "../_shared/keyboard";
import { Lens } from "../_shared/lens";
import type { Page } from "../_shared/pages";
import { ResultView, type ViewAction } from "../_shared/result_view";
import type { Label } from "../_shared/step_slider";
import { TokenStrip } from "../_shared/token_strip";
import { visible } from "../_shared/tokens";
import type { Tensor } from "../_shared/wire";
import { HeadGrid } from "./grid";
import type { Heads, Score } from "./heads";
import { type Layout, layoutFor } from "./layout";
import { ranked } from "./scores";
import { ARROWS_HELP, type Cell, moveCell, moveHead, type Selection, spotOf } from "./selection";
import { headSentence, pointedAt, rowSentence, rowTable } from "./words";

const LARGEST_CELL = { width: 22, height: 22 };

export class AttentionView extends ResultView<Heads, Selection> {
  protected readonly name = "attention";
  protected readonly traits = ["_ablated"];
  protected readonly escape = "select no row and no column";
  private grid = new HeadGrid(
    (place) => this.pickHead(place),
    (head) => this.point({ ...head }),
  );
  private large = new HeatMap();
  private lens = new Lens();
  private bar = colourBar({ map: "sequential", low: "0", high: "1", note: "thumbnail = max of its cells" });
  private strip = new TokenStrip({
    pick: (query) => this.pick({ query, key: null }),
    hover: (query) => this.point(query === undefined ? {} : { query }),
  });
  private from = el("span", { class: "mi-from-note" }); // whose attention colours the text
  private note = el("p", { class: "mi-note" });
  private effect = new Effect();
  private layout!: Layout;
  private sortedBy = -1; // index into scores; -1: by layer

  protected readonly table = {
    name: "the selected row in numbers",
    hint: "the selected row in numbers",
    make: () => rowTable(this.selection, this.data, this.tensor, this.theme),
  };

  protected parts() {
    this.arrows(this.grid.element, (to) => this.pickHead(moveHead(this.order, this.grid.columns, this.selection, to)));
    this.arrows(this.large.element, (to) => this.moveCell(to));
    const large = this.large.element;
    large.addEventListener("pointermove", (event) => this.pointed(event));
    large.addEventListener("pointerleave", () => this.point({}));
    large.addEventListener("click", (event) => {
      const cell = this.cellAt(event);
      if (cell) this.pick(cell.query === null ? { key: cell.key } : { ...cell });
    });
    const words = el("div", { class: "mi-words" }, this.words, this.note, this.numbers);
    const all = el("div", { class: "mi-all" }, this.grid.element, this.bar.element);
    const one = el("div", { class: "mi-one" }, large);
    return { body: [all, words, one], footer: [this.strip.element, this.from, this.effect.element] };
  }

  protected actions(): ViewAction[] {
    const selected = () => this.selection;
    const sort: ViewAction = {
      label: "sort",
      key: "order",
      hint: "rank the heads by a score, the next score, or by layer again",
      run: () => {
        this.sortedBy = this.next ? this.sortedBy + 1 : -1;
        this.draw();
      },
      state: () => {
        const label = this.next ? `sort by ${this.next.name}` : "sort by layer";
        return { label, pressed: this.sortedBy >= 0, hidden: !this.data.scores.length };
      },
    };
    return [sort, switchAction(this.model, { selected, ofHeads: () => true, announce: () => {} })];
  }

  protected help() {
    return ARROWS_HELP;
  }

  protected pages(): Page[] {
    const { step = [], batch } = this.choices as Record<string, Label[]>;
    return [
      { key: "step", labels: step, control: "slider" },
      { key: "batch", name: "prompt", labels: batch, control: "prompts" },
    ];
  }

  protected turning(key: string): Partial<Selection> {
    return key === "batch" ? { query: null, key: null } : {};
  }

  protected facts({ model, unit }: Record<string, string>): string[] {
    const n = this.data.keyTokens.filter((token) => token !== "").length;
    return [model, `${n} token${n === 1 ? "" : "s"}`, unit];
  }

  protected get tableFits(): boolean {
    return true;
  }

  protected get complete(): boolean {
    return !!this.tensor;
  }

  /** The selected head; undefined until it has come. */
  private get tensor(): Tensor | undefined {
    return this.data.full(this.selection).tensor;
  }

  /** The score that the heads are ranked by, and the one that they would be ranked by next. */
  private get by(): Score | undefined {
    return this.data.scores[this.sortedBy];
  }

  private get next(): Score | undefined {
    return this.data.scores[this.sortedBy + 1];
  }

  private get order(): HeadPlace[] {
    const { data, by } = this;
    const { step } = this.selection;
    return by ? ranked(data.places, (head) => data.score(by.values, { ...head, step })) : data.places;
  }

  /** Whether the selected head is switched off. */
  private get off(): boolean {
    return headsOff(this.model).some((place) => same(place, this.selection));
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  /** What is done is shown from now on, not what the pointer happens to be on. */
  private pick(change: Partial<Selection>): void {
    this.point({});
    this.select(change);
  }

  private pickHead(place: HeadPlace): void {
    this.pick({ ...place });
    this.grid.focus(this.selection);
  }

  private moveCell(to: Direction): void {
    this.select(moveCell(this.selection, to, this.data.queryTokens.length, this.data.keyTokens.length));
  }

  private pointed(event: PointerEvent): void {
    const cell = this.cellAt(event);
    if (!cell) return this.point({});
    const { tensor } = this;
    const magnified = tensor && this.lens.draw(tensor, spotOf(cell), this.large.cellSize, this.theme, "sequential");
    const labels = Object.fromEntries(Object.entries(cell).filter(([, label]) => label !== null));
    this.point(labels, event, pointedAt(cell, this.data, tensor), magnified);
  }

  private cellAt(event: PointerEvent | MouseEvent): Cell | undefined {
    const spot = this.large.spotAt(event);
    return spot && { query: spot.row, key: spot.column };
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  protected arrange(): void {
    this.layout = layoutFor(this.frame.width, this.data);
    this.frame.root.dataset.layout = this.layout.kind;
    this.frame.root.style.setProperty("--mi-left", `${this.layout.left}px`);
    this.bar.draw(this.theme);
    this.strip.setTokens(this.data.keyTokens);
  }

  protected paint(): void {
    this.drawLarge();
    this.drawGrid();
    this.note.textContent = this.awaited || this.data.full(this.selection).note || "";
    this.effect.say(headsOff(this.model).length);
    if (this.selection.query !== null) this.strip.reveal(this.selection.query);
  }

  /** What is selected but has not come yet: the picture still shows what was there before. */
  private get awaited(): string | undefined {
    const { batch, step } = this.selection;
    if (batch !== this.data.batch) return `waiting for prompt ${batch} from the kernel …`;
    if (!this.data.hasStep(step)) return `waiting for step ${step} from the kernel …`;
    return undefined;
  }

  private drawLarge(): void {
    const { data, selection } = this;
    this.large.draw({
      tensor: this.tensor ?? data.thumbnail(selection),
      map: "sequential",
      rows: { name: "query", labels: data.queryTokens },
      columns: { name: "key", labels: data.keyTokens },
      theme: this.theme,
      width: this.layout.large,
      largest: LARGEST_CELL,
      faded: this.off,
    });
  }

  private drawGrid(): void {
    const { kind, grid } = this.layout;
    this.grid.draw({
      heads: this.data,
      step: this.selection.step,
      order: this.order,
      ranked: this.by?.name,
      selected: this.selection,
      ablated: headsOff(this.model),
      theme: this.theme,
      width: grid,
      height: kind === "side" ? Math.max(300, this.large.element.clientHeight - 60) : 420,
    });
  }

  /** What follows the pointer: lit row and column, and the colours of the text. */
  protected light(): void {
    const { selection, hovered } = this;
    const { query = null, key = null, layer, head } = hovered as Partial<Selection>;
    const onCells = query !== null || key !== null;
    this.large.light(spotOf(onCells ? { query, key } : selection), spotOf(selection));
    this.grid.light(layer === undefined || head === undefined ? undefined : { layer, head });
    this.colourText(query ?? selection.query, onCells ? key : selection.key);
  }

  /** @param from the token that looks; @param lit the one under the pointer. */
  private colourText(from: number | null, lit: number | null): void {
    const { tensor, theme, data } = this;
    const levels = from === null || !tensor ? undefined : tensor.part(from).levels(0, 1);
    this.strip.draw({ levels, map: "sequential", theme, from: from ?? undefined, lit: lit ?? undefined });
    const said =
      from === null ? [] : [" · attention from ", el("code", {}, `${from} ${visible(data.queryTokens[from])}`)];
    this.from.replaceChildren("as text", ...said);
  }

  protected sentence() {
    const { selection, data } = this;
    const head = headSentence(selection, data, this.off);
    const row = el("span", { class: "mi-sentence" }, ...rowSentence(selection, data, this.tensor));
    return [...head, el("span", { class: "mi-hidden" }, ". "), row]; // a pause, for who hears it
  }

  protected describe(said: string): void {
    this.large.element.setAttribute("aria-label", `Large pattern. ${said}`);
  }
}
