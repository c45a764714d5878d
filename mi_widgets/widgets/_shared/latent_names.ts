/** What latents are called: `latent_names.py` makes the names. */
import { type Packed, type Tensor, unpack } from "./wire";

export interface SentNames {
  latents: Packed;
  labels: string[];
  says: string[];
  peaks: Packed;
}

export class LatentNames {
  readonly latents: number[];
  readonly labels: readonly string[];
  readonly says: readonly string[]; // the tokens that each promotes
  readonly peaks: Tensor;
  private places: Map<number, number>;

  constructor(sent: SentNames) {
    const numbers = unpack(sent.latents);
    this.latents = Array.from(numbers.codes, (_, i) => numbers.at(i));
    [this.labels, this.says, this.peaks] = [sent.labels, sent.says, unpack(sent.peaks)];
    this.places = new Map(this.latents.map((latent, i) => [latent, i]));
  }

  /** The place of a latent; undefined where it is not among these. */
  place(latent: number): number | undefined {
    return this.places.get(latent);
  }

  /** The label, else what it promotes; "" for a latent that is not among these. */
  name(latent: number): string {
    const at = this.places.get(latent);
    return at === undefined ? "" : this.labels[at] || this.says[at];
  }

  /** Whether its name is a label, in words of ours. */
  isLabelled(latent: number): boolean {
    const at = this.places.get(latent);
    return at !== undefined && this.labels[at] !== "";
  }

  /** Its greatest activation; NaN where it is not known. */
  peak(latent: number): number {
    const at = this.places.get(latent);
    return at === undefined ? NaN : this.peaks.at(at);
  }
}
