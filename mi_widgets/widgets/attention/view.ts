/** One display of the widget: grid, large head and words; every gesture becomes a change of a trait. */
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import type { Help } from "../_shared/keys";
import { type Action, Frame } from "../_shared/frame";
import { type HeadPlace, headsOff, same, switchHead } from "../_shared/heads_off";
import { HeatMap } from "../_shared/heat_map";
import { arrows, bindKeys, type Direction } from "../_shared/keyboard";
import { listen, type Model } from "../_shared/model";
import { type Label, STEP_KEYS, StepSlider } from "../_shared/step_slider";
import { Stepper } from "../_shared/stepper";
import type { Tensor } from "../_shared/wire";
import { HeadGrid } from "./grid";
import type { Heads } from "./heads";
import { type Layout, layoutFor } from "./layout";
import { Panel } from "./panel";
import { Pointing } from "./pointing";
import { orderOf, readScores, type Score, scoresAt } from "./scores";
import { ARROWS_HELP, type Cell, fits, moveCell, moveHead, type Selection, spotOf } from "./selection";
import { Text } from "./text";

const PROMPT_KEYS: Help = [[["promptBefore", "promptAfter"], "the prompt before, the prompt after"]];
const LARGEST_CELL = { width: 22, height: 22 };

export class View {
  private frame: Frame;
  private pointing: Pointing;
  private grid = new HeadGrid(
    (place) => this.select(place, "grid"),
    (head) => this.pointing.hover({ head }),
  );
  private large = new HeatMap();
  private bar = colourBar({ map: "sequential", low: "0", high: "1", note: "thumbnail = max of its cells" });
  private text = new Text({
    pick: (query) => this.select({ query, key: null }),
    hover: (query) => this.pointing.hover({ query: query ?? null }),
  });
  private panel = new Panel();
  private steps = new StepSlider("step", (i) => this.select({ step: this.stepLabels[i] }));
  private prompts = new Stepper("prompt", (by) => this.stepPrompt(by));

  private selection: Selection = { batch: 0, layer: -1, head: -1, query: null, key: null }; // until it is read
  private sent: { scores?: unknown; read: Score[]; step?: Label } = { read: [] };
  private scores: Score[] = []; // those of the step
  private sortedBy = -1; // index into scores; -1: by layer

  constructor(
    private model: Model,
    private heads: Heads,
    element: HTMLElement,
  ) {
    const keys = [
      ...ARROWS_HELP,
      ...(this.stepLabels.length > 1 ? STEP_KEYS : []),
      ...(model.get("_header").n_batch > 1 ? PROMPT_KEYS : []),
    ];
    this.frame = new Frame(element, this.actions(), keys, () => this.draw());
    this.frame.root.classList.add("mi-attention");
    this.pointing = new Pointing(model, this.frame, () => this.drawLights());
    this.assemble();
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
        label: "sort",
        key: "order",
        hint: "rank the heads by a score, the next score, or by layer again",
        run: () => this.sort(),
      },
      {
        label: "ablate head",
        key: "switchOff",
        hint: "switch the selected head off or on: view.intervention",
        run: () => this.ablate(),
      },
      { label: "as table", key: "table", hint: "the selected row in numbers", run: () => this.toggleTable() },
      { label: "copy code", key: "code", hint: "copy the Python that makes this view", run: () => this.copyCode() },
    ];
  }

  private assemble(): void {
    this.frame.body.append(
      el("div", { class: "mi-all" }, this.grid.element, this.bar.element),
      this.panel.element,
      el("div", { class: "mi-one" }, this.large.element),
    );
    this.frame.footer.append(this.text.strip.element, this.text.note, this.panel.effect.element);
    this.frame.extras.append(this.steps.element, this.prompts.element);
  }

  private listenToPeople(): void {
    this.frame.until(
      bindKeys(
        this.grid.element,
        arrows((to) => this.moveHead(to)),
      ),
      bindKeys(
        this.large.element,
        arrows((to) => this.moveCell(to)),
      ),
      bindKeys(this.frame.root, {
        nothing: () => this.select({ query: null, key: null }),
        stepBefore: () => this.steps.shift(-1),
        stepAfter: () => this.steps.shift(1),
        promptBefore: () => this.stepPrompt(-1),
        promptAfter: () => this.stepPrompt(1),
      }),
    );
    const large = this.large.element;
    large.addEventListener("pointermove", (event) => this.pointed(event));
    large.addEventListener("pointerleave", () => this.pointing.hover());
    large.addEventListener("click", (event) => {
      const cell = this.cellAt(event);
      if (cell) this.select(cell.query === null ? { key: cell.key } : cell);
    });
  }

  private listenToModel(): void {
    const changed = () => {
      this.readTraits();
      this.draw();
    };
    const traits = ["selection", "_ablated", "_scores", "_header"].map((name) => [`change:${name}`, changed]);
    this.frame.until(
      this.heads.source.onChange(changed),
      listen(this.model, Object.fromEntries(traits)),
      this.pointing.stop,
    );
  }

  private readTraits(): void {
    const { picture } = this.heads;
    const chosen = this.model.get("selection");
    const { layers, heads, queryTokens, keyTokens } = picture;
    const steps = this.stepLabels;
    const fitting = (value?: Selection) => fits(value, layers, heads, queryTokens.length, keyTokens.length, steps);
    // A linked widget, or a new picture ahead of its selection, may leave one that cannot be shown.
    if (fitting(chosen)) this.selection = chosen;
    else if (!fitting(this.selection)) {
      this.selection = { batch: picture.batch, layer: layers[0], head: heads[0], query: null, key: null };
      if (steps.length) this.selection.step = picture.steps![0];
    }
    this.readScores();
    this.steps.say(steps, steps.indexOf(this.selection.step!));
    this.text.strip.setTokens(keyTokens);
    const header = this.model.get("_header");
    const n = keyTokens.filter((token) => token !== "").length;
    this.frame.say({
      title: header.title,
      facts: [header.model, `${n} token${n === 1 ? "" : "s"}`, header.unit],
      warnings: header.warnings,
    });
    this.prompts.say(this.selection.batch, header.n_batch);
  }

  private readScores(): void {
    const [scores, { step }] = [this.model.get("_scores"), this.selection];
    if (scores === this.sent.scores && step === this.sent.step) return;
    this.sent = { scores, step, read: scores === this.sent.scores ? this.sent.read : readScores(scores) };
    this.scores = scoresAt(this.sent.read, this.stepLabels.indexOf(step!));
  }

  private get stepLabels(): Label[] {
    return this.model.get("_choices")?.step ?? [];
  }

  /** Whether the selected head is switched off. */
  private get off(): boolean {
    return headsOff(this.model).some((place) => same(place, this.selection));
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private select(change: Partial<Selection>, focus?: "grid"): void {
    this.pointing.forget();
    this.model.set("selection", { ...this.selection, ...change });
    this.model.save_changes();
    if (focus) this.grid.focus(this.selection);
  }

  private moveHead(to: Direction): void {
    const order = this.order();
    this.select(moveHead(order, this.grid.columns, this.selection, to), "grid");
  }

  private moveCell(to: Direction): void {
    const { queryTokens, keyTokens } = this.heads.picture;
    this.select(moveCell(this.selection, to, queryTokens.length, keyTokens.length));
  }

  private stepPrompt(by: number): void {
    const n = this.model.get("_header").n_batch;
    if (n < 2) return;
    this.select({ batch: (this.selection.batch + by + n) % n, query: null, key: null });
  }

  private sort(): void {
    this.sortedBy = this.sortedBy + 1 < this.scores.length ? this.sortedBy + 1 : -1;
    this.draw();
  }

  private ablate(): void {
    switchHead(this.model, this.selection);
  }

  private toggleTable(): void {
    this.panel.toggleTable();
    this.drawWords();
  }

  private copyCode(): void {
    void this.frame.copy(this.model.get("_code"));
  }

  private pointed(event: PointerEvent): void {
    const cell = this.cellAt(event);
    this.pointing.hover(cell);
    if (cell) this.pointing.tell(event, cell, this.heads.picture, this.tensor, this.large.cellSize);
  }

  private cellAt(event: PointerEvent | MouseEvent): Cell | undefined {
    const spot = this.large.spotAt(event);
    return spot && { query: spot.row, key: spot.column };
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private order(): HeadPlace[] {
    return orderOf(this.heads.picture, this.scores[this.sortedBy]);
  }

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const layout = layoutFor(this.frame.width, this.heads.picture);
    this.frame.root.dataset.layout = layout.kind;
    this.frame.root.style.setProperty("--mi-left", `${layout.left}px`);
    this.bar.draw(this.frame.theme);
    const { tensor } = this.heads.full(this.selection);
    this.drawLarge(tensor, layout);
    this.drawGrid(layout);
    this.drawLights();
    this.drawWords();
    if (this.selection.query !== null) this.text.strip.reveal(this.selection.query);
    if (tensor) requestAnimationFrame(() => this.frame.painted());
  }

  private drawLarge(tensor: Tensor | undefined, layout: Layout): void {
    const { queryTokens, keyTokens } = this.heads.picture;
    this.large.draw({
      tensor: tensor ?? this.heads.thumbnail(this.selection),
      map: "sequential",
      rows: { name: "query", labels: queryTokens },
      columns: { name: "key", labels: keyTokens },
      theme: this.frame.theme,
      width: layout.large,
      largest: LARGEST_CELL,
      faded: this.off,
    });
  }

  private drawGrid(layout: Layout): void {
    this.grid.draw({
      heads: this.heads,
      step: this.selection.step,
      order: this.order(),
      ranked: this.scores[this.sortedBy]?.name,
      selected: this.selection,
      ablated: headsOff(this.model),
      scores: this.scores,
      theme: this.frame.theme,
      width: layout.grid,
      height: layout.kind === "side" ? Math.max(300, this.large.element.clientHeight - 60) : 420,
    });
  }

  /** What follows the pointer: lit row and column, and the colours of the text. */
  private drawLights(): void {
    const lit: Cell = this.pointing.onCells ? this.pointing.lit : this.selection;
    this.large.light(spotOf(lit), spotOf(this.selection));
    this.grid.light(this.pointing.lit.head);
    this.text.draw(this.heads.picture, this.tensor, lit.query ?? this.selection.query, lit.key, this.frame.theme);
  }

  private drawWords(): void {
    const { selection, scores, off, heads } = this;
    const { theme } = this.frame;
    const ablated = headsOff(this.model);
    this.panel.draw({ selection, picture: heads.picture, full: heads.full(selection), scores, ablated, off, theme });
    const next = scores[this.sortedBy + 1];
    this.frame.label("order", next ? `sort by ${next.name}` : "sort by layer", {
      pressed: this.sortedBy >= 0,
      hidden: scores.length === 0,
    });
    this.frame.label("switchOff", off ? "restore head" : "ablate head", { pressed: off });
    this.frame.label("table", "as table", { pressed: this.panel.tableShown });
    this.large.element.setAttribute("aria-label", `Large pattern. ${this.panel.said}`);
    this.frame.announce(this.panel.said);
  }

  private get tensor(): Tensor | undefined {
    return this.heads.full(this.selection).tensor;
  }
}
