/** The grid: a cell for each head and MLP, or for the sums of each layer where terms are not heads'. */
import { colourBar } from "../_shared/colour_bar";
import type { Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { type HeadPlace, headsOff } from "../_shared/heads_off";
import { HeatMap, NOWHERE, type Spot } from "../_shared/heat_map";
import type { Model } from "../_shared/model";
import { ends, type Scale, written } from "../_shared/scale";
import { type Selection, spotOf } from "./chosen";
import type { Store } from "./store";

const LARGEST_CELL = { width: 58, height: 28 };

export class Grid {
  readonly map = new HeatMap();
  readonly element: HTMLElement;
  private name = el("strong");
  private note = el("span", { class: "mi-facts" });
  private colours = el("div");
  private lit: Spot = NOWHERE;
  private drawn = false;

  constructor(
    private store: Store,
    private model: Model,
  ) {
    this.element = el("figure", {}, el("figcaption", {}, this.name, this.note), this.map.element, this.colours);
  }

  /** @param control whether its numbers are shown in the place of those that were measured. */
  draw(selection: Selection, width: number, theme: Theme, control: boolean): void {
    const { layers, columns, heads } = this.store.sent;
    this.drawn = layers.length > 0;
    this.element.hidden = !this.drawn;
    if (!this.drawn) return;
    const prompt = this.store.prompt(selection);
    const tensor = control && prompt.control ? prompt.control.grid : prompt.grid;
    const scale: Scale = { map: "diverging", low: tensor.min, high: tensor.max };
    this.map.draw({
      tensor,
      map: scale.map,
      rows: { name: "layer", labels: layers.map((layer) => `L${layer}`), plain: true },
      columns: { name: heads.length ? "head" : "part", labels: columns, plain: true },
      theme,
      width,
      largest: LARGEST_CELL,
      framed: true,
      off: headsOff(this.model).map((head) => this.spotOfHead(head)),
      number: (value) => written(value, scale),
    });
    this.drawWords(scale, theme, control && prompt.control ? `shown: ${this.store.sent.control!.name}` : "");
    this.light(this.lit, selection);
  }

  /** Light a cell: the one under the pointer, else the selected one. False if that was lit already. */
  light(spot: Spot, selection: Selection): boolean {
    const same = spot.row === this.lit.row && spot.column === this.lit.column;
    this.lit = spot;
    const selected = spotOf(this.store, selection);
    const over = spot.row !== null || spot.column !== null;
    if (this.drawn) this.map.light(over ? spot : selected, selected);
    return !same;
  }

  /** What a reader of the screen is told. */
  describe(said: string): void {
    this.map.element.setAttribute("aria-label", `${this.name.textContent} as a heat map. ${said}`);
  }

  private spotOfHead(head: HeadPlace): Spot {
    return spotOf(this.store, { batch: 0, term: null, ...head });
  }

  private drawWords(scale: Scale, theme: Theme, note: string): void {
    const bar = colourBar({ map: scale.map, ...ends(scale), note });
    bar.draw(theme);
    this.colours.replaceChildren(bar.element);
    const heads = this.store.sent.heads.length > 0;
    this.name.textContent = heads ? "Heads" : "Layers";
    const summed = this.store.summed ? `, ${heads ? "positions" : "neurons"} summed up` : "";
    this.note.textContent = `${this.model.get("_header").unit}${summed}`;
  }
}
