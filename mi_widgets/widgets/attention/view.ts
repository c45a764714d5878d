/** One display of the widget: grid, large head and words; every gesture becomes a change of a trait. */
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { Frame } from "../_shared/frame";
import { bindKeys, type Keys } from "../_shared/keyboard";
import { onHover, sayHover } from "../_shared/linked";
import { listen, type Model } from "../_shared/model";
import { Stepper } from "../_shared/stepper";
import { TokenStrip } from "../_shared/token_strip";
import { visible } from "../_shared/tokens";
import { watchWidth } from "../_shared/width";
import type { Tensor } from "../_shared/wire";
import { HeadGrid } from "./grid";
import type { Heads } from "./heads";
import { type Cell, LargeHead } from "./large";
import { layoutFor } from "./layout";
import { Lens } from "./lens";
import { Panel } from "./panel";
import { orderOf, readScores, type Score } from "./scores";
import { ARROWS, ARROWS_HELP, fits, type HeadPlace, moveCell, moveHead, same, type Selection } from "./selection";
import { pointedAt } from "./words";

const NOWHERE: Cell = { query: null, key: null };

export class View {
  private frame: Frame;
  private grid = new HeadGrid((place) => this.select(place, "grid"));
  private large = new LargeHead();
  private bar = colourBar({ map: "sequential", low: "0", high: "1", note: "thumbnail = max of its cells" });
  private strip: TokenStrip;
  private lens = new Lens();
  private fromNote = el("span", { class: "mi-from-note" });
  private panel = new Panel();
  private prompts = new Stepper("prompt", (by) => this.step(by));

  private selection: Selection = { batch: 0, layer: -1, head: -1, query: null, key: null }; // until it is read
  private scores: Score[] = [];
  private sentScores: unknown;
  private sortedBy = -1; // index into scores; -1: by layer
  private hovered: Cell = NOWHERE;
  private width = 0;
  private stops: (() => void)[] = [];

  constructor(
    private model: Model,
    private heads: Heads,
    element: HTMLElement,
  ) {
    this.frame = new Frame(element, this.actions(), ARROWS_HELP, () => this.draw());
    this.frame.root.classList.add("mi-attention");
    this.strip = new TokenStrip({
      pick: (query) => this.select({ query, key: null }),
      hover: (query) => this.hover(query === undefined ? NOWHERE : { query, key: null }),
    });
    this.assemble();
    this.readTraits();
    this.listenToPeople();
    this.listenToModel();
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.frame.dispose();
  }

  // -- what there is ------------------------------------------------------------------------------------------------

  private actions() {
    return [
      { label: "sort", key: "s", hint: "rank the heads by a score, the next score, or by layer again", run: () => this.sort() },
      { label: "ablate head", key: "a", hint: "switch the selected head off or on: view.intervention", run: () => this.ablate() },
      { label: "as table", key: "t", hint: "the selected row in numbers", run: () => this.toggleTable() },
      { label: "copy code", key: "c", hint: "copy the Python that makes this view", run: () => this.copyCode() },
    ];
  }

  private assemble(): void {
    this.frame.body.append(
      el("div", { class: "mi-all" }, this.grid.element, this.bar.element),
      this.panel.element,
      el("div", { class: "mi-one" }, this.large.element),
    );
    this.frame.footer.append(this.strip.element, this.fromNote, this.panel.effect);
    this.frame.extras.append(this.prompts.element);
  }

  private listenToPeople(): void {
    const arrows = (move: (key: string) => void): Keys =>
      Object.fromEntries(Object.keys(ARROWS).map((key) => [key, () => move(key)]));
    this.stops.push(
      bindKeys(this.grid.element, arrows((key) => this.moveHead(key))),
      bindKeys(this.large.element, arrows((key) => this.moveCell(key))),
      bindKeys(this.frame.root, { Escape: () => this.select({ query: null, key: null }) }),
    );
    const large = this.large.element;
    large.addEventListener("pointermove", (event) => this.pointed(event));
    large.addEventListener("pointerleave", () => this.hover(NOWHERE));
    large.addEventListener("click", (event) => {
      const cell = this.large.cellAt(event);
      if (cell) this.select(cell.query === null ? { key: cell.key } : cell);
    });
    this.stops.push(
      watchWidth(this.frame.body, (width) => {
        this.width = width;
        this.draw();
      }),
    );
  }

  private listenToModel(): void {
    const changed = () => {
      this.readTraits();
      this.draw();
    };
    const traits = ["selection", "_ablated", "_scores", "_header"].map((name) => [`change:${name}`, changed]);
    this.stops.push(
      this.heads.onChange(changed),
      listen(this.model, Object.fromEntries(traits)),
      onHover(this.model, (labels) => this.light({ ...NOWHERE, ...labels })),
    );
  }

  private readTraits(): void {
    const { picture } = this.heads;
    const chosen = this.model.get("selection");
    const { layers, heads, queryTokens, keyTokens } = picture;
    const fitting = (value?: Selection) => fits(value, layers, heads, queryTokens.length, keyTokens.length);
    // A linked widget, or a new picture ahead of its selection, may leave one that cannot be shown.
    if (fitting(chosen)) this.selection = chosen;
    else if (!fitting(this.selection)) {
      this.selection = { batch: picture.batch, layer: layers[0], head: heads[0], query: null, key: null };
    }
    const scores = this.model.get("_scores");
    if (scores !== this.sentScores) [this.scores, this.sentScores] = [readScores(scores), scores];
    this.strip.setTokens(keyTokens);
    const header = this.model.get("_header");
    const n = keyTokens.filter((token) => token !== "").length;
    this.frame.say({
      title: header.title,
      facts: [header.model, `${n} token${n === 1 ? "" : "s"}`, header.unit],
      warnings: header.warnings,
    });
    this.prompts.say(this.selection.batch, header.n_batch);
  }

  private get ablated(): HeadPlace[] {
    return (this.model.get("_ablated") as [number, number][]).map(([layer, head]) => ({ layer, head }));
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private select(change: Partial<Selection>, focus?: "grid"): void {
    this.hovered = NOWHERE; // what was done by key or click is shown, not what the pointer happens to be on
    this.frame.tooltip.hide();
    this.model.set("selection", { ...this.selection, ...change });
    this.model.save_changes();
    if (focus) this.grid.focus(this.selection);
  }

  private moveHead(key: string): void {
    const order = this.order();
    this.select(moveHead(order, this.grid.columns, this.selection, ARROWS[key]), "grid");
  }

  private moveCell(key: string): void {
    const { queryTokens, keyTokens } = this.heads.picture;
    this.select(moveCell(this.selection, ARROWS[key], queryTokens.length, keyTokens.length));
  }

  private step(by: number): void {
    const n = this.model.get("_header").n_batch;
    this.select({ batch: (this.selection.batch + by + n) % n, query: null, key: null });
  }

  private sort(): void {
    this.sortedBy = this.sortedBy + 1 < this.scores.length ? this.sortedBy + 1 : -1;
    this.draw();
  }

  private ablate(): void {
    const { layer, head } = this.selection;
    const off = this.ablated.filter((place) => !same(place, this.selection));
    if (off.length === this.ablated.length) off.push({ layer, head });
    this.model.set("_ablated", off.map((place) => [place.layer, place.head]));
    this.model.save_changes();
  }

  private toggleTable(): void {
    this.panel.toggleTable();
    this.drawWords();
  }

  private copyCode(): void {
    void this.frame.copy(this.model.get("_code"));
  }

  private pointed(event: PointerEvent): void {
    const cell = this.large.cellAt(event) ?? NOWHERE;
    this.hover(cell);
    const lines = pointedAt(cell, this.heads.picture, this.tensor);
    if (!lines.length) return;
    const frame = this.frame.root.getBoundingClientRect();
    const magnified = this.tensor && this.lens.draw(this.tensor, cell, this.large.cellSize, this.frame.theme);
    this.frame.tooltip.show(event.clientX - frame.left, event.clientY - frame.top, lines, magnified);
  }

  private hover(cell: Cell): void {
    if (cell.query === null && cell.key === null) this.frame.tooltip.hide();
    if (!this.light(cell)) return;
    sayHover(this.model, Object.fromEntries(Object.entries(cell).filter(([, place]) => place !== null)));
  }

  /** Light a cell up; false if it was already. */
  private light(cell: Cell): boolean {
    if (cell.query === this.hovered.query && cell.key === this.hovered.key) return false;
    this.hovered = cell;
    this.drawLights();
    return true;
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private order(): HeadPlace[] {
    return orderOf(this.heads.picture, this.scores[this.sortedBy]);
  }

  private draw(): void {
    if (!this.width) return; // not shown yet
    const { picture } = this.heads;
    const layout = layoutFor(this.width, picture);
    this.frame.root.dataset.layout = layout.kind;
    this.frame.root.style.setProperty("--mi-left", `${layout.left}px`);
    const ablated = this.ablated;
    const { theme } = this.frame;
    this.bar.draw(theme);
    const full = this.heads.full(this.selection);
    this.large.draw({
      tensor: full.tensor ?? this.heads.thumbnail(this.selection),
      rows: picture.queryTokens,
      columns: picture.keyTokens,
      theme,
      width: layout.large,
      off: ablated.some((place) => same(place, this.selection)),
    });
    this.grid.draw({
      heads: this.heads,
      order: this.order(),
      ranked: this.scores[this.sortedBy]?.name,
      selected: this.selection,
      ablated,
      scores: this.scores,
      theme,
      width: layout.grid,
      height: layout.kind === "side" ? Math.max(300, this.large.element.clientHeight - 60) : 420,
    });
    this.drawLights();
    this.drawWords();
    if (this.selection.query !== null) this.strip.reveal(this.selection.query);
    if (full.tensor) requestAnimationFrame(() => this.frame.painted());
  }

  /** What follows the pointer: lit row and column, and the colours of the text. */
  private drawLights(): void {
    const { query, key } = this.hovered;
    const over = query !== null || key !== null;
    const lit = over ? this.hovered : this.selection;
    this.large.light(lit, this.selection);
    const from = lit.query ?? this.selection.query;
    const tensor = this.tensor;
    const columns = this.heads.picture.keyTokens.length;
    const levels = from === null || !tensor ? undefined : tensor.levels(0, 1).subarray(from * columns, (from + 1) * columns);
    this.strip.draw({
      levels,
      map: "sequential",
      theme: this.frame.theme,
      from: from ?? undefined,
      lit: lit.key ?? undefined,
    });
    const token = from === null ? "" : visible(this.heads.picture.queryTokens[from]);
    this.fromNote.replaceChildren(
      from === null ? "as text" : "as text · attention from ",
      ...(from === null ? [] : [el("code", {}, `${from} ${token}`)]),
    );
  }

  private drawWords(): void {
    const { selection, scores, ablated } = this;
    const off = ablated.some((place) => same(place, selection));
    const full = this.heads.full(selection);
    this.panel.draw({ selection, picture: this.heads.picture, full, scores, ablated, off, theme: this.frame.theme });
    const next = scores[this.sortedBy + 1];
    this.frame.label("s", next ? `sort by ${next.name}` : "sort by layer", {
      pressed: this.sortedBy >= 0,
      hidden: scores.length === 0,
    });
    this.frame.label("a", off ? "restore head" : "ablate head", { pressed: off });
    this.frame.label("t", "as table", { pressed: this.panel.tableShown });
    this.large.element.setAttribute("aria-label", `Large pattern. ${this.panel.said}`);
    this.frame.announce(this.panel.said);
  }

  private get tensor(): Tensor | undefined {
    return this.heads.full(this.selection).tensor;
  }
}
