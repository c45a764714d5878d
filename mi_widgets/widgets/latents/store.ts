/** What the displays of one model share: which latents fire at each token, unpacked once. */
import { LatentNames } from "../_shared/latent_names";
import type { Model } from "../_shared/model";
import { Sent } from "../_shared/sent";
import { type Packed, type Tensor, unpack } from "../_shared/wire";

export interface Selection {
  batch: number | string;
  pos: number | null; // null: the whole text
  latent: number | null;
}

interface SentTexts {
  tokens: string[][];
  batch: (number | string)[];
  pos: number[];
  activation: Packed; // (batch, pos, rank)
  latent: Packed;
}

export interface Firing {
  latent: number;
  value: number;
}

export class Store {
  sent!: SentTexts;
  names?: LatentNames;
  readonly source: Sent;
  private activation!: Tensor;
  private latent!: Tensor;

  constructor(private model: Model) {
    const sent = model.get("_names");
    if (sent.latents) this.names = new LatentNames(sent);
    this.source = new Sent(model, "_texts", () => this.read());
  }

  dispose(): void {
    this.source.dispose();
  }

  /** A selection that can be shown: a linked view, or a new text, may leave one that cannot. */
  fitting({ batch, pos, latent }: Selection): Selection {
    const { sent } = this;
    return {
      batch: sent.batch.includes(batch) ? batch : sent.batch[0],
      pos: pos !== null && sent.pos.includes(pos) ? pos : null,
      latent,
    };
  }

  tokens({ batch }: Selection): string[] {
    return this.sent.tokens[this.sent.batch.indexOf(batch)];
  }

  /** The latents at a token, the strongest first; of the whole text (null) each at its strongest place. */
  strongest({ batch, pos }: Pick<Selection, "batch" | "pos">, most: number): Firing[] {
    const [latents, values] = this.rows(batch);
    const found = new Map<number, number>();
    const places = pos === null ? this.sent.pos.map((_, i) => i) : [this.sent.pos.indexOf(pos)];
    for (const at of places) {
      for (let rank = 0; rank < latents.columns; rank++) {
        const [latent, value] = [latents.value(at, rank), values.value(at, rank)];
        if (!Number.isNaN(latent) && !(found.get(latent)! >= value)) found.set(latent, value);
      }
    }
    return [...found]
      .map(([latent, value]) => ({ latent, value }))
      .sort((a, b) => b.value - a.value)
      .slice(0, most);
  }

  /** The activation of the selected latent at each token: 0 where it is silent, NaN at padding. */
  over({ batch, latent: wanted }: Selection): Float32Array {
    const [latents, values] = this.rows(batch);
    const tokens = this.sent.tokens[this.sent.batch.indexOf(batch)];
    return Float32Array.from(tokens, (token, at) => {
      if (token === "") return NaN;
      for (let rank = 0; rank < latents.columns; rank++)
        if (latents.value(at, rank) === wanted) return values.value(at, rank);
      return 0;
    });
  }

  /** The largest activation in a text. */
  reach({ batch }: Selection): number {
    return this.strongest({ batch, pos: null }, 1)[0]?.value ?? 1;
  }

  /** "370 (↑ ·Idaho ·Georgia)". */
  titled(latent: number): string {
    const name = this.names?.name(latent);
    return name ? `${latent} (${name})` : String(latent);
  }

  private rows(batch: Selection["batch"]): [Tensor, Tensor] {
    const row = this.sent.batch.indexOf(batch);
    return [this.latent.part(row), this.activation.part(row)];
  }

  private read(): void {
    this.sent = this.model.get("_texts");
    [this.activation, this.latent] = [unpack(this.sent.activation), unpack(this.sent.latent)];
  }
}
