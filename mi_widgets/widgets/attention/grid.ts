/** All heads at once: thumbnails, layers as rows and heads as columns, or ranked by a score. */
import { lookup, type Theme } from "../_shared/colour";
import { el, setAttributes } from "../_shared/dom";
import { type HeadPlace, same } from "../_shared/heads_off";
import { fixed, tiny } from "../_shared/numbers";
import { fit, image, resample } from "../_shared/raster";
import type { Label } from "../_shared/step_slider";
import { thinned } from "../_shared/thinning";
import { NAN_LEVEL } from "../_shared/wire";
import type { Heads } from "./heads";
import { bestScore } from "./scores";

export interface GridState {
  heads: Heads;
  step?: Label;
  order: HeadPlace[];
  ranked?: string; // the score they are ranked by: each thumbnail then says which head it is
  selected: HeadPlace;
  ablated: HeadPlace[];
  theme: Theme;
  width: number;
  height: number; // what the grid should not exceed
}

const MARGIN = { left: 30, top: 20 };
const LARGEST = 76;
const SMALLEST = 9;

/** Sizes and places, in CSS pixels. */
function frameOf({ heads: { heads }, order, ranked, width, height }: GridState) {
  const columns = heads.length;
  const lines = Math.ceil(order.length / columns);
  const gap = columns > 16 ? 2 : 5;
  const across = (width - MARGIN.left) / columns - gap;
  const down = (height - MARGIN.top) / lines - gap;
  const side = Math.floor(Math.max(SMALLEST, Math.min(across, Math.max(down, 26), LARGEST)));
  const caption = ranked && side >= 24 ? 14 : 0; // room for a name above each thumbnail
  const x = (i: number) => MARGIN.left + (i % columns) * (side + gap);
  const y = (i: number) => MARGIN.top + Math.floor(i / columns) * (side + gap + caption) + caption;
  return { columns, side, gap, x, y, width: x(columns - 1) + side + gap, height: y(order.length - 1) + side + 4 };
}

type GridFrame = ReturnType<typeof frameOf>;

export class HeadGrid {
  readonly element = el("div", { class: "mi-heads", role: "grid", "aria-label": "all heads" });
  columns = 1;
  private canvas = el("canvas", { class: "mi-heads-canvas", "aria-hidden": "true" });
  private labels = el("div", { class: "mi-heads-labels", "aria-hidden": "true" });
  private rows = el("div", { role: "presentation" });
  private cells = new Map<string, HTMLElement>();
  private chosen?: HTMLElement;
  private lit?: HTMLElement;
  // What the present picture was made of.
  private drawn = "";
  private data?: Heads["derived"];

  /** @param hover called with the head under the pointer, and with nothing when it leaves. */
  constructor(
    private pick: (place: HeadPlace) => void,
    private hover: (place?: HeadPlace) => void,
  ) {
    this.element.append(this.canvas, this.labels, this.rows);
    this.element.addEventListener("pointerleave", () => hover());
  }

  draw(state: GridState): void {
    const frame = frameOf(state);
    this.columns = frame.columns;
    // Moving the selection, the most frequent change, repaints nothing.
    const { order, ablated, theme, ranked } = state;
    const ratio = window.devicePixelRatio;
    const drawn = JSON.stringify([frame.side, frame.columns, order, ablated, theme, ranked, ratio, state.step]);
    if (drawn !== this.drawn || state.heads.derived !== this.data) {
      this.paint(state, frame);
      this.label(state, frame);
      this.arrange(state, frame);
      this.element.style.height = `${frame.height}px`;
      [this.drawn, this.data] = [drawn, state.heads.derived];
    }
    this.choose(state.selected);
  }

  /** Mark the head under the pointer, here or in a linked view. */
  light(place?: HeadPlace): void {
    this.lit?.classList.remove("mi-lit");
    this.lit = place && this.cells.get(keyOf(place));
    this.lit?.classList.add("mi-lit");
  }

  focus(place: HeadPlace): void {
    this.cells.get(keyOf(place))?.focus({ preventScroll: true });
  }

  private paint(state: GridState, frame: GridFrame): void {
    const ratio = fit(this.canvas, frame.width, frame.height);
    const { width, height } = this.canvas;
    const pixels = Math.round(frame.side * ratio);
    const whole = new Uint8Array(width * height).fill(NAN_LEVEL);
    state.order.forEach((head, i) => {
      if (state.ablated.some((off) => same(off, head))) return;
      const tensor = state.heads.thumbnail({ ...head, step: state.step });
      const small = resample(tensor.levels(0, 1), tensor.rows, tensor.columns, pixels, pixels);
      const [left, top] = [Math.round(frame.x(i) * ratio), Math.round(frame.y(i) * ratio)];
      for (let y = 0; y < pixels; y++) {
        whole.set(small.subarray(y * pixels, (y + 1) * pixels), (top + y) * width + left);
      }
    });
    // One image for all thumbnails: an image each would take ten times as long.
    const colours = lookup("sequential", state.theme);
    this.canvas.getContext("2d")!.putImageData(image(whole, width, height, colours), 0, 0);
  }

  private label({ heads: { layers, heads }, order, ranked }: GridState, { side, gap, columns, x, y }: GridFrame): void {
    const texts: [text: string, className: string, left: number, top: number][] = [];
    if (ranked) {
      texts.push([`ranked by ${ranked}`, "mi-by", MARGIN.left, 0]);
      const className = side < 36 ? "mi-rank mi-tiny" : "mi-rank";
      const named = side < 24 ? [] : order;
      named.forEach(({ layer, head }, i) => texts.push([`L${layer}.H${head}`, className, x(i), y(i) - 16]));
    } else {
      for (const i of thinned(heads.length, side + gap, 24))
        texts.push([`H${heads[i]}`, "mi-column", x(i) + side / 2, 0]);
      for (const i of thinned(layers.length, side + gap, 13))
        texts.push([`L${layers[i]}`, "mi-row", 0, y(i * columns) + side / 2]);
    }
    const spans = texts.map(([text, className, left, top]) => {
      const span = el("span", { class: className }, text);
      Object.assign(span.style, { left: `${left}px`, top: `${top}px` });
      return span;
    });
    this.labels.replaceChildren(...spans);
  }

  /** Lay the cells out: what is clicked, focused and read aloud. */
  private arrange(state: GridState, frame: GridFrame): void {
    const { activeElement } = document;
    const focused = this.rows.contains(activeElement) ? activeElement!.getAttribute("data-head")! : "";
    const cells = state.order.map((head, i) => this.cell(head, i, state, frame));
    this.cells = new Map(cells.map((cell, i) => [keyOf(state.order[i]), cell]));
    const rows: HTMLElement[] = [];
    for (let i = 0; i < cells.length; i += frame.columns)
      rows.push(el("div", { role: "row" }, ...cells.slice(i, i + frame.columns)));
    this.rows.replaceChildren(...rows);
    this.cells.get(focused)?.focus({ preventScroll: true });
  }

  private cell(head: HeadPlace, i: number, state: GridState, { side, x, y }: GridFrame): HTMLElement {
    const off = state.ablated.some((place) => same(place, head));
    const best = bestScore(state.heads, { ...head, step: state.step });
    const said = best ? `, ${best.short} ${fixed(best.value, 2)}` : "";
    const cell = el("div", {
      class: off ? "mi-head mi-off" : "mi-head",
      role: "gridcell",
      tabindex: -1,
      "data-head": keyOf(head),
      "aria-label": `layer ${head.layer} head ${head.head}${said}${off ? ", off" : ""}`,
    });
    const score = best && side >= 42 ? `${best.short} ${tiny(best.value)}` : best && side >= 22 ? tiny(best.value) : "";
    const text = off ? (side >= 22 ? "off" : "×") : score;
    if (text) cell.append(el("span", {}, text));
    const fontSize = side < 36 ? "8px" : side < 52 ? "9px" : "10px";
    const [left, top, size] = [x(i), y(i), side].map((pixels) => `${pixels}px`);
    Object.assign(cell.style, { left, top, width: size, height: size, fontSize });
    cell.addEventListener("click", () => this.pick(head));
    cell.addEventListener("pointerenter", () => this.hover(head));
    return cell;
  }

  /** Mark one cell as the chosen one; it alone can be reached with the Tab key. */
  private choose(selected: HeadPlace): void {
    const cell = this.cells.get(keyOf(selected));
    if (this.chosen && this.chosen !== cell) mark(this.chosen, false);
    if (cell) mark(cell, true);
    this.chosen = cell;
  }
}

function mark(cell: HTMLElement, chosen: boolean): void {
  cell.classList.toggle("mi-chosen", chosen);
  setAttributes(cell, { "aria-selected": String(chosen), tabindex: chosen ? 0 : -1 });
}

function keyOf({ layer, head }: HeadPlace): string {
  return `${layer}.${head}`;
}
