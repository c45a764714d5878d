/** Which latents fire at each token, and what they are called. */
import { LabelledData } from "../_shared/labelled";
import { LatentNames } from "../_shared/latent_names";
import type { Model } from "../_shared/model";
import { highest } from "../_shared/scale";
import type { Label } from "../_shared/step_slider";

export type Selection = Record<string, Label | null> & {
  batch: Label;
  pos: number | null; // null: the whole text
  latent: number | null;
};

export interface LatentValue {
  latent: number;
  value: number;
}

/** What the strongest are found by: what is no number comes last. */
const size = (value: number) => (Number.isNaN(value) ? -1 : value);

export class Store extends LabelledData {
  readonly names: LatentNames;

  constructor(model: Model) {
    super(model);
    this.names = new LatentNames(model.get("_names"));
  }

  get positions(): readonly number[] {
    return this.axis("pos").labels as number[];
  }

  tokens(selection: Selection): string[] {
    return this.axis("pos").texts(selection);
  }

  /** The latents at a token, the strongest first; of the whole text (null) each at its strongest place. */
  strongest({ batch, pos }: Pick<Selection, "batch" | "pos">, most: number): LatentValue[] {
    const [latents, values] = this.of({ batch, pos });
    const found = new Map<number, number>();
    for (let i = 0; i < latents.codes.length; i++) {
      const [latent, value] = [latents.at(i), values.at(i)];
      if (Number.isNaN(latent)) continue;
      if (!found.has(latent) || size(value) > size(found.get(latent)!)) found.set(latent, value);
    }
    return [...found]
      .map(([latent, value]) => ({ latent, value }))
      .sort((a, b) => size(b.value) - size(a.value) || 0)
      .slice(0, most);
  }

  /** The activation of the selected latent at each token: 0 where it is silent, NaN at padding. */
  over(selection: Selection): number[] {
    const [latents, values] = this.of({ batch: selection.batch });
    const ranks = [...Array(latents.columns).keys()];
    return this.tokens(selection).map((token, at) => {
      if (token === "") return NaN;
      const found = ranks.find((rank) => latents.value(at, rank) === selection.latent);
      return found === undefined ? 0 : values.value(at, found);
    });
  }

  /** The largest activation in a text. */
  reach({ batch }: Selection): number {
    return highest(this.of({ batch })[1].codes) || 1;
  }

  /** "370 (↑ ·Idaho ·Georgia)". */
  titled(latent: number): string {
    const name = this.names.name(latent);
    return name ? `${latent} (${name})` : String(latent);
  }

  /** The latents that fire in a text or at a token of it, and how strongly. */
  private of(labels: Partial<Selection>) {
    return ["latent", "activation"].map((name) => this.get(name).slice(labels).tensor);
  }
}
