/** How the arrow keys move the selected cell. Pure: the same in, the same out. */
import type { Help } from "./keys";
import type { Spot } from "./heat_map";
import type { Direction } from "./keyboard";

export const ARROWS_HELP: Help = [
  [["left", "right", "up", "down"], "select a cell, and move"],
  [["first", "last"], "the first and the last of the row"],
];

/** The place itself, or the end that it is beyond, of so many. */
export function inside(place: number, count: number): number {
  return Math.max(0, Math.min(count - 1, place));
}

/** The cell one step away, inside the picture; from no cell the first one. */
export function moveSpot({ row, column }: Spot, to: Direction, rows: number, columns: number): Spot {
  if (row === null || column === null) return { row: row ?? 0, column: column ?? 0 };
  const by = { left: [0, -1], right: [0, 1], up: [-1, 0], down: [1, 0], first: [0, -columns], last: [0, columns] }[to];
  return { row: inside(row + by[0], rows), column: inside(column + by[1], columns) };
}

/** The place so many on, or back, in a list; from nowhere it is entered at the end that one comes from. */
export function walked(from: number | undefined, by: number, count: number): number {
  return inside((from ?? (by > 0 ? -1 : count)) + by, count);
}
