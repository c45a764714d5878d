/** How large the cells of a heat map are, and where its labels go. Pure: the same in, the same out. */

export interface Size {
  width: number;
  height: number;
}

const STRIP = 14; // CSS pixels: a picture of one row is at least this high
const THIN = 100; // a picture thinner than this has its cells widened

/**
 * The size of a cell: as large as there is room and `most` allows; square, unless a number is written in it.
 *
 * @param room what there is for all cells; @param number what a number in a cell needs, if numbers are wanted.
 */
export function cellSize(
  room: Size,
  rows: number,
  columns: number,
  most: Size,
  number?: Size,
): Size & { numbers: boolean } {
  const width = Math.min(most.width, room.width / columns);
  const height = Math.min(most.height, room.height / rows);
  if (number && width >= number.width && height >= number.height) return { width, height, numbers: true };
  const side = Math.min(width, height);
  const widened = (size: number, count: number) => (side * count < THIN ? Math.min(size, Math.max(side, STRIP)) : side);
  return { width: widened(width, columns), height: widened(height, rows), numbers: false };
}

/** Whole device pixels, so that all cells are equal; with less than a pixel a cell, the brightest is shown. */
export function whole(size: number, ratio: number): number {
  const pixels = size * ratio;
  return pixels >= 1 ? Math.floor(pixels) : pixels;
}

const SHORT = 5; // characters, as in H143 or L0.H3

/** Whether labels of columns lie flat above them, being short, rather than climb. */
export function lieFlat(labels: readonly string[]): boolean {
  return labels.every((label) => label.length <= SHORT);
}
