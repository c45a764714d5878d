/** The measures: curves over the steps of a training run, and what they compare with. */
import { numberText } from "../_shared/numbers";
import { DASHES, lastValue, type Line } from "../_shared/lines";
import type { LinkedLabels } from "../_shared/linked";

export interface Curves {
  steps: number[]; // none: the same at every step
  names: string[];
  places: LinkedLabels[];
  rows: Float32Array[]; // one a line
}

export interface Control {
  name: string;
  curves: Curves;
}

export interface Measure {
  name: string;
  unit: string;
  curves: Curves;
  controls: Control[];
}

const ALL_STRONG = 3; // so few lines are all strong

/** A line of a panel, and which element of the Result it is. */
export interface PlacedLine extends Line {
  place: LinkedLabels;
  control: boolean;
}

/** What is drawn of a measure: where there are many lines, the one highest at its end is the strong one. */
export function linesOf({ curves, controls }: Measure): PlacedLine[] {
  const ours = lines(curves, false);
  const best = highestLine(ours);
  ours.forEach((line, i) => (line.kind = i === best || ours.length <= ALL_STRONG ? "main" : "quiet"));
  const theirs = controls.flatMap((control, nth) => {
    const found = lines(control.curves, true);
    const most = highestLine(found);
    return found.map((line, i) => ({
      ...line,
      name: line.name && found.length > 1 && i !== most ? `${control.name} ${line.name}` : control.name,
      kind: i === most ? ("control" as const) : ("other" as const),
      dash: DASHES[nth % DASHES.length],
    }));
  });
  return [...ours, ...theirs];
}

function lines({ steps, names, places, rows }: Curves, control: boolean): PlacedLine[] {
  return rows.map((y, i) => ({ name: names[i], x: steps, y, kind: "main", place: places[i], control }));
}

function highestLine(found: Line[]): number {
  const ends = found.map(lastValue).map((value) => (Number.isNaN(value) ? -Infinity : value));
  return ends.indexOf(Math.max(...ends));
}

export interface Highest {
  value: number; // NaN if there is none
  name: string;
  at?: number; // the nearest step that was measured, where it is another
}

/** The highest line at a step. */
export function highestAt({ steps, names, rows }: Curves, step: number): Highest {
  let column = 0;
  steps.forEach((other, i) => {
    if (Math.abs(other - step) < Math.abs(steps[column] - step)) column = i;
  });
  let best = 0;
  rows.forEach((row, i) => {
    if (row[column] > rows[best][column] || Number.isNaN(rows[best][column])) best = i;
  });
  const at = steps.length && steps[column] !== step ? steps[column] : undefined;
  return { value: rows[best][column], name: names[best], at };
}

/** 0.75, or 0.75 at 500 where the step itself was not measured. */
export function highestText({ value, at }: Highest): string {
  return numberText(value) + (at === undefined ? "" : ` at ${at}`);
}
