/** What the displays of one model share: the texts and their numbers, unpacked once. */
import { listen, type Model } from "../_shared/model";
import type { Scale } from "../_shared/scale";
import { type Packed, type Tensor, unpack } from "../_shared/wire";

export interface Selection {
  batch: number | string;
  pos: number | null;
  step?: number;
}

interface Sent {
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
  sent!: Sent;
  private tensor!: Tensor; // (line, step, batch, pos)
  private listeners = new Set<() => void>();
  private stop: () => void;

  constructor(private model: Model) {
    this.read();
    this.stop = listen(model, {
      "change:_texts": () => {
        this.read();
        for (const listener of this.listeners) listener();
      },
    });
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

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  dispose(): void {
    this.stop();
  }

  private read(): void {
    this.sent = this.model.get("_texts");
    this.tensor = unpack(this.sent.values);
  }
}
