/** What is selected, and how the arrow keys move it. Pure: the same in, the same out. */
import type { Help } from "../_shared/keys";
import { type HeadPlace, same } from "../_shared/heads_off";
import type { Spot } from "../_shared/heat_map";
import type { Direction } from "../_shared/keyboard";
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
export interface Cell {
  query: number | null;
  key: number | null;
}

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
  const at = Math.max(
    0,
    order.findIndex((place) => same(place, from)),
  );
  const column = at % columns;
  const start = at - column;
  const end = Math.min(start + columns, order.length) - 1;
  const next = {
    left: Math.max(start, at - 1),
    right: Math.min(end, at + 1),
    up: at - columns >= 0 ? at - columns : at,
    down: at + columns < order.length ? at + columns : at,
    first: start,
    last: end,
  }[to];
  return order[next];
}

/** The cell one step away. From no cell, the first step selects; Home and End go along the row of keys. */
export function moveCell(from: Selection, to: Direction, rows: number, columns: number): Selection {
  const within = (value: number, size: number) => Math.max(0, Math.min(size - 1, value));
  const { query, key } = from;
  switch (to) {
    case "up":
    case "down":
      return { ...from, query: query === null ? rows - 1 : within(query + (to === "up" ? -1 : 1), rows) };
    case "left":
    case "right":
      return { ...from, key: key === null ? 0 : within(key + (to === "left" ? -1 : 1), columns) };
    case "first":
      return { ...from, key: 0 };
    case "last":
      return { ...from, key: columns - 1 };
  }
}
