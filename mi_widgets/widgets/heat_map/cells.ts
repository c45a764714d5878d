/** The numbers in the browser: all pages of them, the axes, and what a cell is called. */
import type { MapName } from "../_shared/colour";
import type { Spot } from "../_shared/heat_map";
import type { Model } from "../_shared/model";
import { Recent } from "../_shared/recent";
import type { Scale } from "../_shared/scale";
import { Sent } from "../_shared/sent";
import type { Label } from "../_shared/step_slider";
import { visible } from "../_shared/tokens";
import { type Packed, type Tensor, unpack } from "../_shared/wire";

/** One label for every axis; of rows and columns perhaps none. */
export type Selection = Record<string, Label | null>;

export interface Axis {
  name: string;
  labels: Label[];
  texts: string[] | string[][]; // one list for each label of the axis `by`, where they depend on it
  by: string | null;
  tokens: boolean;
}

interface SentCells {
  axes: Axis[];
  map: MapName;
  values: Packed;
  control: Packed | null;
  control_name: string;
}

const KEPT_PAGES = 64; // with their levels computed

/** One for each model; its views share it. */
export class Cells {
  axes!: Axis[];
  pages!: Axis[]; // those of which one label is shown at a time
  scale!: Scale;
  controlName!: string;
  private values!: Tensor;
  private control?: Tensor;
  private parts = new Recent<Tensor>(KEPT_PAGES);
  readonly source: Sent;

  constructor(private model: Model) {
    this.source = new Sent(model, "_cells", () => this.read());
  }

  dispose(): void {
    this.source.dispose();
  }

  get rows(): Axis {
    return this.axes[this.axes.length - 2];
  }

  get columns(): Axis {
    return this.axes[this.axes.length - 1];
  }

  /** Whether a cell is a head. */
  get ofHeads(): boolean {
    return [this.rows.name, this.columns.name].sort().join() === "head,layer";
  }

  get hasControl(): boolean {
    return this.control !== undefined;
  }

  page(selection: Selection): Tensor {
    return this.part("values", this.values, selection);
  }

  controlPage(selection: Selection): Tensor | undefined {
    return this.control && this.part("control", this.control, selection);
  }

  /** How the labels of an axis are written on the selected page. */
  texts(axis: Axis, selection: Selection): string[] {
    if (axis.by === null) return axis.texts as string[];
    const by = this.axes.find(({ name }) => name === axis.by)!;
    return (axis.texts as string[][])[by.labels.indexOf(selection[axis.by]!)];
  }

  /** Where the selected row and column are. */
  spot(selection: Selection): Spot {
    return { row: placeOf(this.rows, selection), column: placeOf(this.columns, selection) };
  }

  /** A row and a column by their labels, as a selection names them. */
  labels({ row, column }: Spot): Selection {
    const { rows, columns } = this;
    return {
      [rows.name]: row === null ? null : rows.labels[row],
      [columns.name]: column === null ? null : columns.labels[column],
    };
  }

  /** Whether a selection, perhaps linked from another widget, is one that can be shown. */
  fits(selection: Selection | undefined): selection is Selection {
    if (!selection) return false;
    const known = (axis: Axis) => axis.labels.includes(selection[axis.name]!);
    return (
      this.pages.every(known) && [this.rows, this.columns].every((axis) => selection[axis.name] == null || known(axis))
    );
  }

  /** "L1", "sender L0.H3", "query 17 ·red": a label where its axis cannot be seen. */
  said(axis: Axis, index: number, selection: Selection): string {
    const text = this.texts(axis, selection)[index];
    if (axis.tokens) return `${axis.name} ${axis.labels[index]} ${visible(text)}`;
    return axis.name === "layer" || axis.name === "head" ? text : `${axis.name} ${text}`;
  }

  /** "L1.H3", or the row and the column by their names. */
  cellName(row: number, column: number, selection: Selection): string {
    const names = [this.said(this.rows, row, selection), this.said(this.columns, column, selection)];
    if (!this.ofHeads) return names.join(", ");
    return (this.rows.name === "layer" ? names : names.reverse()).join(".");
  }

  private part(which: string, tensor: Tensor, selection: Selection): Tensor {
    const index = this.pages.map((axis) => axis.labels.indexOf(selection[axis.name]!));
    const key = `${which} ${index}`;
    const part = this.parts.get(key) ?? tensor.part(...index);
    this.parts.put(key, part);
    return part;
  }

  private read(): void {
    const sent: SentCells = this.model.get("_cells");
    this.axes = sent.axes;
    this.pages = sent.axes.slice(0, -2);
    this.scale = { map: sent.map, low: sent.values.min, high: sent.values.max };
    this.controlName = sent.control_name;
    this.values = unpack(sent.values);
    this.control = sent.control ? unpack(sent.control) : undefined;
    this.parts.clear();
  }
}

function placeOf(axis: Axis, selection: Selection): number | null {
  const label = selection[axis.name] ?? null;
  return label === null ? null : axis.labels.indexOf(label);
}
