/** One prompt of a lens: what is said at each layer and position, and what colours it. */
import type { MapName } from "../_shared/colour";
import { count } from "../_shared/numbers";
import { ends } from "../_shared/scale";
import { visible } from "../_shared/tokens";
import type { Labelled, Labels } from "../_shared/labelled";
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

/** Rows are layers, the last one first. */
export class Page {
  readonly probability: Tensor;
  readonly entropy: Tensor;
  readonly kl: Tensor;

  /** @param labels of the prompt, and of the lens or its control. */
  constructor(
    private data: Labelled,
    private labels: Labels,
  ) {
    this.probability = this.tensor("probability");
    this.entropy = this.tensor("entropy");
    this.kl = this.tensor("kl");
  }

  /** Whether there is something at a place: padding says nothing. */
  has(row: number, column: number): boolean {
    return !Number.isNaN(this.probability.value(row, column));
  }

  /** The likeliest next token. */
  token(row: number, column: number): string {
    return this.data.get("token").text(this.at(row, column));
  }

  likeliest(row: number, column: number): Likely[] {
    const all = this.data.axis("rank").labels.map((rank) => {
      const at = { ...this.at(row, column), rank };
      return { rank, token: this.data.get("top_token").text(at), p: this.data.get("top_probability").at(at) };
    });
    return all.filter(({ p }) => !Number.isNaN(p)); // a control may have fewer
  }

  /** How finely the probabilities of the likeliest were sent. */
  get resolution(): number {
    return this.data.get("top_probability").tensor.resolution;
  }

  /** The rank of a token that was asked for; 0 is the likeliest. */
  rank(asked: number, row: number, column: number): number {
    return this.data.get("asked_rank").at({ ...this.at(row, column), asked });
  }

  askedProbability(asked: number, row: number, column: number): number {
    return this.data.get("asked_probability").at({ ...this.at(row, column), asked });
  }

  /** The numbers that colour the cells; of ranks minus the logarithm, so that likely is bright. */
  colours(color: Color, asked: number): Tensor {
    if (color !== "rank") return this[color];
    const ranks = this.tensor("asked_rank", { asked });
    const values = Float32Array.from(ranks.codes, (rank) => -Math.log10(1 + rank));
    return new Tensor(ranks.shape, values, "float32", -Math.log10(1 + ranks.max), 0);
  }

  private tensor(name: string, more: Labels = {}): Tensor {
    return this.data.get(name).slice({ ...this.labels, ...more }).tensor;
  }

  private at(row: number, column: number): Labels {
    const [layer, pos] = [this.data.axis("layer").labels[row], this.data.axis("pos").labels[column]];
    return { ...this.labels, layer, pos };
  }
}
