/** Where the three pictures stand. Pure: the same in, the same out. */
import { GAP } from "../_shared/pictures";

const NARROW = 640; // CSS pixels: with less, the pictures stand below each other
const LARGEST_PLANE = 320;
const LARGEST_GRID = 520;
const SMALLEST = 180;
const LEAST_CURVE = 340; // with less room beside the others, the curve stands below them
const LOW = 210;

export interface Layout {
  side: number; // of the plane; 0 without one
  grid: number; // the width there is for the grid
  curve: { width: number; height: number };
}

/** The plane and the grid side by side, and the curve beside them where it has room, else below. */
export function layout(width: number, inPlane: boolean): Layout {
  if (width < NARROW) {
    const side = inPlane ? Math.max(SMALLEST, Math.min(LARGEST_PLANE, width)) : 0;
    return { side, grid: Math.min(width, LARGEST_GRID), curve: { width, height: LOW } };
  }
  const side = inPlane ? Math.min(LARGEST_PLANE, Math.floor(0.4 * (width - GAP))) : 0;
  const left = inPlane ? side + GAP : 0;
  const grid = Math.min(inPlane ? side + 60 : LARGEST_GRID, Math.floor(inPlane ? width - left : 0.55 * width));
  const rest = width - left - grid - GAP;
  if (rest < LEAST_CURVE) return { side, grid, curve: { width, height: LOW } };
  return { side, grid, curve: { width: rest, height: inPlane ? side : 320 } };
}
