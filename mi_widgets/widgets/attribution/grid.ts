/** The grid: a cell for each head and MLP, or for the sums of each layer where terms are not heads'. */
import { drawBar } from "../_shared/colour_bar";
import type { Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import type { HeadPlace } from "../_shared/heads_off";
import { HeatMap, type Spot } from "../_shared/heat_map";
import type { Labels } from "../_shared/labelled";
import { numberOnScale } from "../_shared/scale";
import type { Terms } from "./store";

const LARGEST_CELL = { width: 58, height: 28 };

export class Grid {
  readonly map = new HeatMap();
  readonly element: HTMLElement;
  private name = el("strong");
  private note = el("span", { class: "mi-facts" });
  private colours = el("div");

  constructor(private terms: Terms) {
    this.element = el("figure", {}, el("figcaption", {}, this.name, this.note), this.map.element, this.colours);
  }

  /** @param control whether its numbers are shown in the place of those that were measured. */
  draw(selection: Labels, width: number, theme: Theme, control: boolean, off: HeadPlace[]): void {
    const { terms } = this;
    const { summed } = terms.derived;
    const [rows, columns] = ["layer", "part"].map((name) => terms.axis(name).texts({}));
    this.element.hidden = !rows.length;
    if (this.element.hidden) return;
    const { scale } = terms.get("grid");
    const grids = terms.rows("grid", selection);
    this.map.draw({
      tensor: grids[Number(control)],
      map: scale.map,
      rows: { name: "layer", labels: rows, plain: true },
      columns: { name: terms.heads.length ? "head" : "part", labels: columns, plain: true },
      theme,
      width,
      largest: LARGEST_CELL,
      framed: true,
      off: off.map((head) => terms.spotOf({ ...head })),
      number: (value) => numberOnScale(value, scale),
    });
    drawBar(this.colours, scale, theme, control ? `shown: ${terms.control}` : "");
    this.name.textContent = terms.heads.length ? "Heads" : "Layers";
    this.note.textContent = terms.unit + (summed && `, ${summed} summed up`);
  }

  /** Light a cell: the one under the pointer, else the selected one. */
  light(over: Spot, selected: Spot): void {
    if (this.element.hidden) return;
    this.map.light(over.row === null && over.column === null ? selected : over, selected);
  }

  /** What a reader of the screen is told. */
  describe(said: string): void {
    this.map.element.setAttribute("aria-label", `${this.name.textContent} as a heat map. ${said}`);
  }
}
