/** A magnifying glass for cells too small to see: the neighbourhood of the one under the pointer. */
import { lookup, type Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { drawCells, fit } from "../_shared/raster";
import type { Tensor } from "../_shared/wire";
import type { Cell } from "./large";

const AROUND = 6; // cells on each side
const CELL = 11;
const SMALL_ENOUGH = 6; // pixels: below it a cell deserves the lens

export class Lens {
  private canvas = el("canvas");

  /** The neighbourhood of a cell, or nothing where the cells can be seen anyway. */
  draw(tensor: Tensor, { query, key }: Cell, cellSize: number, theme: Theme): HTMLElement | undefined {
    if (query === null || key === null || cellSize >= SMALL_ENOUGH) return undefined;
    const side = 2 * AROUND + 1;
    const ratio = fit(this.canvas, side * CELL, side * CELL);
    const pixels = Math.round(CELL * ratio);
    const context = this.canvas.getContext("2d")!;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const levels = tensor.window(query - AROUND, key - AROUND, side, side);
    const place = { x: 0, y: 0, width: side * pixels, height: side * pixels };
    drawCells(context, levels, side, side, lookup("sequential", theme), place, Math.round(ratio));
    context.strokeStyle = theme === "light" ? "#1f6feb" : "#6cb0ff";
    context.lineWidth = 2 * ratio;
    context.strokeRect(AROUND * pixels, AROUND * pixels, pixels, pixels);
    return this.canvas;
  }
}
