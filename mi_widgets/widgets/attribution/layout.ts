/** Where the three pictures stand. Pure: the same in, the same out. */

export const GAP = 28;
const NARROW = 700; // CSS pixels: with less, the pictures stand below each other
const BARS = { least: 320, most: 430, share: 0.44 };
export const TOTAL_HEIGHT = 172;
const TALL = 440; // a grid so high leaves the running total room beneath the bars

export interface Layout {
  bars: number; // widths
  right: number; // of the grid and the running total
}

/** The bars at the left, grid and running total at the right. */
export function layout(width: number): Layout {
  if (width < NARROW) return { bars: width, right: width };
  const bars = Math.round(Math.max(BARS.least, Math.min(BARS.most, BARS.share * width)));
  return { bars, right: width - bars - GAP };
}

/** Whether the running total stands beneath the bars, and not beneath the grid. */
export function beneathBars(width: number, gridHeight: number): boolean {
  return width >= NARROW && gridHeight > TALL;
}
