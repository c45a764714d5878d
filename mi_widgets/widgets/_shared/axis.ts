/** Labels along the two axes of a heat map: thinned out so that none touch, the lit ones always written. */
import { thinned } from "./thinning";
import { cut, shortened } from "./tokens";

const LONGEST_NAME = 24; // characters

export interface AxisLabels {
  labels: readonly string[];
  plain?: boolean; // names, written as they are; without it they are tokens, whose whitespace is made visible
}

export interface LabelStyle {
  ink: string;
  accent: string;
  size: number; // of the font, in CSS pixels
  font: string;
}

export interface PlacedAxis extends AxisLabels {
  start: number; // where the first cell begins, in CSS pixels
  step: number; // size of a cell
  lit: readonly number[];
}

/** Labels of rows, ending at x. */
export function drawRowLabels(context: CanvasRenderingContext2D, axis: PlacedAxis, x: number, style: LabelStyle): void {
  Object.assign(context, { textAlign: "right", textBaseline: "middle" });
  write(context, axis, style, style.size + 1, (y, text) => context.fillText(text, x, y));
}

const CLIMB = -Math.PI / 3;

/** Labels of columns, starting at y and climbing to the right. */
export function drawColumnLabels(
  context: CanvasRenderingContext2D,
  axis: PlacedAxis,
  y: number,
  style: LabelStyle,
): void {
  Object.assign(context, { textAlign: "left", textBaseline: "middle" });
  write(context, axis, style, style.size + 1, (x, text) => {
    context.save();
    context.translate(x, y);
    context.rotate(CLIMB);
    context.fillText(text, 0, 0);
    context.restore();
  });
}

/** Labels of columns, flat and centred, ending at y: for short ones. */
export function drawFlatLabels(
  context: CanvasRenderingContext2D,
  axis: PlacedAxis,
  y: number,
  style: LabelStyle,
): void {
  Object.assign(context, { textAlign: "center", textBaseline: "alphabetic" });
  const room = widest(context, axis.labels, style) + 8;
  write(context, axis, style, room, (x, text) => context.fillText(text, x, y));
}

/** Write those that have room; @param at writes one at a place along the axis. */
function write(
  context: CanvasRenderingContext2D,
  axis: PlacedAxis,
  style: LabelStyle,
  room: number,
  at: (place: number, text: string) => void,
): void {
  for (const i of thinned(axis.labels.length, axis.step, room, axis.lit)) {
    const lit = axis.lit.includes(i);
    context.font = `${lit ? "600 " : ""}${style.size}px ${style.font}`;
    context.fillStyle = lit ? style.accent : style.ink;
    at(axis.start + (i + 0.5) * axis.step, labelText(axis.labels[i], axis.plain));
  }
}

function widest(context: CanvasRenderingContext2D, texts: readonly string[], style: LabelStyle): number {
  context.font = `600 ${style.size}px ${style.font}`;
  return texts.reduce((most, text) => Math.max(most, context.measureText(text).width), 0);
}

/** A label as it is drawn: a name as it is, a token with its whitespace made visible; both cut off if they are long. */
export function labelText(label: string, plain = false): string {
  return plain ? cut(label, LONGEST_NAME) : shortened(label);
}

/** The room labels need: beside the rows, above the columns, and to the right of the last column. */
export function labelRoom(
  context: CanvasRenderingContext2D,
  rows: AxisLabels,
  columns: AxisLabels,
  style: LabelStyle,
): { left: number; top: number; right: number } {
  const width = ({ labels, plain }: AxisLabels) =>
    widest(
      context,
      labels.map((label) => labelText(label, plain)),
      style,
    );
  const climbing = width(columns) + 4;
  return {
    left: Math.ceil(width(rows)) + 10,
    top: Math.ceil(climbing * Math.sin(-CLIMB)) + 8,
    right: Math.ceil(climbing * Math.cos(CLIMB)) + 2,
  };
}
