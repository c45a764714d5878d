/** Levels into pixels. */

/**
 * Levels resampled to a size in pixels. Where several cells share a pixel it shows the one furthest from the middle
 * of the colours (0 where they have none), so that no bright cell is lost; where a cell covers several it is repeated.
 */
export function resample(
  levels: Uint8Array,
  rows: number,
  columns: number,
  height: number,
  width: number,
  middle = 0,
): Uint8Array {
  const out = new Uint8Array(width * height);
  const [xs, ys] = [spans(columns, width), spans(rows, height)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [best, away] = [255, -1];
      for (let row = ys[2 * y]; row < ys[2 * y + 1]; row++) {
        for (let column = xs[2 * x]; column < xs[2 * x + 1]; column++) {
          const level = levels[row * columns + column];
          if (level !== 255 && Math.abs(level - middle) > away) [best, away] = [level, Math.abs(level - middle)];
        }
      }
      out[y * width + x] = best;
    }
  }
  return out;
}

/** For each pixel the first cell, and one past the last cell, that it shows. */
function spans(cells: number, pixels: number): Uint32Array {
  const out = new Uint32Array(2 * pixels);
  for (let i = 0; i < pixels; i++) {
    const first = Math.floor((i * cells) / pixels);
    const next = Math.floor(((i + 1) * cells) / pixels);
    out[2 * i] = first;
    out[2 * i + 1] = Math.max(first + 1, next);
  }
  return out;
}

/** An image of levels, one pixel each. */
export function image(levels: Uint8Array, width: number, height: number, colours: Uint8ClampedArray): ImageData {
  const data = new ImageData(width, height);
  const from = new Uint32Array(colours.buffer, colours.byteOffset, 256);
  const to = new Uint32Array(data.data.buffer);
  for (let i = 0; i < levels.length; i++) to[i] = from[levels[i]];
  return data;
}

/** Give a canvas a size in CSS pixels, at the screen's own resolution; returns that resolution. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): number {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return ratio;
}

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * Draw a heat map into a place, given in the canvas's own pixels. Cells of 8 pixels and more get a hairline
 * between them, smaller ones touch.
 */
export function drawCells(
  context: CanvasRenderingContext2D,
  levels: Uint8Array,
  rows: number,
  columns: number,
  colours: Uint8ClampedArray,
  place: Place,
  hairline = 1,
  middle = 0,
): void {
  const whole = Number.isInteger(place.width / columns) && Number.isInteger(place.height / rows);
  const pixels = whole ? levels : resample(levels, rows, columns, place.height, place.width, middle);
  const [width, height] = whole ? [columns, rows] : [place.width, place.height];
  const buffer = document.createElement("canvas");
  buffer.width = width;
  buffer.height = height;
  buffer.getContext("2d")!.putImageData(image(pixels, width, height, colours), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(buffer, place.x, place.y, place.width, place.height);
  if (!whole || Math.min(place.width / columns, place.height / rows) < 8 * hairline) return;
  for (let i = 1; i < columns; i++) {
    context.clearRect(place.x + (i * place.width) / columns - hairline, place.y, hairline, place.height);
  }
  for (let i = 1; i < rows; i++) {
    context.clearRect(place.x, place.y + (i * place.height) / rows - hairline, place.width, hairline);
  }
}
