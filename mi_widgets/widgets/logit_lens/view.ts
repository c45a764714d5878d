/** The likeliest tokens in their cells, the pinned token's curve, and the words. */
import { followCells, labelsOf, spotOf } from "../_shared/cell_gestures";
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { HeatMap, type Spot } from "../_shared/heat_map";
import { ARROWS_HELP } from "../_shared/moving";
import type { Page } from "../_shared/pages";
import { ResultView, type ViewAction } from "../_shared/result_view";
import { shortened } from "../_shared/tokens";
import { Curve } from "./curve";
import { besideCurve, CURVE, LARGEST_CELL } from "./layout";
import { Pin } from "./pin";
import type { Lens } from "./store";
import { colouredBy, likeliestBox, pointedAt, position, sentence, type LensState, tables } from "./words";

export class LogitLensView extends ResultView<Lens> {
  protected readonly name = "lens";
  protected readonly traits = ["color", "pinned"];
  private map = new HeatMap();
  private bar = el("div");
  private pin = new Pin((token) => this.set("pinned", token));
  private curve = new Curve({
    pick: (layer) => {
      this.point({});
      this.select(labelsOf(this.data, this.ofLayer(layer)));
    },
    hover: (layer, event) => {
      if (layer === undefined) return this.point({});
      const spot = this.ofLayer(layer);
      const { lines, picture } = this.told(spot);
      this.point(labelsOf(this.data, spot), event, lines, picture);
    },
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
      () => spotOf(this.data, this.selection),
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
        run: () => this.set("color", next(Object.keys(this.data.colours), this.color)),
        state: () => ({ label: `colour: ${this.data.colours[this.color].label}` }),
      },
      {
        label: "pin next",
        key: "pin",
        hint: "pin the next of the tokens that were asked for: view.pinned",
        run: () => {
          if (this.data.asked.length > 1) this.set("pinned", next(this.data.asked, this.pinned));
        },
        state: () => ({ hidden: this.data.asked.length < 2 }),
      },
      this.controlAction("the control in the picture's place, in the same colours", () => this.data.control),
    ];
  }

  protected help() {
    return ARROWS_HELP;
  }

  protected pages(): Page[] {
    return [{ key: "batch", name: "prompt", labels: this.data.axis("batch").labels, control: "prompts" }];
  }

  protected facts({ model }: Record<string, string>): string[] {
    return [model, `${this.data.rows.labels.length} x ${this.data.columns.labels.length}`];
  }

  /** The pinned token; with a lens that was just sent it may be one of the lens before. */
  private get pinned(): string | null {
    const pinned = this.model.get("pinned");
    return this.data.asked.includes(pinned) ? pinned : (this.data.asked[0] ?? null);
  }

  private get color(): string {
    const color = this.model.get("color");
    return color in this.data.colours ? color : "probability";
  }

  private get shown(): LensState {
    return { lens: this.data, selection: this.selection, color: this.color, pinned: this.pinned };
  }

  /** The labels of what is in the picture: the selected prompt of the lens, or of its control. */
  private get page() {
    return { line: Number(this.controlShown && !!this.data.control), batch: this.selection.batch };
  }

  /** What is said of a cell under the pointer. */
  private told(spot: Spot) {
    const at = { ...this.page, ...labelsOf(this.data, spot) };
    return { lines: pointedAt(this.shown, at), picture: likeliestBox(this.data, at) };
  }

  /** The cell of a layer of the curve, where the first layer is 0. */
  private ofLayer(layer: number): Spot {
    return {
      ...spotOf(this.data, this.data.describedCell(this.selection)!),
      row: this.data.rows.labels.length - 1 - layer,
    };
  }

  protected paint(): void {
    const { data, selection, color, pinned, page, theme } = this;
    const { width } = this.frame;
    const { rows, columns, control } = data;
    const { map, ends } = data.colours[color];
    this.pin.say(data.asked, pinned);
    const beside = pinned !== null && besideCurve(width, columns.labels.length);
    const across = columns.labels.length;
    this.map.draw({
      tensor: data.page(color, { ...page, token_asked: pinned }),
      map,
      rows: { name: "layer", labels: rows.texts({}), plain: true },
      columns: { name: "pos", labels: columns.texts(selection) },
      theme,
      width: beside ? width - CURVE.width - CURVE.gap : width,
      largest: LARGEST_CELL,
      framed: true,
      text: (i, characters) => {
        const at = labelsOf(data, { row: Math.floor(i / across), column: i % across });
        return shortened(data.textAt("token", { ...page, ...at }), characters);
      },
    });
    const instead = page.line ? ` · shown: ${control}` : "";
    const bar = colourBar({ map, low: ends[0], high: ends[1], note: colouredBy(color, pinned) + instead });
    bar.draw(theme);
    this.bar.replaceChildren(bar.element);
    this.drawCurve(beside ? CURVE.width : Math.min(width, CURVE.most));
  }

  private drawCurve(width: number): void {
    const { data, pinned } = this;
    const at = data.describedCell(this.selection);
    this.curve.element.hidden = pinned === null || !at;
    if (pinned === null || !at) return;
    const ranks = (line: number) => data.ranks({ ...at, line, token_asked: pinned });
    this.curve.draw(
      {
        pinned,
        where: position(data, at),
        layers: data.derived.layer_numbers,
        ranks: ranks(0),
        control: data.control ? { name: data.control, ranks: ranks(1) } : undefined,
        worst: data.get("asked_rank").scale.high,
      },
      width,
    );
  }

  protected light(): void {
    const [selected, over] = [this.selection, this.hovered].map((labels) => spotOf(this.data, labels));
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

/** The one behind, and after the last the first. */
function next<T>(several: readonly T[], now: T): T {
  return several[(several.indexOf(now) + 1) % several.length];
}
