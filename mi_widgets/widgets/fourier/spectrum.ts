/** The numbers in the browser: norms, circles and two-dimensional spectra of all steps. */
import type { Sides } from "../_shared/cell_gestures";
import { type Axis, LabelledData } from "../_shared/labelled";
import type { Points } from "../_shared/plane";
import type { Label } from "../_shared/step_slider";
import { Tensor } from "../_shared/wire";

export type Selection = Record<string, Label | null> & { frequency: number };

type DerivedData = {
  highest: number; // norm, at any step
  reaches: number[]; // how far a frequency's numbers lie from the middle at most, at any step
  plane_reaches: number[]; // where the colours of a target's spectrum end, at all steps
};

/** One step of everything, by the indices of frequencies. */
export interface Moment {
  norms: ArrayLike<number>;
  shares: ArrayLike<number>;
  keys: ArrayLike<number>; // 1 for a key frequency
  loss: number;
  accuracy: number;
  guessed: boolean; // right no oftener than a guess
}

const GUESSED = 2; // times as often right as a guess: up to there a network is at chance

export class Spectrum extends LabelledData implements Sides {
  declare derived: DerivedData;

  /** None of one state of a model, which has no such axis. */
  get steps(): readonly Label[] | undefined {
    return this.labels("step");
  }

  get frequencies(): number[] {
    return this.axis("frequency").labels as number[];
  }

  /** What the two-dimensional spectra are of; none without any. */
  get targets(): string[] {
    return (this.labels("target") ?? []) as string[];
  }

  /** The components over a of the spectra. */
  get rows(): Axis {
    return this.axis("component_a");
  }

  /** The components over b. */
  get columns(): Axis {
    return this.axis("component_b");
  }

  get p(): number {
    return this.axis("number").labels.length;
  }

  /** The index of the selected frequency. */
  place(selection: Selection): number {
    return this.frequencies.indexOf(selection.frequency);
  }

  moment(selection: Selection): Moment {
    const { step } = selection;
    const accuracy = this.get("accuracy").at(selection);
    const each = (name: string) => this.get(name).slice({ step }).tensor.codes;
    return {
      norms: each("norm"),
      shares: each("share"),
      keys: each("key"),
      loss: this.get("loss").at(selection),
      accuracy,
      guessed: accuracy <= GUESSED * this.get("chance").at(selection),
    };
  }

  /** Where the numbers lie along the cosine and the sine of the selected frequency. */
  circle(selection: Selection): Points {
    const along = (name: string) => {
      const { tensor } = this.get(name).slice(selection);
      return Float32Array.from(tensor.codes, (_, n) => tensor.at(n));
    };
    return { x: along("x"), y: along("y") };
  }

  /** The selected spectrum over a and b, with the ends of its colours. */
  plane(selection: Selection): Tensor | undefined {
    if (!this.has("spectrum")) return undefined;
    const { shape, codes, dtype } = this.get("spectrum").slice(selection).tensor;
    const reach = this.derived.plane_reaches[this.axis("target").place(selection.target)!];
    return new Tensor(shape, codes, dtype, 0, reach);
  }

  private labels(axis: string): readonly Label[] | undefined {
    return this.axes.find(({ name }) => name === axis)?.labels;
  }
}

/** The numbers 0 to p − 1 in the order of their angles 2πkn/p. */
export function ring(k: number, p: number): number[] {
  const place = (n: number) => (k * n) % p;
  return Array.from({ length: p }, (_, n) => n).sort((a, b) => place(a) - place(b) || a - b);
}
