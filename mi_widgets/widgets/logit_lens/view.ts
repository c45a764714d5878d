/** The likeliest tokens in their cells, the pinned token's curve, and the words. */
import { followCells, labelsOf } from "../_shared/cell_gestures";
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { HeatMap, type Spot } from "../_shared/heat_map";
import { ARROWS_HELP } from "../_shared/moving";
import type { Page as Choice } from "../_shared/pages";
import { ResultView, type ViewAction } from "../_shared/result_view";
import { shortened } from "../_shared/tokens";
import { Curve } from "./curve";
import { besideCurve, CURVE, LARGEST_CELL } from "./layout";
import { type Color, colouredBy, colourEnds, COLORS, MAPS, NAMES, type Page } from "./page";
import { Pin } from "./pin";
import type { Selection, Store } from "./store";
import { layerName, likeliest, pointedAt, position, sentence, type Shown, spokenOf, tables } from "./words";

export class LogitLensView extends ResultView<Store, Selection> {
  protected readonly name = "lens";
  protected readonly traits = ["color", "pinned"];
  private map = new HeatMap();
  private bar = el("div");
  private pin = new Pin((token) => this.set("pinned", token));
  private curve = new Curve({
    pick: (layer) => this.pickLayer(layer),
    hover: (layer, event) => this.hoverLayer(layer, event),
  });

  protected readonly table = {
    name: "one position in numbers",
    hint: "every layer at the selected position, in numbers",
    make: () => {
      const all = new DocumentFragment();
      all.append(...tables(this.shown));
      return all;
    },
  };

  protected parts() {
    followCells(
      this,
      this.map,
      () => this.data,
      () => this.data.spot(this.selection),
      (spot) => this.told(spot),
    );
    const picture = el("div", { class: "mi-lens-picture" }, this.map.element, this.bar);
    return { body: [picture, this.curve.element, this.numbers], footer: [this.words], extras: [this.pin.element] };
  }

  protected actions(): ViewAction[] {
    return [
      {
        label: "colour",
        key: "colour",
        hint: "the next meaning of the colours: view.color",
        run: () => this.nextColor(),
        state: () => ({ label: `colour: ${NAMES[this.color]}` }),
      },
      {
        label: "pin next",
        key: "pin",
        hint: "pin the next of the tokens that were asked for: view.pinned",
        run: () => this.nextToken(),
        state: () => ({ hidden: this.data.sent.asked.length < 2 }),
      },
      this.controlAction("the control in the picture's place, in the same colours", () => this.data.sent.control_name),
    ];
  }

  protected help() {
    return ARROWS_HELP;
  }

  protected pages(): Choice[] {
    return [{ key: "batch", name: "prompt", labels: this.data.sent.batch, control: "prompts" }];
  }

  protected facts({ model }: Record<string, string>): string[] {
    const { layers, pos } = this.data.sent;
    return [model, `${layers.length} x ${pos.length}`];
  }

  /** The pinned token; with a lens that was just sent it may be one of the lens before. */
  private get pinned(): string | null {
    const { asked } = this.data.sent;
    const pinned = this.model.get("pinned");
    return asked.includes(pinned) ? pinned : (asked[0] ?? null);
  }

  private get asked(): number {
    return this.pinned === null ? -1 : this.data.sent.asked.indexOf(this.pinned);
  }

  private get color(): Color {
    const color: Color = this.model.get("color");
    return color === "rank" && this.pinned === null ? "probability" : color;
  }

  private get shown(): Shown {
    return { store: this.data, selection: this.selection, color: this.color, pinned: this.pinned };
  }

  /** The prompt in the picture: the lens's, or its control's. */
  private get page(): Page {
    const control = this.controlShown ? this.data.controlPage(this.selection) : undefined;
    return control ?? this.data.page(this.selection);
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private nextColor(): void {
    const there = COLORS.filter((color) => color !== "rank" || this.pinned !== null);
    this.set("color", there[(there.indexOf(this.color) + 1) % there.length]);
  }

  private nextToken(): void {
    const { asked } = this.data.sent;
    if (asked.length > 1) this.set("pinned", asked[(this.asked + 1) % asked.length]);
  }

  private told(spot: Spot) {
    return { lines: pointedAt(this.shown, this.page, spot), picture: likeliest(this.page, spot) };
  }

  private pickLayer(layer: number): void {
    this.point({});
    this.select(labelsOf(this.data, this.ofLayer(layer)));
  }

  private hoverLayer(layer: number | undefined, event: PointerEvent): void {
    if (layer === undefined) return this.point({});
    const spot = this.ofLayer(layer);
    const { lines, picture } = this.told(spot);
    this.point(labelsOf(this.data, spot), event, lines, picture);
  }

  /** The cell of a layer of the curve, where the first layer is 0. */
  private ofLayer(layer: number): Spot {
    return { row: this.data.rows.labels.length - 1 - layer, column: spokenOf(this.shown)!.column };
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  protected paint(): void {
    const { data, selection, color, pinned, page, theme } = this;
    const { layers, pos, asked, control_name } = data.sent;
    const { width } = this.frame;
    this.pin.say(asked, this.asked);
    const tensor = page.colours(color, this.asked);
    const beside = pinned !== null && besideCurve(width, pos.length);
    this.map.draw({
      tensor,
      map: MAPS[color],
      rows: { name: "layer", labels: layers.map((_, row) => layerName(data, row)), plain: true },
      columns: { name: "pos", labels: data.promptTokens(selection) },
      theme,
      width: beside ? width - CURVE.width - CURVE.gap : width,
      largest: LARGEST_CELL,
      framed: true,
      text: (i, signs) => shortened(page.token(Math.floor(i / pos.length), i % pos.length), signs),
    });
    const instead = this.controlShown && control_name ? ` · shown: ${control_name}` : "";
    const note = colouredBy(color, pinned) + instead;
    const bar = colourBar({ map: MAPS[color], ...colourEnds(color, tensor), note });
    bar.draw(theme);
    this.bar.replaceChildren(bar.element);
    this.drawCurve(beside ? CURVE.width : Math.min(width, CURVE.most));
  }

  private drawCurve(width: number): void {
    const { data, selection, pinned, asked } = this;
    const column = spokenOf(this.shown)?.column;
    this.curve.element.hidden = pinned === null || column === undefined;
    if (pinned === null || column === undefined) return;
    const upwards = (page: Page) => data.rows.labels.map((_, row) => page.rank(asked, row, column)).reverse();
    const other = data.controlPage(selection);
    this.curve.draw(
      {
        pinned,
        where: position(data, selection, column),
        layers: data.layerNumbers,
        ranks: upwards(data.page(selection)),
        control: other && { name: data.sent.control_name, ranks: upwards(other) },
        worst: data.get("asked_rank").scale.high,
      },
      width,
    );
  }

  protected light(): void {
    const [selected, over] = [this.selection, this.hovered].map((labels) => this.data.spot(labels));
    this.map.light(over.row === null && over.column === null ? selected : over, selected);
    const upwards = ({ row }: Spot) => (row === null ? undefined : this.data.rows.labels.length - 1 - row);
    this.curve.mark(upwards(selected));
    this.curve.point(upwards(over));
  }

  protected sentence() {
    return sentence(this.shown);
  }

  protected describe(said: string): void {
    this.map.element.setAttribute("aria-label", `Logit lens. ${said}`);
    this.curve.describe(`Rank over the layers. ${said}`);
  }
}
