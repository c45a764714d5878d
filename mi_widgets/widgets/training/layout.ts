/** How many panels stand side by side. */

export const GAP = 18;
export const HEIGHT = 172;
const NARROWEST = 300;

/** As many as have room, and rows of about the same length. */
export function columnsFor(panels: number, width: number): number {
  const most = Math.max(1, Math.floor((width + GAP) / (NARROWEST + GAP)));
  const rows = Math.ceil(panels / most);
  return Math.ceil(panels / rows);
}
