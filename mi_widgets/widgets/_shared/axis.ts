/** Labels along the two axes of a heat map: thinned out so that none touch, the lit ones always written. */
import { thinned } from "./thinning";
import { cut, shortened } from "./tokens";

const LONGEST_NAME = 24; // signs

export interface Labels {
  labels: readonly string[];
  plain?: boolean; // names, written as they are; without it they are tokens, whose whitespace is made visible
}

export interface LabelStyle {
  ink: string;
  accent: string;
  size: number; // of the font, in CSS pixels
  font: string;
}

export interface Axis extends Labels {
  start: number; // where the first cell begins, in CSS pixels
  step: number; // size of a cell
  lit: readonly number[];
}

/** Labels of rows, ending at x. */
export function drawRowLabels(context: CanvasRenderingContext2D, axis: Axis, x: number, style: LabelStyle): void {
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const i of thinned(axis.labels.length, axis.step, style.size + 1, axis.lit)) {
    write(context, axis, i, style, x, axis.start + (i + 0.5) * axis.step);
  }
}

const CLIMB = -Math.PI / 3;

/** Labels of columns, starting at y and climbing to the right. */
export function drawColumnLabels(context: CanvasRenderingContext2D, axis: Axis, y: number, style: LabelStyle): void {
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const i of thinned(axis.labels.length, axis.step, style.size + 1, axis.lit)) {
    context.save();
    context.translate(axis.start + (i + 0.5) * axis.step, y);
    context.rotate(CLIMB);
    write(context, axis, i, style, 0, 0);
    context.restore();
  }
}

/** Labels of columns, flat and centred, ending at y: for short ones. */
export function drawFlatLabels(context: CanvasRenderingContext2D, axis: Axis, y: number, style: LabelStyle): void {
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.font = `600 ${style.size}px ${style.font}`;
  const widest = axis.labels.reduce((most, label) => Math.max(most, context.measureText(label).width), 0);
  for (const i of thinned(axis.labels.length, axis.step, widest + 8, axis.lit)) {
    write(context, axis, i, style, axis.start + (i + 0.5) * axis.step, y);
  }
}

function write(
  context: CanvasRenderingContext2D,
  axis: Axis,
  i: number,
  style: LabelStyle,
  x: number,
  y: number,
): void {
  const lit = axis.lit.includes(i);
  context.font = `${lit ? "600 " : ""}${style.size}px ${style.font}`;
  context.fillStyle = lit ? style.accent : style.ink;
  context.fillText(written(axis.labels[i], axis.plain), x, y);
}

/** A label as it is drawn: a name as it is, a token with its whitespace made visible; both cut off if they are long. */
export function written(label: string, plain = false): string {
  return plain ? cut(label, LONGEST_NAME) : shortened(label);
}

/** The room labels need: beside the rows, above the columns, and to the right of the last column. */
export function labelRoom(
  context: CanvasRenderingContext2D,
  rows: Labels,
  columns: Labels,
  style: LabelStyle,
): { left: number; top: number; right: number } {
  context.font = `600 ${style.size}px ${style.font}`;
  const width = ({ labels, plain }: Labels) =>
    labels.reduce((most, label) => Math.max(most, context.measureText(written(label, plain)).width), 0);
  const climbing = width(columns) + 4;
  return {
    left: Math.ceil(width(rows)) + 10,
    top: Math.ceil(climbing * Math.sin(-CLIMB)) + 8,
    right: Math.ceil(climbing * Math.cos(CLIMB)) + 2,
  };
}
