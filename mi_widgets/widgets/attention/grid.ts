/** All heads at once: thumbnails, layers as rows and heads as columns, or ranked by a score. */
import { lookup, type Theme } from "../_shared/colour";
import { el, setAttributes } from "../_shared/dom";
import { type HeadPlace, same } from "../_shared/heads_off";
import { fixed, tiny } from "../_shared/numbers";
import { fit, image, resample } from "../_shared/raster";
import type { Label } from "../_shared/step_slider";
import { everyNth } from "../_shared/thinning";
import { NAN_LEVEL } from "../_shared/wire";
import type { Heads } from "./heads";
import { labelled, type Score } from "./scores";

export interface GridState {
  heads: Heads;
  step?: Label;
  order: HeadPlace[];
  ranked?: string; // the score they are ranked by: each thumbnail then says which head it is
  selected: HeadPlace;
  ablated: HeadPlace[];
  scores: Score[];
  theme: Theme;
  width: number;
  height: number; // what the grid should not exceed
}

interface GridFrame {
  columns: number;
  side: number; // of a thumbnail
  gap: number;
  x(i: number): number;
  y(i: number): number;
  width: number;
  height: number;
}

const MARGIN = { left: 30, top: 20 };
const LARGEST = 76;
const SMALLEST = 9;

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
    const frame = this.frameOf(state);
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

  /** Sizes and places, in CSS pixels. */
  private frameOf(state: GridState): GridFrame {
    const columns = state.heads.heads.length;
    const lines = Math.ceil(state.order.length / columns);
    const gap = columns > 16 ? 2 : 5;
    const across = (state.width - MARGIN.left) / columns - gap;
    const down = (state.height - MARGIN.top) / lines - gap;
    const side = Math.floor(Math.max(SMALLEST, Math.min(across, Math.max(down, 26), LARGEST)));
    const caption = state.ranked && side >= 24 ? 14 : 0; // room for a name above each thumbnail
    const x = (i: number) => MARGIN.left + (i % columns) * (side + gap);
    const y = (i: number) => MARGIN.top + Math.floor(i / columns) * (side + gap + caption) + caption;
    const [width, height] = [x(columns - 1) + side + gap, y(state.order.length - 1) + side + 4];
    return { columns, side, gap, x, y, width, height };
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

  private label(state: GridState, frame: GridFrame): void {
    const { side, gap } = frame;
    const { layers, heads } = state.heads;
    const texts: HTMLElement[] = [];
    const write = (text: string, className: string, x: number, y: number) => {
      const span = el("span", { class: className }, text);
      span.style.left = `${x}px`;
      span.style.top = `${y}px`;
      texts.push(span);
    };
    if (state.ranked) {
      write(`ranked by ${state.ranked}`, "mi-by", MARGIN.left, 0);
      if (side >= 24) {
        state.order.forEach(({ layer, head }, i) => {
          write(`L${layer}.H${head}`, side < 36 ? "mi-rank mi-tiny" : "mi-rank", frame.x(i), frame.y(i) - 16);
        });
      }
    } else {
      const every = everyNth(heads.length, side + gap, 24);
      heads.forEach((head, i) => i % every || write(`H${head}`, "mi-column", frame.x(i) + side / 2, 0));
      const down = everyNth(layers.length, side + gap, 13);
      layers.forEach((layer, i) => i % down || write(`L${layer}`, "mi-row", 0, frame.y(i * frame.columns) + side / 2));
    }
    this.labels.replaceChildren(...texts);
  }

  /** Lay the cells out: what is clicked, focused and read aloud. */
  private arrange(state: GridState, { columns, side, x, y }: GridFrame): void {
    const rows: HTMLElement[] = [];
    const old = this.cells;
    const focused = document.activeElement;
    this.cells = new Map();
    state.order.forEach((head, i) => {
      if (i % columns === 0) rows.push(el("div", { role: "row" }));
      const key = keyOf(head);
      const cell = old.get(key) ?? this.cell(head);
      this.cells.set(key, cell);
      this.describe(cell, head, state, side);
      Object.assign(cell.style, { left: `${x(i)}px`, top: `${y(i)}px`, width: `${side}px`, height: `${side}px` });
      rows[rows.length - 1].append(cell);
    });
    this.rows.replaceChildren(...rows);
    if (focused instanceof HTMLElement && this.element.contains(focused)) focused.focus({ preventScroll: true });
  }

  private cell(head: HeadPlace): HTMLElement {
    const cell = el("div", {
      class: "mi-head",
      role: "gridcell",
      tabindex: -1,
      "data-head": `${head.layer}.${head.head}`,
    });
    cell.addEventListener("click", () => this.pick({ ...head }));
    cell.addEventListener("pointerenter", () => this.hover({ ...head }));
    return cell;
  }

  private describe(cell: HTMLElement, head: HeadPlace, state: GridState, side: number): void {
    const off = state.ablated.some((place) => same(place, head));
    const best = labelled(state.scores, state.heads, head)[0];
    const said = best ? `, ${best.short} ${fixed(best.value, 2)}` : "";
    cell.setAttribute("aria-label", `layer ${head.layer} head ${head.head}${said}${off ? ", off" : ""}`);
    cell.classList.toggle("mi-off", off);
    cell.style.fontSize = side < 36 ? "8px" : side < 52 ? "9px" : "10px";
    const score = best && side >= 42 ? `${best.short} ${tiny(best.value)}` : best && side >= 22 ? tiny(best.value) : "";
    const text = off ? (side >= 22 ? "off" : "×") : score;
    cell.replaceChildren(...(text ? [el("span", {}, text)] : []));
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
  return `${layer} ${head}`;
}
