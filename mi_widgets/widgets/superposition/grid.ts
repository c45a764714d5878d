/** Wᵀ W as a heat map: what each feature adds to what is read back of each other. */
import type { Theme } from "../_shared/colour";
import { drawBar } from "../_shared/colour_bar";
import { el, setAttributes } from "../_shared/dom";
import { HeatMap, NOWHERE, type Spot } from "../_shared/heat_map";
import { type ColourScale, numberOnScale } from "../_shared/scale";
import type { Tensor } from "../_shared/wire";
import type { Instances } from "./instances";

const LARGEST_CELL = { width: 52, height: 52 };
const LEAST_FRAMED = 8; // pixels: a frame around a smaller cell would hide it

export class Grid {
  readonly map = new HeatMap();
  readonly bar = el("div");
  private tensor?: Tensor;
  private order: readonly number[] = [];
  private selected: Spot = NOWHERE;

  constructor(private instances: Instances) {
    setAttributes(this.map.element, { role: "slider", "aria-label": "feature", "aria-orientation": "vertical" });
  }

  /** @param feature the index of the selected one. */
  draw(instance: number, feature: number, width: number, theme: Theme): void {
    const { features, derived } = this.instances;
    this.tensor = this.instances.grid(instance);
    this.order = derived.orders[instance];
    const labels = this.order.map((i) => String(features[i]));
    const { scale } = this;
    this.map.draw({
      tensor: this.tensor,
      map: scale.map,
      rows: { name: "feature", labels, plain: true },
      columns: { name: "other", labels, plain: true },
      theme,
      width,
      largest: LARGEST_CELL,
      framed: true,
      number: (value) => numberOnScale(value, scale),
    });
    drawBar(this.bar, scale, theme, "dot product");
    const row = this.order.indexOf(feature);
    this.selected = { row, column: this.map.cellSize >= LEAST_FRAMED ? row : null };
  }

  /** Say what is selected to a reader of the screen. */
  describe(feature: number, text: string): void {
    const { features } = this.instances;
    const ends = { "aria-valuemin": features[0], "aria-valuemax": features[features.length - 1] };
    setAttributes(this.map.element, { ...ends, "aria-valuenow": feature, "aria-valuetext": text });
  }

  /** Light the row of a feature and the column of another, by their indices. */
  light(feature: number | undefined, other: number | undefined): void {
    const place = (lit: number | undefined) => (lit === undefined ? null : this.order.indexOf(lit));
    this.map.light({ row: place(feature), column: place(other) }, this.selected);
  }

  /** The indices of the features that the pointer is on: of the row and of the column. */
  at(event: MouseEvent): { spot: Spot; feature?: number; other?: number } {
    const spot = this.map.spotAt(event) ?? NOWHERE;
    const place = (at: number | null) => (at === null ? undefined : this.order[at]);
    return { spot, feature: place(spot.row), other: place(spot.column) };
  }

  /** What stands in a cell, in words. */
  value({ row, column }: Spot): string {
    return numberOnScale(this.tensor!.value(row!, column!), this.scale, 1);
  }

  private get scale(): ColourScale {
    return { map: "diverging", low: this.tensor!.min, high: this.tensor!.max };
  }
}
