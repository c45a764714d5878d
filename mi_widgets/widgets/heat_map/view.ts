/** The heat map of one page, its colours, and the largest numbers beside it. */
import { followCells } from "../_shared/cell_gestures";
import { drawBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { Effect, headsOff, type HeadPlace, switchAction } from "../_shared/heads_off";
import { HeatMap } from "../_shared/heat_map";
import type { Axis } from "../_shared/labelled";
import { Lens } from "../_shared/lens";
import { ARROWS_HELP } from "../_shared/moving";
import type { Page } from "../_shared/pages";
import { ResultView, type ViewAction } from "../_shared/result_view";
import { numberOnScale } from "../_shared/scale";
import type { Cells } from "./cells";
import { numbers, pointedAt, sentence } from "./words";

const LARGEST_CELL = { width: 64, height: 36 };
const BESIDE = 290; // CSS pixels: with so much room left, the numbers stand beside the picture
const FEW = 24; // characters of all labels of an axis together, that can be in sight at once

export class HeatmapView extends ResultView<Cells> {
  protected readonly name = "heat";
  protected readonly traits = ["_ablated"];
  private map = new HeatMap();
  private lens = new Lens();
  private effect = new Effect();
  private bar = el("div");

  protected readonly table = {
    name: "the largest cells in numbers",
    hint: "the largest cells of what is selected, in numbers",
    make: () => numbers(this.data, this.selection, this.theme),
  };

  protected parts() {
    followCells(
      this,
      this.map,
      () => this.data,
      () => this.data.spot(this.selection),
      (spot) => ({
        lines: pointedAt(this.data, spot, this.selection, this.header.unit),
        picture: this.lens.draw(this.shown, spot, this.map.cellSize, this.theme, this.data.scale.map),
      }),
    );
    const picture = el("div", { class: "mi-picture" }, this.map.element, this.bar, this.words);
    return { body: [picture, this.numbers], footer: [this.effect.element] };
  }

  protected actions(): ViewAction[] {
    return [
      this.controlAction("the control in the picture's place, in the same colours", () => this.data.controlName),
      switchAction(this.model, {
        selected: () => this.head,
        ofHeads: () => this.data.ofHeads,
        announce: (text) => this.frame.announce(text),
      }),
    ];
  }

  protected help() {
    return ARROWS_HELP;
  }

  protected pages(): Page[] {
    return this.data.pages.map(({ name, labels }) => {
      const ordered = name === "step" || labels.join("").length > FEW || labels.length > 6;
      return { key: name, labels, control: ordered ? "slider" : "choice" };
    });
  }

  protected facts({ model, unit, progress }: Record<string, string>): string[] {
    const size = `${this.data.rows.labels.length} x ${this.data.columns.labels.length}`;
    return [model, size, unit, progress].filter(Boolean);
  }

  /** The numbers stand beside the picture where there is room. */
  protected get tableFits(): boolean {
    return this.frame.width - this.map.element.offsetWidth >= BESIDE;
  }

  /** The selected head; none where cells are not heads, or none is selected. */
  private get head(): HeadPlace | undefined {
    const { layer, head } = this.selection;
    if (!this.data.ofHeads || layer === null || head === null) return undefined;
    return { layer: Number(layer), head: Number(head) };
  }

  /** The page in the picture: the numbers, or those of the control. */
  private get shown() {
    const control = this.controlShown ? this.data.controlPage(this.selection) : undefined;
    return control ?? this.data.page(this.selection);
  }

  protected paint(): void {
    const { data, selection } = this;
    const { scale } = data;
    const off = data.ofHeads ? headsOff(this.model) : [];
    this.map.draw({
      tensor: this.shown,
      map: scale.map,
      rows: this.side(data.rows),
      columns: this.side(data.columns),
      theme: this.theme,
      width: this.frame.width,
      largest: LARGEST_CELL,
      framed: true,
      off: off.map((head) => data.spot({ ...selection, ...head })),
      number: (value) => numberOnScale(value, scale),
    });
    const note = this.controlShown && data.controlName ? `shown: ${data.controlName}` : "";
    drawBar(this.bar, scale, this.theme, note);
    this.effect.say(headsOff(this.model).length);
    this.frame.footer.hidden = headsOff(this.model).length === 0;
  }

  private side(axis: Axis) {
    return { name: axis.name, labels: axis.texts(this.selection), plain: !axis.tokens };
  }

  protected light(): void {
    const [selected, over] = [this.selection, this.hovered].map((labels) => this.data.spot(labels));
    this.map.light(over.row === null && over.column === null ? selected : over, selected);
  }

  protected sentence() {
    return sentence(this.data, this.selection);
  }

  protected describe(said: string): void {
    this.map.element.setAttribute("aria-label", `Heat map. ${said}`);
  }
}
