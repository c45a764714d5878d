/** Where the curve stands: beside the picture, unless tokens could then no longer be written in their cells. */

export const LARGEST_CELL = { width: 92, height: 24 };
export const CURVE = { width: 270, gap: 28, most: 560 }; // CSS pixels

const LABELS = 90; // the picture's, left and right
const WRITTEN = 42; // the width of a cell with a token in it

export function besideCurve(width: number, columns: number): boolean {
  const rest = width - CURVE.width - CURVE.gap;
  const written = (room: number) => (room - LABELS) / columns >= WRITTEN;
  return rest >= 300 && written(rest) === written(width);
}
