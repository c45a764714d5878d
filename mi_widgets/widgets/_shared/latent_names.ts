/** What latents are called: `latent_names.py` makes the names. */
import type { BarRow } from "./bar_list";
import { el } from "./dom";
import { numberText } from "./numbers";
import { type PackedTensor, type Tensor, unpack } from "./wire";

export interface SentNames {
  latents: PackedTensor;
  labels: string[];
  says: string[];
  peaks: PackedTensor;
}

export class LatentNames {
  readonly latents: number[] = [];
  readonly says: readonly string[] = []; // the tokens that each promotes
  private labels: readonly string[] = [];
  private peaks?: Tensor;
  private places: Map<number, number>;

  /** @param sent nothing where nobody has named any. */
  constructor(sent: SentNames | Record<string, never>) {
    if (sent.latents) {
      const numbers = unpack(sent.latents);
      this.latents = Array.from(numbers.codes, (_, i) => numbers.at(i));
      [this.labels, this.says, this.peaks] = [sent.labels, sent.says, unpack(sent.peaks)];
    }
    this.places = new Map(this.latents.map((latent, i) => [latent, i]));
  }

  /** The place of a latent; undefined where it is not among these. */
  place(latent: number): number | undefined {
    return this.places.get(latent);
  }

  /** The label, else what it promotes; "" for a latent that is not among these. */
  name(latent: number): string {
    return this.label(latent) || this.promotes(latent);
  }

  /** The tokens that it promotes. */
  promotes(latent: number): string {
    return this.says[this.place(latent) ?? -1] ?? "";
  }

  /** The label, in words of ours, that is its name; "" where it has none. */
  label(latent: number): string {
    return this.labels[this.place(latent) ?? -1] ?? "";
  }

  /** Its greatest activation; NaN where it is not known. */
  peak(latent: number): number {
    const at = this.place(latent);
    return at === undefined ? NaN : this.peaks!.at(at);
  }

  /** "Latent 336 register comment", the label set apart. */
  title(latent: number): (Node | string)[] {
    const label = this.label(latent);
    return [`Latent ${latent}`, ...(label ? [" ", el("span", { class: "mi-latent-label" }, label)] : [])];
  }

  /** A bar for a number of a latent. */
  bar(latent: number, value: number, unit: string): Omit<BarRow, "said"> {
    const name = this.name(latent);
    const named: [string, string][] = name ? [["", name]] : [];
    const tip: BarRow["tip"] = [["latent", String(latent)], ...named, [unit, numberText(value)]];
    return { name, aside: String(latent), plain: !!this.label(latent), value, text: numberText(value), tip };
  }
}
