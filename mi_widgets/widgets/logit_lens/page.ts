/** One prompt of a lens: what is said at each layer and position, and what colours it. */
import type { MapName } from "../_shared/colour";
import { count } from "../_shared/numbers";
import { ends } from "../_shared/scale";
import { visible } from "../_shared/tokens";
import { Tensor } from "../_shared/wire";
import { Words } from "../_shared/words";
import templates from "./words.json";

const words = new Words(templates);

/** What a cell's colour can be, in the order in which a key goes through them. */
export const COLORS = ["probability", "rank", "entropy", "kl"] as const;
export type Color = (typeof COLORS)[number];

/** Likely is bright; entropy and KL, where high is unsure, look another way. */
export const MAPS: Record<Color, MapName> = {
  probability: "viridis",
  rank: "viridis",
  entropy: "sequential",
  kl: "sequential",
};

export const NAMES: Record<Color, string> = { probability: "probability", rank: "rank", entropy: "entropy", kl: "KL" };

/** What the colours show. */
export function colouredBy(color: Color, pinned: string | null): string {
  return words.text(`by ${color}`, { token: visible(pinned ?? "") });
}

/** What the colours at their two ends mean. */
export function colourEnds(color: Color, { min, max }: Tensor): { low: string; high: string } {
  if (color === "rank") return { low: `rank ${count(Math.round(10 ** -min) - 1)}`, high: "0" };
  return ends({ map: MAPS[color], low: min, high: max });
}

/** One of the likeliest tokens of a cell. */
export interface Likely {
  rank: number | string;
  token: string;
  p: number;
}

export interface Parts {
  token: Tensor; // places in the list of texts: (layer, pos)
  probability: Tensor;
  entropy: Tensor;
  kl: Tensor;
  topToken: Tensor; // (layer, pos, rank)
  topProbability: Tensor;
  askedRank: Tensor[]; // one for each token that was asked for: (layer, pos)
  askedProbability: Tensor[];
}

/** Rows are layers, the last one first. */
export class Page {
  constructor(
    private texts: readonly string[],
    private ranks: readonly (number | string)[],
    private parts: Parts,
  ) {}

  get probability(): Tensor {
    return this.parts.probability;
  }

  get entropy(): Tensor {
    return this.parts.entropy;
  }

  get kl(): Tensor {
    return this.parts.kl;
  }

  /** Whether there is something at a place: padding says nothing. */
  has(row: number, column: number): boolean {
    return !Number.isNaN(this.probability.value(row, column));
  }

  /** The likeliest next token. */
  token(row: number, column: number): string {
    return this.texts[this.parts.token.codes[row * this.probability.columns + column]];
  }

  likeliest(row: number, column: number): Likely[] {
    const { topToken, topProbability } = this.parts;
    const start = (row * this.probability.columns + column) * this.ranks.length;
    return this.ranks.map((rank, i) => ({
      rank,
      token: this.texts[topToken.codes[start + i]],
      p: topProbability.at(start + i),
    }));
  }

  /** How finely the probabilities of the likeliest were sent. */
  get resolution(): number {
    return this.parts.topProbability.resolution;
  }

  /** The rank of a token that was asked for; 0 is the likeliest. */
  rank(asked: number, row: number, column: number): number {
    return this.parts.askedRank[asked].value(row, column);
  }

  askedProbability(asked: number, row: number, column: number): number {
    return this.parts.askedProbability[asked].value(row, column);
  }

  /** The numbers that colour the cells; of ranks minus the logarithm, so that likely is bright. */
  colours(color: Color, asked: number): Tensor {
    if (color !== "rank") return this[color];
    const ranks = this.parts.askedRank[asked];
    const values = Float32Array.from(ranks.codes, (rank) => -Math.log10(1 + rank));
    return new Tensor(ranks.shape, values, "float32", -Math.log10(1 + ranks.max), 0);
  }
}
