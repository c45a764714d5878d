/** One slider a direction: dragged, typed, stepped by the arrow keys, put back to 0 by a double click or the key 0. */
import { el } from "../_shared/dom";
import { bindKeys } from "../_shared/keyboard";
import { signed } from "../_shared/numbers";

export interface Slider {
  name: string;
  note: string;
  reach: number;
}

const STEPS = 80; // from one end to the other

export class Sliders {
  readonly element = el("div", { class: "mi-sliders", role: "group", "aria-label": "directions" });
  chosen = 0; // which slider has the focus, or had it last
  private ranges: HTMLInputElement[] = [];
  private figures: HTMLInputElement[] = [];

  /** @param move called with the place of a slider, and where it stands now. */
  constructor(
    private sliders: readonly Slider[],
    private move: (index: number, scale: number) => void,
  ) {
    sliders.forEach((slider, i) => this.element.append(...this.row(slider, i)));
  }

  draw(scales: readonly number[]): void {
    scales.forEach((scale, i) => {
      const [range, figures] = [this.ranges[i], this.figures[i]];
      // What is being dragged or typed is ahead of what was last heard.
      if (Number(range.value) !== scale) range.value = String(scale);
      if (Number(figures.value) !== scale || figures.value === "") figures.value = String(scale);
      range.setAttribute("aria-valuetext", scale === 0 ? "0" : signed(scale, 2));
      this.fill(range, scale / this.sliders[i].reach);
    });
  }

  private row({ name, note, reach }: Slider, i: number): HTMLElement[] {
    const label = el("span", { class: "mi-slider-name" }, name);
    const range = el("input", {
      type: "range",
      class: "mi-slider",
      min: -reach,
      max: reach,
      step: (2 * reach) / STEPS,
      value: 0,
      "aria-label": name,
    });
    const figures = el("input", {
      type: "number",
      class: "mi-figures",
      step: "any",
      value: 0,
      "aria-label": `${name}, in figures`,
    });
    range.addEventListener("input", () => this.move(i, Number(range.value)));
    range.addEventListener("dblclick", () => this.move(i, 0));
    bindKeys(range, { zero: () => this.move(i, 0) });
    figures.addEventListener("input", () => {
      const scale = Number(figures.value);
      if (figures.value.trim() !== "" && Number.isFinite(scale)) this.move(i, scale);
    });
    figures.addEventListener("keydown", (event) => event.stopPropagation());
    for (const control of [range, figures]) control.addEventListener("focus", () => (this.chosen = i));
    this.ranges.push(range);
    this.figures.push(figures);
    return [label, range, figures, el("span", { class: "mi-facts mi-slider-note", title: note }, note)];
  }

  /** Colour from the middle to where it stands. */
  private fill(range: HTMLInputElement, share: number): void {
    const at = 50 + 50 * Math.max(-1, Math.min(1, share));
    range.style.setProperty("--mi-from", `${Math.min(50, at)}%`);
    range.style.setProperty("--mi-to", `${Math.max(50, at)}%`);
  }
}
