/** The selection: a term says its head, a head its term. `chosen.py` does the same in the kernel. Pure. */
import type { Spot } from "../_shared/heat_map";
import type { Direction } from "../_shared/keyboard";
import type { Label } from "../_shared/step_slider";
import type { Tensor } from "../_shared/wire";

export type Selection = Record<string, Label | null> & {
  batch: Label;
  term: string | null;
  layer?: number | null; // these two only where terms are heads'; the model's numbers, as in Python
  head?: number | null;
};

/** What of a store a selection is about: its terms, and where each is in the grid. */
interface Terms {
  sent: { names: string[]; layers: number[]; heads: number[] };
  where: { row: ArrayLike<number>; column: ArrayLike<number>; alone: ArrayLike<number> };
  place(term: string | null): number | undefined;
  isHead(column: number): boolean;
}

interface Head {
  layer: number | null;
  head: number | null;
}

/** A selection with its term and its head in agreement: what was changed says what the other is. */
export function settled(store: Terms, chosen: Selection, before: Selection): Selection {
  const { term, layer = null, head = null } = chosen;
  if (!store.sent.heads.length || (term !== null && store.place(term) === undefined)) return chosen;
  if (term !== null && term !== before.term) return { ...chosen, ...address(store, term) };
  const said = term === null ? undefined : address(store, term);
  if (said && said.layer === layer && said.head === head) return chosen;
  return { ...chosen, term: onlyTerm(store, { layer, head }) };
}

/** The head of a term; none for other terms, so that a linked view that always shows a head stays where it is. */
export function address(store: Terms, term: string): Head {
  const place = store.place(term)!;
  const [row, column] = [store.where.row[place], store.where.column[place]];
  if (!store.isHead(column)) return { layer: null, head: null };
  return { layer: store.sent.layers[row], head: store.sent.heads[column] };
}

/** The term of a head that has one only, not one for each position. */
function onlyTerm(store: Terms, { layer, head }: Head): string | null {
  if (layer === null || head === null) return null;
  const [row, column] = [store.sent.layers.indexOf(layer), store.sent.heads.indexOf(head)];
  const { where } = store;
  const found = store.sent.names.findIndex(
    (_, i) => where.alone[i] && where.row[i] === row && where.column[i] === column,
  );
  return found < 0 ? null : store.sent.names[found];
}

/** The cell of what is selected; a row or a column where a layer or a head is selected alone. */
export function spotOf(store: Terms, { term, layer = null, head = null }: Selection): Spot {
  const place = store.place(term);
  const { layers, heads } = store.sent;
  if (place === undefined) {
    return {
      row: layer === null ? null : layers.indexOf(layer),
      column: head === null ? null : heads.indexOf(head),
    };
  }
  const [row, column] = [store.where.row[place], store.where.column[place]];
  return row < 0 ? { row: null, column: null } : { row, column };
}

/** What a click on a cell, or on the label of a row or column, selects; undefined where that is nothing. */
export function changeAt(
  store: Terms,
  { order }: { order: number[] },
  { row, column }: Spot,
): Partial<Selection> | undefined {
  const { layers, heads, names } = store.sent;
  if (row !== null && column !== null && !store.isHead(column)) {
    const { where } = store;
    // Of neurons that are summed up, the largest.
    const term = order.find((i) => where.row[i] === row && where.column[i] === column);
    return term === undefined ? undefined : { term: names[term] };
  }
  if (!heads.length || (column !== null && !store.isHead(column))) return undefined;
  const head = { layer: row === null ? null : layers[row], head: column === null ? null : heads[column] };
  return { term: onlyTerm(store, head), ...head };
}

/** The next cell with a number in a direction; the same where there is none, and the first from nowhere. */
export function moveCell({ grid }: { grid: Tensor }, { row, column }: Spot, to: Direction): Spot {
  const [n, m] = [grid.rows, grid.columns];
  const some = (i: number, j: number) => i >= 0 && j >= 0 && i < n && j < m && !Number.isNaN(grid.value(i, j));
  if (row === null || column === null) return { row: row ?? 0, column: column ?? 0 };
  if (to === "first" || to === "last") {
    const known = Array.from({ length: m }, (_, j) => j).filter((j) => some(row, j));
    return { row, column: known[to === "first" ? 0 : known.length - 1] ?? column };
  }
  const [down, right] = { left: [0, -1], right: [0, 1], up: [-1, 0], down: [1, 0] }[to];
  for (let [i, j] = [row + down, column + right]; i >= 0 && j >= 0 && i < n && j < m; i += down, j += right) {
    if (some(i, j)) return { row: i, column: j };
  }
  return { row, column };
}
