/** The lines of a chart: their numbers, and how much room their names need. Pure: the same in, the same out. */
import type { AxisScale } from "./axis_scale";

export type LineKind =
  | "main" // what is measured
  | "quiet" // one of many like it
  | "control" // what it is compared with
  | "other"; // one of many controls

export interface Line {
  name: string;
  /** Rising; none if the line is the same everywhere: `y` then has one number. */
  x: ArrayLike<number>;
  y: ArrayLike<number>; // NaN where there is no number
  kind: LineKind;
  dash?: string;
}

/** What tells several controls apart. */
export const DASHES = ["5 3", "2 3", "9 3 2 3"];
export const TEXT = 10.5; // the size of all texts, in CSS pixels
export const AWAY = 8; // pixels between a line and its name

/** About how wide a text of a monospaced font is. */
export function textWidth(text: string): number {
  let characters = 0;
  for (const character of text) characters += character.codePointAt(0)! > 0x2e80 ? 2 : 1;
  return characters * TEXT * 0.61;
}

/** The room that the numbers of a y axis need. */
export function tickRoom(y: AxisScale): number {
  return Math.max(...y.ticks(5).map(({ label }) => textWidth(label))) + 10;
}

/** As much of a name as has room. */
export function fittingName(name: string, room: number): string {
  if (textWidth(name) <= room) return name;
  const characters = [...name];
  while (characters.length > 1 && textWidth(`${characters.join("")}…`) > room) characters.pop();
  return `${characters.join("")}…`;
}

/** The room that the names of lines need, if there is as much. */
export function nameRoom(lines: readonly Line[], most: number): number {
  const named = lines.filter(({ kind, name }) => kind !== "other" && name);
  return Math.min(most, Math.max(12, ...named.map(({ name }) => textWidth(name) + AWAY + 6)));
}

/** The number of a line at a place on the x axis; NaN if there is none. */
export function valueAt(line: Line, x: number): number {
  if (!line.x.length) return line.y[0];
  const i = Array.prototype.indexOf.call(line.x, x);
  return i < 0 ? NaN : line.y[i];
}

/** The last number of a line; NaN if it has none. */
export function lastValue(line: Line): number {
  return Array.from(line.y).findLast(Number.isFinite) ?? NaN;
}

/** The lowest and the highest number of all lines; NaN if they have none. */
export function rangeOf(lines: readonly Line[]): [number, number] {
  const values = lines.flatMap(({ y }) => Array.from(y).filter(Number.isFinite));
  if (!values.length) return [NaN, NaN];
  return [values.reduce((low, value) => Math.min(low, value)), values.reduce((high, value) => Math.max(high, value))];
}

/** How high a line is where it was drawn, also between two of its numbers. */
export function heightAt({ x, y }: Line, scale: AxisScale, place: number): number {
  if (!x.length) return y[0];
  for (let i = 0; i < x.length; i++) {
    const right = scale.place(x[i]);
    if (right < place) continue;
    if (right - place < 1e-9) return y[i];
    if (i === 0) return right - place < 0.02 ? y[0] : NaN;
    const left = scale.place(x[i - 1]);
    return y[i - 1] + ((y[i] - y[i - 1]) * (place - left)) / (right - left);
  }
  return place - scale.place(x[x.length - 1]) < 0.02 ? y[x.length - 1] : NaN;
}
