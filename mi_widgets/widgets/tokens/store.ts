/** What the displays of one model share: the texts and their numbers, unpacked once. */
import type { Model } from "../_shared/model";
import type { Scale } from "../_shared/scale";
import { Sent } from "../_shared/sent";
import { type Packed, type Tensor, unpack } from "../_shared/wire";

export interface Selection {
  batch: number | string;
  pos: number | null;
  step?: number;
}

interface Texts {
  names: string[];
  tokens: string[][];
  steps: number[];
  batch: (number | string)[];
  pos: number[];
  scale: Scale;
  values: Packed;
}

/** One prompt at one step: its tokens, and a row of numbers for each line. */
export interface Text {
  tokens: string[];
  rows: Tensor[];
}

export class Store {
  sent!: Texts;
  private tensor!: Tensor; // (line, step, batch, pos)
  readonly source: Sent;

  constructor(private model: Model) {
    this.source = new Sent(model, "_texts", () => this.read());
  }

  /** The text that is selected. */
  text({ batch, step }: Selection): Text {
    const { sent } = this;
    const prompt = sent.batch.indexOf(batch);
    const at = sent.steps.length ? sent.steps.indexOf(step!) : 0;
    return { tokens: sent.tokens[prompt], rows: sent.names.map((_, line) => this.tensor.part(line, at, prompt)) };
  }

  /** A selection that can be shown: a linked view may leave one that cannot. */
  fitting(selection: Selection): Selection {
    const { batch, steps, pos } = this.sent;
    return {
      batch: batch.includes(selection.batch) ? selection.batch : batch[0],
      pos: selection.pos !== null && pos.includes(selection.pos) ? selection.pos : null,
      ...(steps.length && { step: steps.includes(selection.step!) ? selection.step : steps[steps.length - 1] }),
    };
  }

  dispose(): void {
    this.source.dispose();
  }

  private read(): void {
    this.sent = this.model.get("_texts");
    this.tensor = unpack(this.sent.values);
  }
}
