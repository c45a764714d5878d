/** One display of the widget: the picture, the pinned token's curve, the words, and every gesture a change of a trait. */
import type { Help } from "../_shared/keys";
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { type Action, Frame } from "../_shared/frame";
import { HeatMap, NOWHERE, type Spot } from "../_shared/heat_map";
import { arrows, bindKeys, type Direction } from "../_shared/keyboard";
import { onHover, sayHover } from "../_shared/linked";
import { listen, type Model } from "../_shared/model";
import { Stepper } from "../_shared/stepper";
import { shortened } from "../_shared/tokens";
import { ARROWS_HELP, moveSpot } from "../_shared/moving";
import { Curve } from "./curve";
import { besideCurve, CURVE, LARGEST_CELL } from "./layout";
import { type Color, colouredBy, colourEnds, COLORS, MAPS, NAMES, type Page } from "./page";
import { Pin } from "./pin";
import type { Selection, Store } from "./store";
import { layerName, likeliest, pointedAt, position, sentence, type Shown, spokenOf, tables } from "./words";

const PROMPT_KEYS: Help = [[["promptBefore", "promptAfter"], "the prompt before, the prompt after"]];

export class View {
  private frame: Frame;
  private map = new HeatMap();
  private bar = el("div");
  private curve: Curve;
  private words = el("p", { class: "mi-sentence" });
  private numbers = el("div", {
    class: "mi-numbers",
    tabindex: 0,
    role: "region",
    "aria-label": "one position in numbers",
  });
  private prompts = new Stepper("prompt", (by) => this.shiftPrompt(by));
  private pin = new Pin((token) => this.set("pinned", token));
  private hovered: Spot = NOWHERE;
  private controlShown = false;

  constructor(
    private model: Model,
    private store: Store,
    element: HTMLElement,
  ) {
    const keys = [...ARROWS_HELP, ...(store.sent.batch.length > 1 ? PROMPT_KEYS : [])];
    this.frame = new Frame(element, this.actions(), keys, () => this.draw());
    this.frame.root.classList.add("mi-lens");
    this.curve = new Curve({
      pick: (layer) => this.pickLayer(layer),
      hover: (layer, event) => this.pointedAtLayer(layer, event),
    });
    this.numbers.hidden = true;
    this.frame.extras.append(this.prompts.element, this.pin.element);
    this.frame.body.append(
      el("div", { class: "mi-lens-picture" }, this.map.element, this.bar),
      this.curve.element,
      this.numbers,
    );
    this.frame.footer.append(this.words);
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
        label: "colour",
        key: "colour",
        hint: "the next meaning of the colours: view.color",
        run: () => this.nextColor(),
      },
      {
        label: "pin next",
        key: "pin",
        hint: "pin the next of the tokens that were asked for: view.pinned",
        run: () => this.nextToken(),
      },
      {
        label: "untrained",
        key: "control",
        hint: "the control in the picture's place, in the same colours",
        run: () => this.showControl(),
      },
      {
        label: "as table",
        key: "table",
        hint: "every layer at the selected position, in numbers",
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

  private get selection(): Selection {
    return this.store.fitting(this.model.get("selection"));
  }

  /** The pinned token; with a lens that was just sent it may be one of the lens before. */
  private get pinned(): string | null {
    const { asked } = this.store.sent;
    const pinned = this.model.get("pinned");
    return asked.includes(pinned) ? pinned : (asked[0] ?? null);
  }

  private get color(): Color {
    const color: Color = this.model.get("color");
    return color === "rank" && this.pinned === null ? "probability" : color;
  }

  private get shown(): Shown {
    return { store: this.store, selection: this.selection, color: this.color, pinned: this.pinned };
  }

  /** The prompt in the picture: the lens's, or its control's. */
  private get page(): Page {
    const control = this.controlShown ? this.store.controlPage(this.selection) : undefined;
    return control ?? this.store.page(this.selection);
  }

  private get asked(): number {
    return this.pinned === null ? -1 : this.store.sent.asked.indexOf(this.pinned);
  }

  private listenToModel(): void {
    const traits = ["selection", "color", "pinned", "_header"].map((name) => [`change:${name}`, () => this.draw()]);
    this.frame.until(
      listen(this.model, Object.fromEntries(traits)),
      this.store.source.onChange(() => this.draw()),
      onHover(this.model, (labels) => void this.light(this.store.spot(labels as Partial<Selection>))),
    );
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private listenToPeople(): void {
    const { element } = this.map;
    this.frame.until(
      bindKeys(
        element,
        arrows((to) => this.move(to)),
      ),
      bindKeys(this.frame.root, {
        nothing: () => this.select(NOWHERE),
        promptBefore: () => this.shiftPrompt(-1),
        promptAfter: () => this.shiftPrompt(1),
      }),
    );
    element.addEventListener("pointermove", (event) => this.pointed(this.map.spotAt(event) ?? NOWHERE, event));
    element.addEventListener("pointerleave", () => this.hover(NOWHERE));
    element.addEventListener("click", (event) => {
      const spot = this.map.spotAt(event);
      if (spot) this.select(spot);
    });
  }

  private set(trait: string, value: unknown): void {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  private select(spot: Spot): void {
    this.hover(NOWHERE); // what was done by key or click is shown, not what the pointer happens to be on
    this.set("selection", { ...this.selection, ...this.store.labels(spot) });
  }

  private move(to: Direction): void {
    const { layers, pos } = this.store.sent;
    this.select(moveSpot(this.store.spot(this.selection), to, layers.length, pos.length));
  }

  private pickLayer(layer: number): void {
    const { column } = this.store.spot(this.selection);
    this.select({
      row: this.store.sent.layers.length - 1 - layer,
      column: column ?? this.store.lastReal(this.selection) ?? null,
    });
  }

  private shiftPrompt(by: number): void {
    const { batch } = this.store.sent;
    if (batch.length < 2) return;
    const at = batch.indexOf(this.selection.batch);
    this.set("selection", { ...this.selection, batch: batch[(at + by + batch.length) % batch.length] });
  }

  private nextColor(): void {
    const there = COLORS.filter((color) => color !== "rank" || this.pinned !== null);
    this.set("color", there[(there.indexOf(this.color) + 1) % there.length]);
  }

  private nextToken(): void {
    const { asked } = this.store.sent;
    if (asked.length > 1) this.set("pinned", asked[(this.asked + 1) % asked.length]);
  }

  private showControl(): void {
    if (!this.store.sent.control) return;
    this.controlShown = !this.controlShown;
    this.draw();
  }

  private toggleTable(): void {
    this.numbers.hidden = !this.numbers.hidden;
    this.drawWords();
  }

  private pointed(spot: Spot, event: PointerEvent): void {
    this.hover(spot);
    const lines = pointedAt(this.shown, this.page, spot);
    if (lines.length) this.frame.tip(event, lines, likeliest(this.page, spot));
  }

  private pointedAtLayer(layer: number | undefined, event: PointerEvent): void {
    if (layer === undefined) return this.hover(NOWHERE);
    const row = this.store.sent.layers.length - 1 - layer;
    this.pointed({ row, column: spokenOf(this.shown)?.column ?? null }, event);
  }

  private hover(spot: Spot): void {
    if (spot.row === null && spot.column === null) this.frame.tooltip.hide();
    if (!this.light(spot)) return;
    const labels = Object.entries(this.store.labels(spot)).filter(([, label]) => label !== null);
    sayHover(this.model, Object.fromEntries(labels));
  }

  /** Light a cell, a layer or a position; false if it was lit already. */
  private light(spot: Spot): boolean {
    if (spot.row === this.hovered.row && spot.column === this.hovered.column) return false;
    this.hovered = spot;
    this.drawLights();
    return true;
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    const { width, theme } = this.frame;
    if (!width) return; // not shown yet
    const { store, selection, color, pinned, page } = this;
    const { layers, pos, batch, asked } = store.sent;
    const header = this.model.get("_header");
    const facts = [header.model, `${layers.length} x ${pos.length}`];
    this.frame.say({ title: header.title, facts, warnings: header.warnings });
    this.prompts.say(batch.indexOf(selection.batch), batch.length);
    this.pin.say(asked, this.asked);
    const tensor = page.colours(color, this.asked);
    const beside = pinned !== null && besideCurve(width, pos.length);
    this.map.draw({
      tensor,
      map: MAPS[color],
      rows: { name: "layer", labels: layers.map((_, row) => layerName(store, row)), plain: true },
      columns: { name: "pos", labels: store.promptTokens(selection) },
      theme,
      width: beside ? width - CURVE.width - CURVE.gap : width,
      largest: LARGEST_CELL,
      framed: true,
      text: (i, signs) => shortened(page.token(Math.floor(i / pos.length), i % pos.length), signs),
    });
    const instead = this.controlShown && store.sent.control ? ` · shown: ${store.sent.control_name}` : "";
    const bar = colourBar({
      map: MAPS[color],
      ...colourEnds(color, tensor),
      note: colouredBy(color, pinned) + instead,
    });
    bar.draw(theme);
    this.bar.replaceChildren(bar.element);
    this.drawCurve(beside ? CURVE.width : Math.min(width, CURVE.most));
    this.drawLights();
    this.drawWords();
    requestAnimationFrame(() => this.frame.painted());
  }

  private drawCurve(width: number): void {
    const { store, selection, pinned, asked } = this;
    const column = spokenOf(this.shown)?.column;
    this.curve.element.hidden = pinned === null || column === undefined;
    if (pinned === null || column === undefined) return;
    const upwards = (page: Page) => store.sent.layers.map((_, row) => page.rank(asked, row, column)).reverse();
    const [page, other] = [store.page(selection), store.controlPage(selection)];
    const where = position(store, selection, column);
    const control = other && { name: store.sent.control_name, ranks: upwards(other) };
    this.curve.draw(
      { pinned, where, layers: store.layerNumbers, ranks: upwards(page), control, worst: store.worst },
      width,
    );
  }

  private drawLights(): void {
    const [selected, { hovered }] = [this.store.spot(this.selection), this];
    const over = hovered.row !== null || hovered.column !== null;
    this.map.light(over ? hovered : selected, selected);
    const upwards = (row: number | null) => (row === null ? undefined : this.store.sent.layers.length - 1 - row);
    this.curve.mark(upwards(selected.row));
    this.curve.point(upwards(hovered.row));
  }

  private drawWords(): void {
    const { shown, store } = this;
    const control = store.sent.control_name || "untrained";
    this.words.replaceChildren(...sentence(shown));
    const said = this.words.textContent!;
    if (!this.numbers.hidden) this.numbers.replaceChildren(...tables(shown));
    this.frame.label("colour", `colour: ${NAMES[this.color]}`);
    this.frame.label("pin", "pin next", { hidden: store.sent.asked.length < 2 });
    this.frame.label("control", control, { pressed: this.controlShown, hidden: !store.sent.control });
    this.frame.label("table", "as table", { pressed: !this.numbers.hidden });
    this.map.element.setAttribute("aria-label", `Logit lens. ${said}`);
    this.curve.describe(`Rank over the layers. ${said}`);
    this.frame.announce(said);
  }
}
