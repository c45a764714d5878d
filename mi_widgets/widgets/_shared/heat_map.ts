/** A heat map with labels along two sides: its cells, their numbers where there is room, and what is lit. */
import { drawColumnLabels, drawFlatLabels, drawRowLabels, labelRoom, type AxisLabels, type LabelStyle } from "./axis";
import { inkOn, lookup, type MapName, type Theme } from "./colour";
import { el } from "./dom";
import { cellSize, lieFlat, type Size, whole } from "./heat_layout";
import { drawCells, fit, type Place } from "./raster";
import { levelOf, type Tensor } from "./wire";

/** A cell; with one of the two null a whole row or column; with both, nothing. */
export interface Spot {
  row: number | null;
  column: number | null;
}

export const NOWHERE: Spot = { row: null, column: null };

export interface Side extends AxisLabels {
  name: string; // of the axis, written in the corner
}

export interface HeatMapState {
  tensor: Tensor; // coloured from its min to its max; a thumbnail has fewer cells than there are labels
  map: MapName;
  rows: Side;
  columns: Side;
  theme: Theme;
  width: number;
  largest: Size; // of a cell
  faded?: boolean;
  framed?: boolean; // a line around all cells
  off?: readonly Spot[]; // cells drawn as "off"
  number?: (value: number) => string; // written in the cells, if they are large enough
  text?: (index: number, characters: number) => string; // in its place: a text for a cell that has room for so many characters
}

interface Style extends LabelStyle {
  text: string;
  line: string;
  ground: string;
}

const TALLEST = 620;
const FONT_SIZE = 11;
const PADDING = 8; // of a cell, left and right of what is written in it
const CORNER = { left: 66, top: 34 }; // room for "key →" over "query ↓"
const FLAT_ROOM = 22;
const LEAST_FOR_NUMBERS = 15; // height of a cell
const FEWEST_CHARACTERS = 5; // of a text: with less room none is written
const CENTRED = { textAlign: "center", textBaseline: "middle" };
const SLOPE = Math.tan(Math.PI / 3); // of climbing labels

export class HeatMap {
  readonly element = el("div", { class: "mi-map", tabindex: 0, role: "group" });
  private cells = el("canvas", { class: "mi-map-canvas" });
  private lights = el("canvas", { class: "mi-map-canvas" });
  private state?: HeatMapState;
  private style: Style = { ink: "", accent: "", text: "", line: "", ground: "", font: "", size: FONT_SIZE };
  private place: Place = { x: 0, y: 0, width: 1, height: 1 }; // of all cells, in CSS pixels
  private flat = false;

  constructor() {
    this.element.append(this.cells, this.lights);
  }

  draw(state: HeatMapState): void {
    this.state = state;
    this.style = this.readStyle(); // once a drawing: it is slow
    this.flat = !!state.columns.plain && lieFlat(state.columns.labels);
    const context = this.cells.getContext("2d")!;
    const ratio = window.devicePixelRatio || 1;
    const { box, numbers, right } = this.arrange(context, state, ratio);
    const [width, height] = [(box.x + box.width) / ratio + right, (box.y + box.height) / ratio + 3];
    fit(this.cells, width, height);
    fit(this.lights, width, height);
    Object.assign(this.element.style, { width: `${width}px`, height: `${height}px` });
    this.place = { x: box.x / ratio, y: box.y / ratio, width: box.width / ratio, height: box.height / ratio };

    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.cells.width, this.cells.height);
    context.globalAlpha = state.faded ? 0.3 : 1;
    const { tensor, map } = state;
    const [colours, middle] = [lookup(map, state.theme), map === "diverging" ? 127 : 0];
    drawCells(context, tensor.levels(), tensor.rows, tensor.columns, colours, box, Math.round(ratio), middle);
    context.globalAlpha = 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (numbers) this.drawNumbers(context, state);
    for (const spot of state.off ?? []) this.drawOff(context, spot);
    if (state.framed) this.drawFrame(context);
  }

  /** The size of a cell in CSS pixels, the smaller of its sides. */
  get cellSize(): number {
    return this.state ? Math.min(this.step.width, this.step.height) : 0;
  }

  /** Light a row and a column: the selected ones, or those under the pointer. */
  light(lit: Spot, selected: Spot): void {
    const { state, place, step, style } = this;
    if (!state) return;
    const ratio = this.lights.width / parseFloat(this.lights.style.width);
    const context = this.lights.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.lights.width, this.lights.height);
    const rows = { ...state.rows, start: place.y, step: step.height, lit: present(lit.row, selected.row) };
    const columns = { ...state.columns, start: place.x, step: step.width, lit: present(lit.column, selected.column) };
    drawRowLabels(context, rows, place.x - 6, style);
    const drawLabels = this.flat ? drawFlatLabels : drawColumnLabels;
    drawLabels(context, columns, place.y - 6, style);
    this.drawCorner(context);
    if (lit.row !== null) this.frame(context, 1, { row: lit.row, column: null });
    if (lit.column !== null) this.frame(context, 1, { row: null, column: lit.column });
    if (selected.row !== null && selected.column !== null) this.frame(context, 2, selected);
  }

  /** The cell at a point of the page; over a label, the row or the column alone. */
  spotAt(event: PointerEvent | MouseEvent): Spot | undefined {
    const { state, place } = this;
    if (!state) return undefined;
    const frame = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left - place.x, event.clientY - frame.top - place.y];
    const [n, m] = [state.rows.labels.length, state.columns.labels.length];
    const [row, column] = [Math.floor((y / place.height) * n), Math.floor((x / place.width) * m)];
    const [inX, inY] = [column >= 0 && column < m, row >= 0 && row < n];
    if (inX && inY) return { row, column };
    if (inY && x < 0) return { row, column: null };
    // Labels that climb to the right belong, above, to a column further left.
    const climbed = this.flat ? column : Math.floor(((x + y / SLOPE) / place.width) * m);
    if (y < 0 && climbed >= 0 && climbed < m) return { row: null, column: climbed };
    return undefined;
  }

  // -- sizes --------------------------------------------------------------------------------------------------------

  private get step(): Size {
    const { rows, columns } = this.state!;
    return { width: this.place.width / columns.labels.length, height: this.place.height / rows.labels.length };
  }

  /** Where a cell is; a whole row, or a whole column, where the other is null. */
  private placeOf({ row, column }: Spot): Place {
    const { place, step } = this;
    const [x, width] = column === null ? [place.x, place.width] : [place.x + column * step.width, step.width];
    const [y, height] = row === null ? [place.y, place.height] : [place.y + row * step.height, step.height];
    return { x, y, width, height };
  }

  /** The box of all cells in the canvas's own pixels, and whether numbers fit in them. */
  private arrange(context: CanvasRenderingContext2D, state: HeatMapState, ratio: number) {
    const { rows, columns } = state;
    const room = labelRoom(context, rows, columns, this.style);
    const corner = context.measureText(`${longer(rows.name, columns.name)} →`).width + 14;
    const left = Math.max(room.left, corner, CORNER.left);
    const top = Math.max(this.flat ? FLAT_ROOM : room.top, CORNER.top);
    const right = this.flat ? 4 : room.right;
    const [n, m] = [rows.labels.length, columns.labels.length];
    const across = { width: Math.max(1, state.width - left - right), height: TALLEST };
    const { numbers, ...cell } = cellSize(across, n, m, state.largest, this.numberSize(context, state));
    const box = {
      x: Math.round(left * ratio),
      y: Math.round(top * ratio),
      width: Math.max(1, Math.floor(whole(cell.width, ratio) * m)),
      height: Math.max(1, Math.floor(whole(cell.height, ratio) * n)),
    };
    return { box, numbers, right };
  }

  /** What the longest number needs; undefined where none is to be written, or there are far too many. */
  private numberSize(context: CanvasRenderingContext2D, { tensor, number, text }: HeatMapState): Size | undefined {
    if (text) return { width: FEWEST_CHARACTERS * this.characterWidth(context) + PADDING, height: LEAST_FOR_NUMBERS };
    if (!number || tensor.codes.length > 4096) return undefined;
    let characters = 0;
    for (let i = 0; i < tensor.codes.length; i++) {
      const value = tensor.at(i);
      if (!Number.isNaN(value)) characters = Math.max(characters, number(value).length);
    }
    return { width: characters * this.characterWidth(context) + PADDING, height: LEAST_FOR_NUMBERS };
  }

  private characterWidth(context: CanvasRenderingContext2D): number {
    context.font = `${FONT_SIZE}px ${this.style.font}`;
    return context.measureText("0").width;
  }

  private readStyle(): Style {
    const computed = getComputedStyle(this.element);
    const [ink, accent, text, line, ground, font] = ["quiet", "accent", "ink", "line", "bg", "mono"].map((name) =>
      computed.getPropertyValue(`--mi-${name}`).trim(),
    );
    return { ink, accent, text, line, ground, font, size: FONT_SIZE };
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private drawNumbers(context: CanvasRenderingContext2D, { tensor, map, theme, number, text }: HeatMapState): void {
    const { step, style } = this;
    const characters = Math.floor((step.width - PADDING) / this.characterWidth(context));
    Object.assign(context, CENTRED);
    for (let i = 0; i < tensor.codes.length; i++) {
      const value = tensor.at(i);
      if (Number.isNaN(value)) continue;
      context.fillStyle = inkOn(map, theme, levelOf(value, tensor.min, tensor.max)) ?? style.text;
      const cell = this.placeOf({ row: Math.floor(i / tensor.columns), column: i % tensor.columns });
      const [x, y] = [cell.x + step.width / 2 - 0.5, cell.y + step.height / 2];
      // A character may be wider than a letter, as in Chinese.
      if (text) context.fillText(text(i, characters), x, y, step.width - 3);
      else context.fillText(number!(value), x, y);
    }
  }

  private drawOff(context: CanvasRenderingContext2D, spot: Spot): void {
    if (spot.row === null || spot.column === null) return;
    const { style } = this;
    const { x, y, width, height } = this.placeOf(spot);
    context.clearRect(x, y, width - 1, height - 1);
    context.font = `${Math.min(FONT_SIZE, Math.max(7, height))}px ${style.font}`;
    Object.assign(context, CENTRED, { fillStyle: style.ink });
    context.fillText(width >= 24 ? "off" : "×", x + width / 2 - 0.5, y + height / 2);
  }

  /**
   * A line around cells in the accent colour, never around less than can be seen; on viridis, which has that colour
   * too, apart from it.
   */
  private frame(context: CanvasRenderingContext2D, thick: number, spot: Spot): void {
    const { x, y, width, height } = this.placeOf(spot);
    const [w, h] = [Math.max(width, 3), Math.max(height, 3)];
    const lines = [{ strokeStyle: this.style.accent, lineWidth: thick }];
    if (this.state!.map === "viridis") lines.unshift({ strokeStyle: this.style.ground, lineWidth: thick + 2 });
    for (const line of lines) {
      Object.assign(context, line);
      context.strokeRect(x - (w - width) / 2 - 0.5, y - (h - height) / 2 - 0.5, w, h);
    }
  }

  private drawFrame(context: CanvasRenderingContext2D): void {
    const { place, style } = this;
    Object.assign(context, { strokeStyle: style.line, lineWidth: 1 });
    context.strokeRect(place.x - 0.5, place.y - 0.5, place.width + 1, place.height + 1);
  }

  private drawCorner(context: CanvasRenderingContext2D): void {
    const { place, style, flat } = this;
    const { rows, columns } = this.state!;
    const look = { font: `10px ${style.font}`, fillStyle: style.ink, textAlign: "right", textBaseline: "alphabetic" };
    Object.assign(context, look);
    context.fillText(`${columns.name} →`, place.x - 12, place.y - (flat ? 20 : 24));
    context.fillText(`${rows.name} ↓`, place.x - 12, place.y - (flat ? 7 : 11));
  }
}

function present(...places: (number | null)[]): number[] {
  return places.filter((place): place is number => place !== null);
}

function longer(a: string, b: string): string {
  return a.length > b.length ? a : b;
}
