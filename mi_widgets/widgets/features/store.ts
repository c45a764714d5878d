/** Every latent of the labelled data, by its place, and what it is called. */
import { Labelled } from "../_shared/labelled";
import { LatentNames } from "../_shared/latent_names";
import type { Model } from "../_shared/model";
import type { Tensor } from "../_shared/wire";

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

export class Store extends Labelled {
  names!: LatentNames;
  densities!: number[];
  private texts: { own: string; near: string }[] = [];

  constructor(model: Model) {
    super(model);
    const read = () => {
      this.names = new LatentNames(model.get("_names"));
      this.densities = Array.from(this.get("density").tensor.codes);
      this.texts = [];
    };
    read();
    this.source.onChange(read); // before any view draws it
  }

  /** The dictionary's numbers of the latents. */
  get latents(): readonly number[] {
    return this.names.latents;
  }

  /** Where the tokens of a context stand; 0 is the one at which the latent fires most. */
  get place(): number[] {
    return this.axis("place").labels as number[];
  }

  density(at: number): number {
    return this.densities[at];
  }

  /** The label that a latent detects best, with its scores; however bad they are. */
  label(at: number): { label: string; f1: number; auc: number } {
    const latent = this.latents[at];
    const [f1, auc] = ["label_f1", "label_auc"].map((name) => this.get(name).at({ latent }));
    return { label: this.get("label").text({ latent }), f1, auc };
  }

  /** Whether labels have scores. */
  get labelled(): boolean {
    return this.get("label_f1").tensor.codes.some((score) => !Number.isNaN(score));
  }

  histogram(at: number): number[] {
    const counts = this.of("histogram", at);
    return Array.from(counts.codes, (_, i) => counts.at(i));
  }

  promoted(at: number): Effect[] {
    return this.effects(at, "promoted");
  }

  suppressed(at: number): Effect[] {
    return this.effects(at, "suppressed");
  }

  nearest(at: number): { latent: number; cosine: number }[] {
    const latents = this.of("nearest", at);
    return Array.from(this.of("nearest_cosine", at).codes, (cosine, i) => ({ latent: latents.at(i), cosine }));
  }

  contexts(at: number): Context[] {
    const [tokens, activations] = [this.of("context_token", at), this.of("context_activation", at)];
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

  private effects(at: number, name: "promoted" | "suppressed"): Effect[] {
    const tokens = this.of(name, at);
    return Array.from(this.of(`${name}_by`, at).codes, (by, i) => ({ token: this.token(tokens.at(i)), by }));
  }

  /** The text of a token; "" where there is none. */
  private token(number: number): string {
    return Number.isNaN(number) ? "" : this.derived.tokens[number];
  }

  private of(name: string, at: number): Tensor {
    return this.get(name).tensor.part(at);
  }
}
