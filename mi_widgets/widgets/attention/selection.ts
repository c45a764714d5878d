/** What is selected, and how the arrow keys move it. Pure: the same in, the same out. */
import type { Help } from "../_shared/keys";
import { type HeadPlace, same } from "../_shared/heads_off";
import type { Spot } from "../_shared/heat_map";
import type { Direction } from "../_shared/keyboard";
import { inside } from "../_shared/moving";
import type { Label } from "../_shared/step_slider";

export type Selection = Record<string, Label | null> & {
  step?: Label; // only where there are steps
  batch: number;
  layer: number; // the model's number, as in Python; not an index
  head: number;
  query: number | null;
  key: number | null;
};

/** A cell of the large head; with one of the two null a whole row or column. */
export type Cell = Pick<Selection, "query" | "key">;

export function spotOf({ query, key }: Cell): Spot {
  return { row: query, column: key };
}

export const ARROWS_HELP: Help = [
  [
    ["left", "right", "up", "down"],
    "move: among the heads, or among the cells of the large head, wherever the focus is",
  ],
  [["first", "last"], "the first and the last of the row"],
];

/** The head one step away in a grid that shows `order` row by row; it stays inside. */
export function moveHead(order: HeadPlace[], columns: number, from: HeadPlace, to: Direction): HeadPlace {
  const at = inside(
    order.findIndex((place) => same(place, from)),
    order.length,
  );
  const first = at - (at % columns);
  const last = Math.min(first + columns, order.length) - 1;
  const next = {
    left: Math.max(first, at - 1),
    right: Math.min(last, at + 1),
    up: at - columns,
    down: at + columns,
    first,
    last,
  }[to];
  return order[next] ?? order[at];
}

/** The cell one step away. From no cell, the first step selects; Home and End go along the row of keys. */
export function moveCell({ query, key }: Cell, to: Direction, rows: number, columns: number): Partial<Cell> {
  const row = (by: number) => ({ query: query === null ? rows - 1 : inside(query + by, rows) });
  const column = (by: number) => ({ key: key === null ? 0 : inside(key + by, columns) });
  return {
    up: row(-1),
    down: row(1),
    left: column(-1),
    right: column(1),
    first: { key: 0 },
    last: { key: columns - 1 },
  }[to];
}
