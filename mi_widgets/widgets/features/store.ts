/** What the displays of one model share: every latent, unpacked once. */
import { LatentNames, type SentNames } from "../_shared/latent_names";
import type { Model } from "../_shared/model";
import { Sent } from "../_shared/sent";
import { type Packed, type Tensor, unpack } from "../_shared/wire";

const NUMBERS = [
  "histogram", // (latent, bin)
  "label", // (latent): a number of `labels`
  "label_f1",
  "label_auc",
  "context_token", // (latent, context, place)
  "context_activation",
  "promoted", // (latent, rank)
  "promoted_by",
  "suppressed",
  "suppressed_by",
  "nearest", // (latent, neighbour)
  "nearest_cosine",
] as const;
type Numbers = (typeof NUMBERS)[number];

interface SentFeatures extends Record<Numbers, Packed> {
  density: Packed; // (latent)
  names: SentNames;
  tokens: string[];
  place: number[];
  labels: string[];
}

/** A token with its effect on the logits. */
export interface Effect {
  token: string;
  by: number;
}

/** One of the places where a latent fires. */
export interface Context {
  tokens: string[];
  activations: Tensor;
  peak: number;
}

export class Store {
  names!: LatentNames;
  place!: number[]; // where the tokens of a context stand; 0 is the one at which the latent fires most
  densities: number[] = [];
  readonly source: Sent;
  private sent!: SentFeatures;
  private numbers!: Record<Numbers, Tensor>;
  private texts: { own: string; near: string }[] = [];

  constructor(private model: Model) {
    this.source = new Sent(model, "_features", () => this.read());
  }

  dispose(): void {
    this.source.dispose();
  }

  /** The dictionary's numbers of the latents. */
  get latents(): readonly number[] {
    return this.names.latents;
  }

  density(at: number): number {
    return this.densities[at];
  }

  /** The label that a latent detects best, with its scores; however bad they are. */
  label(at: number): { label: string; f1: number; auc: number } {
    const { label, label_f1, label_auc } = this.numbers;
    return { label: this.sent.labels[label.at(at)], f1: label_f1.at(at), auc: label_auc.at(at) };
  }

  /** Whether labels have scores. */
  get labelled(): boolean {
    return this.numbers.label_f1.codes.some((score) => !Number.isNaN(score));
  }

  histogram(at: number): number[] {
    return Array.from(this.numbers.histogram.part(at).codes);
  }

  promoted(at: number): Effect[] {
    return this.effects(at, "promoted", "promoted_by");
  }

  suppressed(at: number): Effect[] {
    return this.effects(at, "suppressed", "suppressed_by");
  }

  nearest(at: number): { latent: number; cosine: number }[] {
    const [latents, cosines] = [this.numbers.nearest.part(at), this.numbers.nearest_cosine.part(at)];
    return Array.from(cosines.codes, (cosine, i) => ({ latent: latents.at(i), cosine }));
  }

  contexts(at: number): Context[] {
    const [tokens, activations] = [this.numbers.context_token.part(at), this.numbers.context_activation.part(at)];
    const middle = this.place.indexOf(0);
    const all = Array.from({ length: tokens.rows }, (_, row) => ({
      tokens: this.place.map((_, i) => this.token(tokens.value(row, i))),
      activations: activations.part(row),
      peak: activations.value(row, middle),
    }));
    return all.filter(({ tokens }) => tokens.some((token) => token !== ""));
  }

  /** What a filter looks through: what a latent is and fires at, and what stands near; in lower case. */
  text(at: number): { own: string; near: string } {
    return (this.texts[at] ??= this.readText(at));
  }

  private readText(at: number): { own: string; near: string } {
    const contexts = this.contexts(at);
    const lit = contexts.map(({ tokens, activations }) =>
      tokens.map((token, i) => (activations.at(i) > 0 ? token : "\n")).join(""),
    );
    const named = this.names.labels[at];
    const own = [`#${this.latents[at]}`, named, ...this.promoted(at).map(({ token }) => token), ...lit];
    return {
      own: own.join("\n").toLowerCase(),
      near: contexts
        .map(({ tokens }) => tokens.join(""))
        .join("\n")
        .toLowerCase(),
    };
  }

  private effects(at: number, tokens: "promoted" | "suppressed", by: "promoted_by" | "suppressed_by"): Effect[] {
    const numbers = this.numbers[tokens].part(at);
    return Array.from(this.numbers[by].part(at).codes, (by, i) => ({ token: this.token(numbers.at(i)), by }));
  }

  /** The text of a token; "" where there is none. */
  private token(number: number): string {
    return Number.isNaN(number) ? "" : this.sent.tokens[number];
  }

  private read(): void {
    const sent: SentFeatures = (this.sent = this.model.get("_features"));
    this.names = new LatentNames(sent.names);
    this.place = sent.place;
    this.texts = [];
    this.densities = Array.from(unpack(sent.density).codes);
    this.numbers = Object.fromEntries(NUMBERS.map((name) => [name, unpack(sent[name])])) as Record<Numbers, Tensor>;
  }
}
