/** A magnifying glass for cells too small to see: the neighbourhood of the one under the pointer. */
import { lookup, type MapName, type Theme } from "./colour";
import { el } from "./dom";
import type { Spot } from "./heat_map";
import { drawCells, fit } from "./raster";
import type { Tensor } from "./wire";

const AROUND = 6; // cells on each side
const CELL = 11;
const SMALL_ENOUGH = 6; // pixels: below it a cell deserves the lens

export class Lens {
  private canvas = el("canvas");

  /** The neighbourhood of a cell, or nothing where the cells can be seen anyway. */
  draw(tensor: Tensor, { row, column }: Spot, cellSize: number, theme: Theme, map: MapName): HTMLElement | undefined {
    if (row === null || column === null || cellSize >= SMALL_ENOUGH) return undefined;
    const side = 2 * AROUND + 1;
    const ratio = fit(this.canvas, side * CELL, side * CELL);
    const pixels = Math.round(CELL * ratio);
    const context = this.canvas.getContext("2d")!;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const levels = tensor.window(row - AROUND, column - AROUND, side, side);
    const place = { x: 0, y: 0, width: side * pixels, height: side * pixels };
    drawCells(context, levels, side, side, lookup(map, theme), place, Math.round(ratio));
    context.strokeStyle = theme === "light" ? "#1f6feb" : "#6cb0ff";
    context.lineWidth = 2 * ratio;
    context.strokeRect(AROUND * pixels, AROUND * pixels, pixels, pixels);
    return this.canvas;
  }
}
