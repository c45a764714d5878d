/** The texts and their numbers. */
import { LabelledData } from "../_shared/labelled";
import type { ColourScale } from "../_shared/scale";
import type { Label } from "../_shared/step_slider";
import type { Tensor } from "../_shared/wire";

export type Selection = Record<string, Label | null> & {
  batch: Label;
  pos: number | null;
};

/** One prompt at one step: its tokens, and a row of numbers for each line. */
export interface Text {
  tokens: string[];
  rows: Tensor[];
}

export class Texts extends LabelledData {
  /** What each line is. */
  get names(): string[] {
    return this.derived.names;
  }

  get pos(): number[] {
    return this.axis("pos").labels as number[];
  }

  get scale(): ColourScale {
    return this.get("values").scale;
  }

  /** The text that is selected. */
  text({ batch, step }: Selection): Text {
    const values = this.get("values");
    const rows = this.axis("line").labels.map((line) => values.slice({ line, batch, step }).tensor);
    return { tokens: this.axis("pos").texts({ batch }), rows };
  }
}
