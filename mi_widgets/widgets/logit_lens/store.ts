/** The lens and its control in the browser: what travels is read by its labels. */
import { type Sides, spotOf } from "../_shared/cell_gestures";
import type { Spot } from "../_shared/heat_map";
import { type Axis, Labelled, type Labels } from "../_shared/labelled";
import type { Label } from "../_shared/step_slider";
import { Page } from "./page";

export type Selection = Record<string, Label | null> & {
  batch: Label;
};

/** Rows are layers, the last one first; columns are positions. One for each model; its views share it. */
export class Store extends Labelled implements Sides {
  get rows(): Axis {
    return this.axis("layer");
  }

  get columns(): Axis {
    return this.axis("pos");
  }

  /** The labels, the tokens that were asked for, and what the control is called. */
  get sent() {
    return {
      batch: this.axis("batch").labels,
      layers: this.rows.labels,
      pos: this.columns.labels,
      asked: this.has("asked_rank") ? this.axis("asked").texts({}) : [],
      control_name: this.derived.control_name as string,
    };
  }

  page({ batch }: Selection): Page {
    return new Page(this, { line: 0, batch });
  }

  controlPage({ batch }: Selection): Page | undefined {
    return this.sent.control_name ? new Page(this, { line: 1, batch }) : undefined;
  }

  /** The texts of a prompt; "" where it is padded. */
  promptTokens(selection: Selection): string[] {
    return this.columns.texts(selection);
  }

  /** The last position that is no padding; undefined where all of it is. */
  lastReal(selection: Selection): number | undefined {
    const page = this.page(selection);
    const there = this.columns.labels.map((_, column) => this.rows.labels.some((_, row) => page.has(row, column)));
    const last = there.lastIndexOf(true);
    return last < 0 ? undefined : last;
  }

  /** Where the selected layer and position are. */
  spot(labels: Labels): Spot {
    return spotOf(this, labels);
  }

  /** The layers as numbers of an axis, the first one first: their labels, or places where these are texts. */
  get layerNumbers(): number[] {
    const upwards = [...this.rows.labels].reverse();
    return upwards.every((layer) => typeof layer === "number") ? (upwards as number[]) : upwards.map((_, i) => i);
  }
}
