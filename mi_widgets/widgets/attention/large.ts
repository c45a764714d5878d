/** One head large: its cells, its tokens along both sides, and what is lit. */
import { drawColumnLabels, drawRowLabels, labelRoom, type LabelStyle } from "../_shared/axis";
import { lookup, type Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { drawCells, fit, type Place } from "../_shared/raster";
import type { Tensor } from "../_shared/wire";

export interface LargeState {
  tensor: Tensor; // the full head, or its thumbnail while that is on its way
  rows: readonly string[];
  columns: readonly string[];
  theme: Theme;
  width: number;
  off: boolean;
}

export interface Cell {
  query: number | null;
  key: number | null;
}

const LARGEST_CELL = 22;
const TALLEST = 620;
const FONT_SIZE = 11;
const CORNER = { left: 66, top: 34 }; // room for "key →" over "query ↓"

export class LargeHead {
  readonly element = el("div", { class: "mi-large", tabindex: 0, role: "group" });
  private cells = el("canvas", { class: "mi-large-cells" });
  private lights = el("canvas", { class: "mi-large-lights" });
  private state?: LargeState;
  private style: LabelStyle = { ink: "", accent: "", font: "", size: FONT_SIZE }; // read once a drawing: it is slow
  private place: Place = { x: 0, y: 0, width: 1, height: 1 }; // of the picture, in CSS pixels

  constructor() {
    this.element.append(this.cells, this.lights);
  }

  draw(state: LargeState): void {
    this.state = state;
    this.style = this.readStyle();
    const context = this.cells.getContext("2d")!;
    const room = labelRoom(context, state.rows, state.columns, this.style);
    room.left = Math.max(room.left, CORNER.left);
    room.top = Math.max(room.top, CORNER.top);
    const ratio = window.devicePixelRatio || 1;
    const [n, m] = [state.rows.length, state.columns.length];
    const across = (state.width - room.left - room.right) * ratio;
    const largest = Math.min(across / m, (TALLEST * ratio) / n, LARGEST_CELL * ratio);
    // Whole pixels a cell, so that all cells are equal; with less than a pixel a cell, the brightest is shown.
    const step = largest >= 1 ? Math.floor(largest) : largest;
    const box = {
      x: Math.round(room.left * ratio),
      y: Math.round(room.top * ratio),
      width: Math.max(1, Math.floor(step * m)),
      height: Math.max(1, Math.floor(step * n)),
    };
    const [width, height] = [(box.x + box.width) / ratio + room.right, (box.y + box.height) / ratio + 3];
    fit(this.cells, width, height);
    fit(this.lights, width, height);
    Object.assign(this.element.style, { width: `${width}px`, height: `${height}px` });
    this.place = { x: box.x / ratio, y: box.y / ratio, width: box.width / ratio, height: box.height / ratio };

    context.clearRect(0, 0, this.cells.width, this.cells.height);
    context.globalAlpha = state.off ? 0.3 : 1;
    const { tensor } = state;
    const colours = lookup("sequential", state.theme);
    drawCells(context, tensor.levels(0, 1), tensor.rows, tensor.columns, colours, box, Math.round(ratio));
    context.globalAlpha = 1;
  }

  /** The size of a cell in CSS pixels. */
  get cellSize(): number {
    return this.state ? this.place.width / this.state.columns.length : 0;
  }

  /** Light a row and a column: the selected ones, or those under the pointer. */
  light(lit: Cell, selected: Cell): void {
    const { state, place } = this;
    if (!state) return;
    const ratio = this.lights.width / parseFloat(this.lights.style.width);
    const context = this.lights.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.lights.width, this.lights.height);
    const { style } = this;
    const step = { x: place.width / state.columns.length, y: place.height / state.rows.length };
    const [rows, columns] = [present(lit.query, selected.query), present(lit.key, selected.key)];
    drawRowLabels(context, { labels: state.rows, start: place.y, step: step.y, lit: rows }, place.x - 6, style);
    drawColumnLabels(context, { labels: state.columns, start: place.x, step: step.x, lit: columns }, place.y - 6, style);
    this.drawCorner(context, style);
    context.strokeStyle = style.accent;
    context.lineWidth = 1;
    if (lit.query !== null) outline(context, place.x, place.y + lit.query * step.y, place.width, step.y);
    if (lit.key !== null) outline(context, place.x + lit.key * step.x, place.y, step.x, place.height);
    if (selected.query !== null && selected.key !== null) {
      context.lineWidth = 2;
      outline(context, place.x + selected.key * step.x, place.y + selected.query * step.y, step.x, step.y);
    }
  }

  /** The cell at a point of the page; over a label, the row or the column alone. */
  cellAt(event: PointerEvent | MouseEvent): Cell | undefined {
    const { state, place } = this;
    if (!state) return undefined;
    const frame = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left - place.x, event.clientY - frame.top - place.y];
    const column = Math.floor((x / place.width) * state.columns.length);
    const row = Math.floor((y / place.height) * state.rows.length);
    const [inX, inY] = [column >= 0 && column < state.columns.length, row >= 0 && row < state.rows.length];
    if (inX && inY) return { query: row, key: column };
    if (inY && x < 0) return { query: row, key: null };
    // Labels of columns climb to the right, so a point above belongs to a column further left.
    const climbed = Math.floor(((x + y / Math.tan(Math.PI / 3)) / place.width) * state.columns.length);
    if (y < 0 && climbed >= 0 && climbed < state.columns.length) return { query: null, key: climbed };
    return undefined;
  }

  private readStyle(): LabelStyle {
    const computed = getComputedStyle(this.element);
    return {
      ink: computed.getPropertyValue("--mi-quiet").trim() || "#666",
      accent: computed.getPropertyValue("--mi-accent").trim() || "#1f6feb",
      font: computed.getPropertyValue("--mi-mono").trim() || "monospace",
      size: FONT_SIZE,
    };
  }

  private drawCorner(context: CanvasRenderingContext2D, style: LabelStyle): void {
    context.font = `10px ${style.font}`;
    context.fillStyle = style.ink;
    context.textAlign = "right";
    context.fillText("key →", this.place.x - 12, this.place.y - 24);
    context.fillText("query ↓", this.place.x - 12, this.place.y - 11);
  }
}

function present(...places: (number | null)[]): number[] {
  return places.filter((place): place is number => place !== null);
}

/** A rectangle around cells, never thinner than can be seen. */
function outline(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  const [w, h] = [Math.max(width, 3), Math.max(height, 3)];
  context.strokeRect(x - (w - width) / 2 - 0.5, y - (h - height) / 2 - 0.5, w, h);
}
