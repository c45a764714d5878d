/** The selection: a term says its head, a head its term. `chosen.py` does the same in the kernel. Pure. */
import type { Spot } from "../_shared/heat_map";
import type { Direction } from "../_shared/keyboard";
import type { Labels } from "../_shared/labelled";
import type { Label } from "../_shared/step_slider";
import type { Tensor } from "../_shared/wire";

export type Selection = Record<string, Label | null> & {
  batch: Label;
  term: string | null;
  layer?: number | null; // these two only where terms are heads'; the model's numbers, as in Python
  head?: number | null;
};

/** What of the terms a selection is about: which there are, and where each is in the grid. */
interface Terms {
  readonly heads: number[];
  axis(name: "batch"): { labels: readonly Label[] };
  knows(term: unknown): term is string;
  spotOf(at: Labels): Spot;
  headAt(spot: Spot): { layer: number | null; head: number | null };
  picked(batch: Label, spot: Spot): string | undefined;
}

export const NO_HEAD = { layer: null, head: null };

/** A selection with its term and its head in agreement: what was changed says what the other is. */
export function settled(terms: Terms, chosen: Selection, before: Selection): Selection {
  const { term, layer = null, head = null } = chosen;
  if (!terms.heads.length || (term !== null && !terms.knows(term))) return chosen;
  if (term !== null) {
    const said = address(terms, term);
    if (term !== before.term || (said.layer === layer && said.head === head)) return { ...chosen, ...said };
  }
  const [batch] = terms.axis("batch").labels; // of a head it is the same for all
  return { ...chosen, term: terms.picked(batch, terms.spotOf({ layer, head })) ?? null };
}

/** The head of a term; none for other terms, so that a linked view that always shows a head stays where it is. */
export function address(terms: Terms, term: string) {
  const { layer, head } = terms.headAt(terms.spotOf({ term }));
  return head === null ? NO_HEAD : { layer, head };
}

/** What a click on a cell, or on the label of a row or column, selects; undefined where that is nothing. */
export function changeAt(terms: Terms, batch: Label, spot: Spot): Partial<Selection> | undefined {
  const head = terms.headAt(spot);
  const term = terms.picked(batch, spot);
  if (spot.column !== null && head.head === null) return term === undefined ? undefined : { term };
  return terms.heads.length ? { term: term ?? null, ...head } : undefined;
}

/** The next cell with a number in a direction; the same where there is none, and the first from nowhere. */
export function moveCell(grid: Tensor, { row, column }: Spot, to: Direction): Spot {
  if (row === null || column === null) return { row: row ?? 0, column: column ?? 0 };
  const across = Array.from({ length: grid.columns }, (_, column) => ({ row, column }));
  const down = Array.from({ length: grid.rows }, (_, row) => ({ row, column }));
  const ways = {
    left: across.slice(0, column).reverse(),
    right: across.slice(column + 1),
    up: down.slice(0, row).reverse(),
    down: down.slice(row + 1),
    first: across,
    last: across.toReversed(),
  };
  return ways[to].find(({ row, column }) => !Number.isNaN(grid.value(row, column))) ?? { row, column };
}
