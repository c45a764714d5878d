/** One display of the widget: the picture, what it says in words, and every gesture a change of a trait. */
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { Frame } from "../_shared/frame";
import { Effect, headsOff, type HeadPlace, same, switchHead } from "../_shared/heads_off";
import { HeatMap, NOWHERE, type Spot } from "../_shared/heat_map";
import { ARROWS, bindKeys } from "../_shared/keyboard";
import { Lens } from "../_shared/lens";
import { onHover, sayHover } from "../_shared/linked";
import { listen, type Model } from "../_shared/model";
import { ends, written } from "../_shared/scale";
import { STEP_KEYS } from "../_shared/step_slider";
import type { Axis, Cells, Selection } from "./cells";
import { ARROWS_HELP, moveSpot } from "../_shared/moving";
import { Pages } from "./pages";
import { numbers, pointedAt, sentence } from "./words";

const LARGEST_CELL = { width: 64, height: 36 };
const BESIDE = 290; // CSS pixels: with so much room left, the numbers stand beside the picture

export class View {
  private frame: Frame;
  private map = new HeatMap();
  private lens = new Lens();
  private effect = new Effect();
  private pages = new Pages((axis, label) => this.select({ [axis]: label }));
  private bar = el("div");
  private words = el("p", { class: "mi-sentence" });
  private table = el("div", { class: "mi-numbers" });

  private selection: Selection = {};
  private hovered: Spot = NOWHERE;
  private controlShown = false;
  private tableShown?: boolean; // undefined until somebody asks: shown where there is room for it

  constructor(
    private model: Model,
    private cells: Cells,
    element: HTMLElement,
  ) {
    const keys = { ...ARROWS_HELP, ...(cells.pages.some(({ labels }) => labels.length > 1) ? STEP_KEYS : {}) };
    this.frame = new Frame(element, this.actions(), keys, () => this.draw());
    this.frame.root.classList.add("mi-heat");
    this.frame.extras.append(this.pages.element);
    this.frame.body.append(el("div", { class: "mi-picture" }, this.map.element, this.bar, this.words), this.table);
    this.frame.footer.append(this.effect.element);
    this.readTraits();
    this.listenToPeople();
    this.listenToModel();
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  // -- what there is ------------------------------------------------------------------------------------------------

  private actions() {
    return [
      {
        label: "untrained",
        key: "u",
        hint: "the control in the picture's place, in the same colours",
        run: () => this.showControl(),
      },
      {
        label: "ablate head",
        key: "a",
        hint: "switch the selected head off or on: view.intervention",
        run: () => this.ablate(),
      },
      {
        label: "as table",
        key: "t",
        hint: "the largest cells of what is selected, in numbers",
        run: () => this.toggleTable(),
      },
      {
        label: "copy code",
        key: "c",
        hint: "copy the Python that makes this view",
        run: () => void this.frame.copy(this.model.get("_code")),
      },
    ];
  }

  private listenToPeople(): void {
    const arrows = Object.keys(ARROWS).map((key) => [key, () => this.move(key)]);
    const { element } = this.map;
    this.frame.until(
      bindKeys(element, Object.fromEntries(arrows)),
      bindKeys(this.frame.root, {
        Escape: () => this.select(this.cells.labels(NOWHERE)),
        ",": () => this.pages.shift(-1),
        ".": () => this.pages.shift(1),
      }),
    );
    element.addEventListener("pointermove", (event) => this.pointed(event));
    element.addEventListener("pointerleave", () => this.hover(NOWHERE));
    element.addEventListener("click", (event) => {
      const spot = this.map.spotAt(event);
      if (spot) this.select(this.cells.labels(spot));
    });
  }

  private listenToModel(): void {
    const changed = () => {
      this.readTraits();
      this.draw();
    };
    const traits = ["selection", "_ablated", "_header"].map((name) => [`change:${name}`, changed]);
    this.frame.until(
      this.cells.source.onChange(changed),
      listen(this.model, Object.fromEntries(traits)),
      onHover(this.model, (labels) => this.light(this.cells.spot(labels as Selection))),
    );
  }

  private readTraits(): void {
    const { cells } = this;
    const chosen = this.model.get("selection");
    // A linked widget, or new cells ahead of their selection, may leave one that cannot be shown.
    if (cells.fits(chosen)) this.selection = chosen;
    else if (!cells.fits(this.selection)) {
      const first = cells.pages.map(({ name, labels }) => [name, labels[0]]);
      this.selection = { ...Object.fromEntries(first), ...cells.labels(NOWHERE) };
    }
    const header = this.model.get("_header");
    const size = `${cells.rows.labels.length} x ${cells.columns.labels.length}`;
    this.frame.say({ title: header.title, facts: [header.model, size, header.unit], warnings: header.warnings });
    this.pages.say(cells.pages, this.selection);
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private select(change: Selection): void {
    this.hover(NOWHERE); // what was done by key or click is shown, not what the pointer happens to be on
    this.model.set("selection", { ...this.selection, ...change });
    this.model.save_changes();
  }

  private move(key: string): void {
    const { rows, columns } = this.cells;
    const spot = moveSpot(this.cells.spot(this.selection), ARROWS[key], rows.labels.length, columns.labels.length);
    this.select(this.cells.labels(spot));
  }

  private showControl(): void {
    if (!this.cells.hasControl) return;
    this.controlShown = !this.controlShown;
    this.draw();
  }

  /** The selected head; none where cells are not heads, or none is selected. */
  private get head(): HeadPlace | undefined {
    const { layer, head } = this.selection;
    return this.cells.ofHeads && layer !== null && head !== null
      ? { layer: Number(layer), head: Number(head) }
      : undefined;
  }

  private ablate(): void {
    if (this.head) switchHead(this.model, this.head);
    else if (this.cells.ofHeads) this.frame.announce("Select a head first.");
  }

  private toggleTable(): void {
    this.tableShown = this.table.hidden;
    this.drawWords();
  }

  private pointed(event: PointerEvent): void {
    const spot = this.map.spotAt(event) ?? NOWHERE;
    this.hover(spot);
    const lines = pointedAt(this.cells, spot, this.selection, this.model.get("_header").unit);
    if (!lines.length) return;
    const { cellSize } = this.map;
    const magnified = this.lens.draw(this.shown, spot, cellSize, this.frame.theme, this.cells.scale.map);
    this.frame.tip(event, lines, magnified);
  }

  private hover(spot: Spot): void {
    if (spot.row === null && spot.column === null) this.frame.tooltip.hide();
    if (!this.light(spot)) return;
    const labels = Object.entries(this.cells.labels(spot)).filter(([, label]) => label !== null);
    sayHover(this.model, Object.fromEntries(labels));
  }

  /** Light a cell, a row or a column; false if it was lit already. */
  private light(spot: Spot): boolean {
    if (spot.row === this.hovered.row && spot.column === this.hovered.column) return false;
    this.hovered = spot;
    this.drawLights();
    return true;
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  /** The page in the picture: the numbers, or those of the control. */
  private get shown() {
    const control = this.controlShown ? this.cells.controlPage(this.selection) : undefined;
    return control ?? this.cells.page(this.selection);
  }

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const { cells, selection } = this;
    const { scale } = cells;
    this.map.draw({
      tensor: this.shown,
      map: scale.map,
      rows: this.side(cells.rows),
      columns: this.side(cells.columns),
      theme: this.frame.theme,
      width: this.frame.width,
      largest: LARGEST_CELL,
      framed: true,
      off: cells.ofHeads ? headsOff(this.model).map((head) => cells.spot({ ...selection, ...head })) : [],
      number: (value) => written(value, scale),
    });
    this.drawBar();
    this.drawLights();
    this.drawWords();
    requestAnimationFrame(() => this.frame.painted());
  }

  private side(axis: Axis) {
    const texts = this.cells.texts(axis, this.selection);
    return { name: axis.name, labels: texts, plain: !axis.tokens };
  }

  private drawBar(): void {
    const note = this.controlShown && this.cells.hasControl ? `shown: ${this.cells.controlName}` : "";
    const bar = colourBar({ map: this.cells.scale.map, ...ends(this.cells.scale), note });
    bar.draw(this.frame.theme);
    this.bar.replaceChildren(bar.element);
  }

  private drawLights(): void {
    const selected = this.cells.spot(this.selection);
    const over = this.hovered.row !== null || this.hovered.column !== null;
    this.map.light(over ? this.hovered : selected, selected);
  }

  private drawWords(): void {
    const { cells, selection, head } = this;
    this.words.replaceChildren(...sentence(cells, selection));
    const said = this.words.textContent!;
    const off = headsOff(this.model);
    const isOff = !!head && off.some((place) => same(place, head));
    const beside = this.frame.width - this.map.element.offsetWidth >= BESIDE;
    this.table.hidden = !(this.tableShown ?? beside);
    if (!this.table.hidden) this.table.replaceChildren(numbers(cells, selection, this.frame.theme));
    this.effect.say(off.length);
    this.frame.footer.hidden = off.length === 0;
    const control = cells.controlName || "untrained";
    this.frame.label("u", control, { pressed: this.controlShown, hidden: !cells.hasControl });
    this.frame.label("a", isOff ? "restore head" : "ablate head", { pressed: isOff, hidden: !cells.ofHeads });
    this.frame.label("t", "as table", { pressed: !this.table.hidden });
    this.map.element.setAttribute("aria-label", `Heat map. ${said}`);
    this.frame.announce(said);
  }
}
