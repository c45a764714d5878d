/** The grid: a cell for each head and MLP, or for the sums of each layer where terms are not heads'. */
import { colourBar } from "../_shared/colour_bar";
import type { Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import type { HeadPlace } from "../_shared/heads_off";
import { HeatMap, type Spot } from "../_shared/heat_map";
import { ends, written } from "../_shared/scale";
import { type Selection, spotOf } from "./chosen";
import type { Store } from "./store";

const LARGEST_CELL = { width: 58, height: 28 };

export interface GridState {
  selection: Selection;
  width: number;
  theme: Theme;
  control: boolean; // whether its numbers are shown in the place of those that were measured
  off: HeadPlace[];
  unit: string;
}

export class Grid {
  readonly map = new HeatMap();
  readonly element: HTMLElement;
  private name = el("strong");
  private note = el("span", { class: "mi-facts" });
  private colours = el("div");

  constructor(private store: Store) {
    this.element = el("figure", {}, el("figcaption", {}, this.name, this.note), this.map.element, this.colours);
  }

  draw({ selection, width, theme, control, off, unit }: GridState): void {
    const { store } = this;
    const { layers, columns, heads, control: other } = store.sent;
    this.element.hidden = !layers.length;
    if (this.element.hidden) return;
    const { scale } = store.get("grid");
    const prompt = store.prompt(selection);
    this.map.draw({
      tensor: (control ? prompt.control : undefined)?.grid ?? prompt.grid,
      map: scale.map,
      rows: { name: "layer", labels: store.axis("layer").texts({}), plain: true },
      columns: { name: heads.length ? "head" : "part", labels: columns, plain: true },
      theme,
      width,
      largest: LARGEST_CELL,
      framed: true,
      off: off.map((head) => spotOf(store, { ...selection, term: null, ...head })),
      number: (value) => written(value, scale),
    });
    const bar = colourBar({ map: scale.map, ...ends(scale), note: control && other ? `shown: ${other.name}` : "" });
    bar.draw(theme);
    this.colours.replaceChildren(bar.element);
    this.name.textContent = heads.length ? "Heads" : "Layers";
    this.note.textContent = store.summed ? `${unit}, ${heads.length ? "positions" : "neurons"} summed up` : unit;
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
