/** A slider over the labels of an axis, such as the steps of a training: it stops at each, and nowhere between. */
import { el } from "./dom";
import { inside } from "./moving";

export type Label = number | string;

export class StepSlider {
  readonly element: HTMLElement;
  private slider = el("input", { type: "range", class: "mi-slider", min: 0, step: 1 });
  private value = el("output", { class: "mi-slider-value" });
  private count = 0;

  /** @param what the name of the axis; @param move called with the place of a label. */
  constructor(
    what: string,
    private move: (index: number) => void,
  ) {
    this.slider.setAttribute("aria-label", what);
    this.element = el("label", { class: "mi-extras mi-facts" }, what, this.slider, this.value);
    this.slider.addEventListener("input", () => move(Number(this.slider.value)));
  }

  say(labels: readonly Label[], at: number): void {
    this.count = labels.length;
    this.slider.max = String(labels.length - 1);
    this.slider.value = String(at);
    const text = String(labels[at] ?? "");
    this.slider.setAttribute("aria-valuetext", text);
    this.value.textContent = text;
    // As wide as the longest label, so that nothing moves while the slider does.
    this.value.style.minWidth = `${labels.reduce<number>((most, label) => Math.max(most, String(label).length), 0)}ch`;
  }

  /** Go some labels on, or back, and stay inside. */
  shift(by: number): void {
    const at = Number(this.slider.value);
    const next = inside(at + by, this.count);
    if (next !== at) this.move(next);
  }
}
