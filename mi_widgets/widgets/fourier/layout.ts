/** Where the three pictures stand. Pure: the same in, the same out. */
import { GAP } from "../_shared/pictures";

const NARROW = 640; // CSS pixels: with less, the pictures stand below each other
const LARGEST = 440; // side of the circle
const SMALLEST = 180;
const LABELS = 110; // of the spectrum, beside cells that take as much room as the circle

export interface Layout {
  norms: { width: number; height: number };
  side: number; // of the circle
  plane: number; // the width there is for the spectrum
}

/** The norms above and the other two beside each other; without a spectrum the circle stands beside the norms. */
export function layout(width: number, withPlane: boolean): Layout {
  if (width < NARROW) {
    const side = Math.max(SMALLEST, Math.min(LARGEST, width));
    return { norms: { width, height: 150 }, side, plane: Math.min(width, LARGEST + LABELS) };
  }
  const side = Math.min(LARGEST, Math.floor(0.42 * (width - GAP)));
  const rest = width - GAP - side;
  if (withPlane) return { norms: { width, height: 150 }, side, plane: Math.min(rest, side + LABELS) };
  return { norms: { width: rest, height: Math.min(side, 300) }, side, plane: 0 };
}
