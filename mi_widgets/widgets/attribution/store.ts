/** What the displays of one model share: the largest terms with their names, and the exact sums of all. */
import type { Model } from "../_shared/model";
import type { Scale } from "../_shared/scale";
import { Sent } from "../_shared/sent";
import type { Label } from "../_shared/step_slider";
import { type Packed, type Tensor, unpack } from "../_shared/wire";
import { type Selection, settled } from "./chosen";

interface SentNumbers {
  values: Packed; // (batch, term)
  unsent: Packed; // (batch): the sum of the terms without a name here
  grid: Packed; // (batch, layer, column)
  running: Packed; // (batch, stage)
}

interface SentTerms extends SentNumbers {
  names: string[];
  n_terms: number;
  where: Packed; // (row, column, stage, position, whether alone in its cell; term)
  batch: Label[];
  right: string[];
  wrong: string[];
  tokens: string[][];
  differences: Packed;
  layers: number[];
  heads: number[];
  columns: string[];
  stages: string[];
  reach: number;
  control: (SentNumbers & { name: string }) | null;
}

/** Numbers of one prompt. */
export interface Numbers {
  values: ArrayLike<number>; // of the terms that were sent
  unsent: number;
  grid: Tensor;
  running: ArrayLike<number>;
}

/** One prompt: what is measured, and what it is compared with. */
export interface Prompt extends Numbers {
  difference: number;
  right: string;
  wrong: string;
  tokens: string[];
  control?: Numbers;
  order: number[]; // the terms, the largest first
}

/** One for each model; its views share it. */
export class Store {
  sent!: SentTerms;
  scale!: Scale; // of the terms
  where!: {
    row: ArrayLike<number>;
    column: ArrayLike<number>;
    stage: ArrayLike<number>;
    pos: ArrayLike<number>;
    alone: ArrayLike<number>;
  };
  readonly source: Sent;
  private places = new Map<string, number>(); // of terms by their names
  private prompts: Prompt[] = [];
  private settled: Selection;

  constructor(private model: Model) {
    this.settled = model.get("selection");
    this.source = new Sent(model, "_terms", () => this.read(), { "change:selection": () => this.settle() });
  }

  dispose(): void {
    this.source.dispose();
  }

  /** The selected prompt. */
  prompt({ batch }: Selection): Prompt {
    return this.prompts[this.sent.batch.indexOf(batch)];
  }

  /** The place of a term among those that were sent. */
  place(term: string | null): number | undefined {
    return term === null ? undefined : this.places.get(term);
  }

  /** "L3.H1 from 5 ·Mary": a term with the token that it moves. */
  /** The text of the token that a term moves; "" if it moves none. */
  token(term: number, prompt: Prompt): string {
    return prompt.tokens[this.where.pos[term]] ?? "";
  }

  /** Whether a column of the grid is a head's, and not the MLP's. */
  isHead(column: number): boolean {
    return column >= 0 && column < this.sent.heads.length;
  }

  /** How many terms were not sent. */
  get unsent(): number {
    return this.sent.n_terms - this.sent.names.length;
  }

  /** Whether cells of the grid are sums of several terms. */
  get summed(): boolean {
    return Array.from(this.where.row).some((row, i) => row >= 0 && !this.where.alone[i]);
  }

  /** Whether a selection, perhaps linked from another widget, is one that can be shown. */
  fits(selection: Selection | undefined): selection is Selection {
    if (!selection) return false;
    const { batch, layers, heads } = this.sent;
    const { term, layer = null, head = null } = selection;
    return (
      batch.includes(selection.batch) &&
      (term === null || this.places.has(term)) &&
      (layer === null || layers.includes(layer)) &&
      (head === null || heads.includes(head))
    );
  }

  /** Bring the parts of the selection into agreement: a linked view knows heads, but not their terms. */
  private settle(): void {
    const now: Selection = this.model.get("selection");
    const wanted = settled(this, now, this.settled);
    this.settled = wanted;
    if (wanted.term === now.term && wanted.layer === now.layer && wanted.head === now.head) return;
    this.model.set("selection", wanted);
    this.model.save_changes();
  }

  private read(): void {
    const sent: SentTerms = (this.sent = this.model.get("_terms"));
    this.scale = { map: "diverging", low: -sent.reach, high: sent.reach };
    const where = unpack(sent.where);
    const [row, column, stage, pos, alone] = [0, 1, 2, 3, 4].map((i) => where.part(i).codes);
    this.where = { row, column, stage, pos, alone };
    this.places = new Map(sent.names.map((name, i) => [name, i]));
    const differences = unpack(sent.differences);
    const [ours, theirs] = [readNumbers(sent), sent.control ? readNumbers(sent.control) : undefined];
    this.prompts = sent.batch.map((_, i) => ({
      ...ours(i),
      difference: differences.at(i),
      right: sent.right[i],
      wrong: sent.wrong[i],
      tokens: sent.tokens[i],
      control: theirs?.(i),
      order: bySize(ours(i).values),
    }));
  }
}

/** Numbers unpacked once, and then the part of each prompt. */
function readNumbers(sent: SentNumbers): (prompt: number) => Numbers {
  const [values, unsent, grid, running] = [sent.values, sent.unsent, sent.grid, sent.running].map((part) =>
    unpack(part),
  );
  return (prompt) => ({
    values: values.part(prompt).codes,
    unsent: unsent.at(prompt),
    grid: grid.part(prompt),
    running: running.part(prompt).codes,
  });
}

/** The places of numbers, the largest by size first; where there is none, at the end. */
function bySize(values: ArrayLike<number>): number[] {
  const size = (i: number) => (Number.isNaN(values[i]) ? -1 : Math.abs(values[i]));
  return Array.from(values, (_, i) => i).sort((a, b) => size(b) - size(a) || a - b);
}
