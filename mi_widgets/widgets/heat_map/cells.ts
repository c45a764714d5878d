/** The numbers in the browser: all pages of them, the axes, and what a cell is called. */
import { type Sides, spotOf } from "../_shared/cell_gestures";
import type { Spot } from "../_shared/heat_map";
import { type Axis, LabelledData, type Labels } from "../_shared/labelled";
import type { ColourScale } from "../_shared/scale";
import { visible } from "../_shared/tokens";
import type { Tensor } from "../_shared/wire";

/** One for each model; its views share it. */
export class Cells extends LabelledData implements Sides {
  get rows(): Axis {
    return this.axes[this.axes.length - 2];
  }

  get columns(): Axis {
    return this.axes[this.axes.length - 1];
  }

  /** The axes of which one label is shown at a time. */
  get pages(): Axis[] {
    return this.axes.slice(0, -2);
  }

  get scale(): ColourScale {
    return this.get("values").scale;
  }

  get controlName(): string {
    return this.derived.control_name;
  }

  /** Whether a cell is a head. */
  get ofHeads(): boolean {
    return [this.rows.name, this.columns.name].sort().join() === "head,layer";
  }

  page(selection: Labels): Tensor {
    return this.pageOf("values", selection);
  }

  controlPage(selection: Labels): Tensor | undefined {
    return this.has("control") ? this.pageOf("control", selection) : undefined;
  }

  /** The score and its own control, where the numbers are what the score has above it. */
  partsPage(selection: Labels): [Tensor, Tensor] | undefined {
    return this.has("score") ? [this.pageOf("score", selection), this.pageOf("its_control", selection)] : undefined;
  }

  /** Where the selected row and column are. */
  spot(selection: Labels): Spot {
    return spotOf(this, selection);
  }

  /** "L1", "sender L0.H3", "query 17 ·red": a label where its axis cannot be seen. */
  said(axis: Axis, index: number, selection: Labels): string {
    const text = axis.texts(selection)[index];
    if (axis.tokens) return `${axis.name} ${axis.labels[index]} ${visible(text)}`;
    return axis.name === "layer" || axis.name === "head" ? text : `${axis.name} ${text}`;
  }

  /** "L1.H3", or the row and the column by their names. */
  cellName(row: number, column: number, selection: Labels): string {
    const names = [this.said(this.rows, row, selection), this.said(this.columns, column, selection)];
    if (!this.ofHeads) return names.join(", ");
    return (this.rows.name === "layer" ? names : names.reverse()).join(".");
  }

  private pageOf(variable: string, selection: Labels): Tensor {
    const shown = this.pages.map(({ name }) => [name, selection[name]]);
    return this.get(variable).slice(Object.fromEntries(shown)).tensor;
  }
}
