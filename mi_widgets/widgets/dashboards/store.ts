/** Every latent of the labelled data, by its number, and what it is called. */
import { LabelledData } from "../_shared/labelled";
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

/** What a filter looks through: what a latent is and fires at, and what stands near; in lower case. */
interface Texts {
  own: string;
  near: string;
}

export class Store extends LabelledData {
  names!: LatentNames;
  private texts = new Map<number, Texts>();

  constructor(model: Model) {
    super(model);
    const read = () => {
      this.names = new LatentNames(model.get("_names"));
      this.texts.clear();
    };
    read();
    this.source.onChange(read); // before any view draws it
  }

  /** Where the tokens of a context stand; 0 is the one at which the latent fires most. */
  get place(): number[] {
    return this.axis("place").labels as number[];
  }

  density(latent: number): number {
    return this.get("density").at({ latent });
  }

  /** The label that a latent detects best, with its scores; however bad they are. */
  label(latent: number): { label: string; f1: number; auc: number } {
    const [f1, auc] = ["label_f1", "label_auc"].map((name) => this.get(name).at({ latent }));
    return { label: this.get("label").text({ latent }), f1, auc };
  }

  /** Whether labels have scores. */
  get labelled(): boolean {
    return this.get("label_f1").tensor.codes.some((score) => !Number.isNaN(score));
  }

  /** All numbers of a latent in a variable. */
  numbers(name: string, latent: number): number[] {
    const tensor = this.of(name, latent);
    return Array.from(tensor.codes, (_, i) => tensor.at(i));
  }

  effects(name: "promoted" | "suppressed", latent: number): Effect[] {
    const by = this.numbers(`${name}_by`, latent);
    return this.numbers(name, latent).map((token, i) => ({ token: this.token(token), by: by[i] }));
  }

  /** The latents that are most like it, as far as they are here. */
  nearest(latent: number): { latent: number; cosine: number }[] {
    const cosines = this.numbers("nearest_cosine", latent);
    const near = this.numbers("nearest", latent).map((other, i) => ({ latent: other, cosine: cosines[i] }));
    return near.filter((other) => this.names.place(other.latent) !== undefined);
  }

  contexts(latent: number): Context[] {
    const [tokens, activations] = [this.of("context_token", latent), this.of("context_activation", latent)];
    const middle = this.place.indexOf(0);
    const all = Array.from({ length: tokens.rows }, (_, row) => ({
      tokens: this.place.map((_, i) => this.token(tokens.value(row, i))),
      activations: activations.part(row),
      peak: activations.value(row, middle),
    }));
    return all.filter(({ tokens }) => tokens.some((token) => token !== ""));
  }

  /** What a filter looks through; read once. */
  text(latent: number): Texts {
    const texts = this.texts.get(latent) ?? this.readTexts(latent);
    this.texts.set(latent, texts);
    return texts;
  }

  private readTexts(latent: number): Texts {
    const contexts = this.contexts(latent);
    const lit = contexts.map(({ tokens, activations }) =>
      tokens.map((token, i) => (activations.at(i) > 0 ? token : "\n")).join(""),
    );
    const promoted = this.effects("promoted", latent).map(({ token }) => token);
    const near = contexts.map(({ tokens }) => tokens.join(""));
    return {
      own: [`#${latent}`, this.names.label(latent), ...promoted, ...lit].join("\n").toLowerCase(),
      near: near.join("\n").toLowerCase(),
    };
  }

  /** The text of a token; "" where there is none. */
  private token(number: number): string {
    return Number.isNaN(number) ? "" : this.derived.tokens[number];
  }

  private of(name: string, latent: number): Tensor {
    return this.get(name).tensor.part(this.names.place(latent)!);
  }
}
