/** Gestures on a heat map whose rows and columns are axes of the selection: arrows, clicks, and the pointer. */
import { followPointer } from "./chart_gestures";
import { type HeatMap, NOWHERE, type Spot } from "./heat_map";
import type { Axis, Labels } from "./labelled";
import { moveSpot } from "./moving";
import type { Lines, ResultView } from "./result_view";
import type { Selection } from "./selection";
import type { Data } from "./synced_trait";

export interface Sides {
  rows: Axis;
  columns: Axis;
}

/** Where the row and the column of some labels are. */
export function spotOf({ rows, columns }: Sides, labels: Labels): Spot {
  return { row: rows.place(labels[rows.name]) ?? null, column: columns.place(labels[columns.name]) ?? null };
}

/** A row and a column by their labels, as a selection names them. */
export function labelsOf({ rows, columns }: Sides, { row, column }: Spot): Selection {
  return {
    [rows.name]: row === null ? null : rows.labels[row],
    [columns.name]: column === null ? null : columns.labels[column],
  };
}

/**
 * @param sides the axes as they are now.
 * @param selected where the selection is.
 * @param told what is said of a cell under the pointer: lines, and perhaps a picture.
 */
export function followCells(
  view: ResultView<Data>,
  map: HeatMap,
  sides: () => Sides,
  selected: () => Spot,
  told: (spot: Spot) => { lines: Lines; picture?: HTMLElement },
): void {
  const { element } = map;
  const pick = (spot: Spot) => {
    view.point({}); // what was done is shown, not what the pointer happens to be on
    view.select(labelsOf(sides(), spot));
  };
  view.arrows(element, (to) => {
    const { rows, columns } = sides();
    pick(moveSpot(selected(), to, rows.labels.length, columns.labels.length));
  });
  const hover = (event: PointerEvent) => {
    const spot = map.spotAt(event) ?? NOWHERE;
    const labels = Object.entries(labelsOf(sides(), spot)).filter(([, label]) => label !== null);
    const { lines, picture } = told(spot);
    view.point(Object.fromEntries(labels), event, lines, picture);
  };
  followPointer(view, element, hover, (event) => {
    const spot = map.spotAt(event);
    if (spot) pick(spot);
  });
}
