/** The selected spectrum over a and b as a heat map, with a drop-down where there are several. */
import type { Theme } from "../_shared/colour";
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { HeatMap, NOWHERE, type Spot } from "../_shared/heat_map";
import { ends, type Scale, written } from "../_shared/scale";
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
  private spot: Spot = NOWHERE; // of the selected frequency

  /** @param choose called with a target. */
  constructor(
    private spectrum: Spectrum,
    choose: (target: string) => void,
  ) {
    const caption = el(
      "figcaption",
      {},
      this.name,
      this.menu,
      el("span", { class: "mi-facts" }, "size of each component over a and b"),
    );
    this.element = el("figure", { class: "mi-picture-of" }, caption, this.map.element, this.bar);
    this.menu.addEventListener("change", () => choose(this.menu.value));
    // The map is read by the pointer; what is selected in it is selected by the norms' keys too.
    this.map.element.tabIndex = -1;
    this.map.element.setAttribute("role", "img");
  }

  draw(selection: Selection, width: number, theme: Theme): void {
    const { spectrum } = this;
    const tensor = spectrum.plane(selection);
    this.element.hidden = !tensor;
    if (!tensor) return;
    this.element.style.width = `${width}px`;
    this.sayTargets(selection.target!);
    const scale: Scale = { map: "sequential", low: tensor.min, high: tensor.max };
    this.map.draw({
      tensor,
      map: scale.map,
      rows: { name: "a", labels: spectrum.rows, plain: true },
      columns: { name: "b", labels: spectrum.columns, plain: true },
      theme,
      width,
      largest: LARGEST_CELL,
      framed: true,
    });
    this.drawBar(scale, theme);
    const first = `cos ${selection.frequency}`;
    const [row, column] = [spectrum.rows.indexOf(first), spectrum.columns.indexOf(first)];
    // A frame around a small cell would hide it.
    const framed = this.map.cellSize >= LEAST_FRAMED && column >= 0;
    this.spot = row < 0 ? NOWHERE : { row, column: framed ? column : null };
    this.light(NOWHERE);
    this.map.element.setAttribute("aria-label", `${selection.target}: heat map of its components over a and b`);
  }

  /** Light a row and a column; where the pointer is on none, the selected frequency's label alone. */
  light(spot: Spot): void {
    this.map.light(spot, this.spot);
  }

  /** What the pointer is on, in lines. */
  tip({ row, column }: Spot, selection: Selection): [string, string][] {
    const tensor = this.spectrum.plane(selection);
    if (!tensor || row === null || column === null) return [];
    const scale: Scale = { map: "sequential", low: tensor.min, high: tensor.max };
    return [
      ["over a", this.spectrum.rows[row]],
      ["over b", this.spectrum.columns[column]],
      ["size", written(tensor.value(row, column), scale, 1)],
    ];
  }

  /** The frequency of a cell, or of a label; of a cell that has two, the one over a. */
  frequencyAt({ row, column }: Spot): number | undefined {
    const over = [
      row === null ? undefined : this.spectrum.rows[row],
      column === null ? undefined : this.spectrum.columns[column],
    ];
    return over.map((label) => (label === undefined ? undefined : frequencyOf(label))).find((k) => k !== undefined);
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

  private drawBar(scale: Scale, theme: Theme): void {
    const bar = colourBar({ map: scale.map, ...ends(scale), note: "scale without the constant" });
    bar.draw(theme);
    this.bar.replaceChildren(bar.element);
  }
}
