/** The selected spectrum over a and b as a heat map, with a drop-down where there are several. */
import { spotOf } from "../_shared/cell_gestures";
import type { Theme } from "../_shared/colour";
import { drawBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { HeatMap, NOWHERE, type Spot } from "../_shared/heat_map";
import type { Labels } from "../_shared/labelled";
import { captioned } from "../_shared/pictures";
import type { Lines } from "../_shared/result_view";
import { type ColourScale, numberOnScale } from "../_shared/scale";
import type { Tensor } from "../_shared/wire";
import { frequencyOf } from "./words";
import type { Selection, Spectrum } from "./spectrum";

const LARGEST_CELL = { width: 18, height: 18 };
const LEAST_FRAMED = 8; // pixels

export class Plane {
  readonly element: HTMLElement;
  readonly map = new HeatMap();
  private menu = el("select", { class: "mi-menu", "aria-label": "target" });
  private name = el("strong");
  private bar = el("div");
  private said = "";
  private tensor?: Tensor;
  private spot: Spot = NOWHERE; // of the selected frequency

  /** @param choose called with a target. */
  constructor(
    private spectrum: Spectrum,
    choose: (target: string) => void,
  ) {
    const facts = el("span", { class: "mi-facts" }, "size of each component over a and b");
    this.element = captioned([this.name, this.menu, facts], this.map.element, this.bar);
    this.menu.addEventListener("change", () => choose(this.menu.value));
    // The map is read by the pointer; what is selected in it is selected by the norms' keys too.
    this.map.element.tabIndex = -1;
    this.map.element.setAttribute("role", "img");
  }

  draw(selection: Selection, width: number, theme: Theme): void {
    const { spectrum } = this;
    this.tensor = spectrum.plane(selection);
    this.element.hidden = !this.tensor;
    if (!this.tensor) return;
    const target = String(selection.target);
    this.sayTargets(target);
    this.map.draw({
      tensor: this.tensor,
      map: this.scale.map,
      rows: { name: "a", labels: spectrum.rows.texts({}), plain: true },
      columns: { name: "b", labels: spectrum.columns.texts({}), plain: true },
      theme,
      width,
      largest: LARGEST_CELL,
      framed: true,
    });
    drawBar(this.bar, this.scale, theme, "scale without the constant");
    const wave = `cos ${selection.frequency}`;
    const { row, column } = spotOf(spectrum, { component_a: wave, component_b: wave });
    // A frame around a small cell would hide it.
    this.spot = { row, column: row !== null && this.map.cellSize >= LEAST_FRAMED ? column : null };
    this.map.element.setAttribute("aria-label", `${target}: heat map of its components over a and b`);
  }

  /** Light a row and a column; where the pointer is on none, the selected frequency's label alone. */
  light(labels: Labels): void {
    if (this.tensor) this.map.light(spotOf(this.spectrum, labels), this.spot);
  }

  /** What the pointer is on, in lines. */
  tip(spot: Spot): Lines {
    const [a, b] = this.components(spot);
    if (a === undefined || b === undefined) return [];
    const size = numberOnScale(this.tensor!.value(spot.row!, spot.column!), this.scale, 1);
    return [
      ["over a", a],
      ["over b", b],
      ["size", size],
    ];
  }

  /** The frequency of a cell, or of a label; of a cell that has two, the one over a. */
  frequencyAt(spot: Spot): number | undefined {
    const over = this.components(spot).filter((component) => component !== undefined);
    return over.map(frequencyOf).find((k) => k !== undefined);
  }

  /** The components over a and over b of a cell; of a label, one of them. */
  private components({ row, column }: Spot): (string | undefined)[] {
    const { rows, columns } = this.spectrum;
    return [row === null ? undefined : rows.texts({})[row], column === null ? undefined : columns.texts({})[column]];
  }

  private get scale(): ColourScale {
    return { map: "sequential", low: this.tensor!.min, high: this.tensor!.max };
  }

  private sayTargets(target: string): void {
    const { targets } = this.spectrum;
    if (targets.join("\n") !== this.said) {
      this.said = targets.join("\n");
      this.menu.replaceChildren(...targets.map((name) => el("option", { value: name }, name)));
    }
    this.menu.value = target;
    this.menu.hidden = targets.length < 2;
    this.name.textContent = targets.length < 2 ? target : "";
    this.name.hidden = targets.length >= 2;
  }
}
