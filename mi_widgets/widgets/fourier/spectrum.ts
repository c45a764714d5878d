/** The numbers in the browser: norms, circles and two-dimensional spectra of all steps, unpacked once for all displays. */
import type { Model } from "../_shared/model";
import { Sent } from "../_shared/sent";
import type { Label } from "../_shared/step_slider";
import { type Packed, Tensor, unpack } from "../_shared/wire";

export interface Selection {
  step?: Label;
  frequency: number;
  target?: string;
}

export interface SentSpectrum {
  steps: Label[] | null; // none: one state of a model, without the axis
  frequencies: number[];
  highest: number; // norm, at any step
  norms: Packed; // (step, frequency), as are shares and keys
  shares: Packed;
  keys: Packed;
  losses: Packed; // (step)
  accuracies: Packed;
  circles: Packed; // (step, 2, frequency, number): along the cosine, along the sine
  reaches: number[]; // how far a frequency's numbers lie from the middle at most, at any step
  targets: string[];
  rows: string[];
  columns: string[];
  planes: Packed | null; // (step, target, row, column)
  plane_reaches: number[];
}

/** One step of everything, by the indices of frequencies. */
export interface Moment {
  norms: ArrayLike<number>;
  shares: ArrayLike<number>;
  keys: ArrayLike<number>; // 1 for a key frequency
  loss: number;
  accuracy: number;
}

export interface Circle {
  x: Float32Array;
  y: Float32Array;
}

export class Spectrum {
  steps!: Label[] | null;
  frequencies!: number[];
  targets!: string[];
  rows!: string[];
  columns!: string[];
  p!: number;
  highest!: number; // norm, at any step
  readonly source: Sent;
  private norms!: Tensor;
  private shares!: Tensor;
  private keys!: Tensor;
  private losses!: Tensor;
  private accuracies!: Tensor;
  private circles!: Tensor;
  private planes?: Tensor;
  private planeReaches: number[] = [];
  private reaches: number[] = [];

  constructor(private model: Model) {
    this.source = new Sent(model, "_spectrum", () => this.read());
  }

  dispose(): void {
    this.source.dispose();
  }

  /** Whether a selection, perhaps linked from another widget, is one that can be shown. */
  fits({ step, frequency, target }: Selection): boolean {
    const known = !this.steps || this.steps.includes(step!);
    return known && this.frequencies.includes(frequency) && (!this.targets.length || this.targets.includes(target!));
  }

  get first(): Selection {
    const { steps, frequencies, targets } = this;
    return {
      ...(steps ? { step: steps[steps.length - 1] } : {}),
      frequency: frequencies[0],
      ...(targets.length ? { target: targets[0] } : {}),
    };
  }

  /** The index of the selected frequency. */
  place(selection: Selection): number {
    return this.frequencies.indexOf(selection.frequency);
  }

  moment(selection: Selection): Moment {
    const step = this.stepPlace(selection);
    return {
      norms: this.norms.part(step).codes,
      shares: this.shares.part(step).codes,
      keys: this.keys.part(step).codes,
      loss: this.losses.at(step),
      accuracy: this.accuracies.at(step),
    };
  }

  circle(selection: Selection): Circle {
    const [step, place] = [this.stepPlace(selection), this.place(selection)];
    return { x: numbersOf(this.circles.part(step, 0, place)), y: numbersOf(this.circles.part(step, 1, place)) };
  }

  /** How far from the middle a number lies at most, at any step: one scale, so that a circle is seen to grow. */
  reach(place: number): number {
    return this.reaches[place];
  }

  /** The selected spectrum over a and b, with the ends of its colours, which are the same at all steps. */
  plane(selection: Selection): Tensor | undefined {
    const target = this.targets.indexOf(selection.target!);
    if (!this.planes || target < 0) return undefined;
    const { shape, codes, dtype } = this.planes.part(this.stepPlace(selection), target);
    return new Tensor(shape, codes, dtype, 0, this.planeReaches[target]);
  }

  private stepPlace({ step }: Selection): number {
    return this.steps ? this.steps.indexOf(step!) : 0;
  }

  private read(): void {
    const sent: SentSpectrum = this.model.get("_spectrum");
    const { steps, frequencies, highest, reaches, targets, rows, columns } = sent;
    Object.assign(this, { steps, frequencies, highest, reaches, targets, rows, columns });
    this.norms = unpack(sent.norms);
    this.shares = unpack(sent.shares);
    this.keys = unpack(sent.keys);
    this.losses = unpack(sent.losses);
    this.accuracies = unpack(sent.accuracies);
    this.circles = unpack(sent.circles);
    this.planes = sent.planes ? unpack(sent.planes) : undefined;
    this.planeReaches = sent.plane_reaches;
    this.p = this.circles.columns;
  }
}

function numbersOf(tensor: Tensor): Float32Array {
  return Float32Array.from({ length: tensor.codes.length }, (_, i) => tensor.at(i));
}

/** The numbers 0 to p − 1 in the order of their angles 2πkn/p. */
export function ring(k: number, p: number): number[] {
  const place = (n: number) => (k * n) % p;
  return Array.from({ length: p }, (_, n) => n).sort((a, b) => place(a) - place(b) || a - b);
}
