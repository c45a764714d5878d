/** How the width is shared between the grid of all heads and the large one. */
import type { Heads } from "./heads";

export interface Layout {
  /** side: grid and words left, large right. flat: grid above both. stacked: one below the other. */
  kind: "side" | "flat" | "stacked";
  grid: number; // widths in CSS pixels
  large: number;
  left: number; // of the left column
}

const GAP = 20;
const NARROW = 700;
const WORDS = 350;

export function layoutFor(width: number, heads: Heads): Layout {
  const tokens = Math.max(heads.queryTokens.length, heads.keyTokens.length);
  if (width < NARROW) return { kind: "stacked", grid: width, large: width, left: width };
  // A few layers over a long prompt: the grid gets the whole width, and leaves the large head more.
  if (heads.layers.length <= 2 && tokens > 200) {
    return { kind: "flat", grid: width, large: width - WORDS - GAP, left: WORDS };
  }
  const least = Math.max(340, Math.min(30 + heads.heads.length * 32, 0.46 * width));
  const wanted = 30 + heads.heads.length * 81;
  const left = Math.floor(Math.max(least, Math.min(wanted, 0.44 * width)));
  return { kind: "side", grid: left, large: width - left - GAP, left };
}
