/** Where list and dashboard stand. Pure: the same in, the same out. */

export const GAP = 20;
const NARROW = 640; // CSS pixels: with less, the dashboard stands below the list
const PAIR = 440; // with less, one chart stands below the other
const LIST = { least: 232, most: 320, share: 0.29 };

export interface Layout {
  narrow: boolean;
  list: number; // widths
  dashboard: number;
  chart: number; // of one of the two charts
}

export function layout(width: number): Layout {
  const narrow = width < NARROW;
  const list = narrow ? width : Math.round(Math.max(LIST.least, Math.min(LIST.most, LIST.share * width)));
  const dashboard = narrow ? width : width - list - GAP;
  return { narrow, list, dashboard, chart: dashboard < PAIR ? dashboard : Math.floor((dashboard - GAP) / 2) };
}
