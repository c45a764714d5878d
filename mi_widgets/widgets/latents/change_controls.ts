/** What is done to the selected latent: nothing, taken out, or held at a value, by a slider or in figures. */
import { Choice } from "../_shared/choice";
import { el } from "../_shared/dom";
import { changeOf, setChange } from "../_shared/latent_changes";
import type { Model } from "../_shared/model";

const WAYS = ["as it is", "out", "held at"];
const STEPS = 200; // of the slider

export class ChangeControls {
  readonly element: HTMLElement;
  private ways = new Choice("", (way) => this.choose(way));
  private slider = el("input", {
    type: "range",
    class: "mi-slider",
    min: 0,
    "aria-label": "the value that it is held at",
  });
  private figures = el("input", {
    type: "number",
    class: "mi-figures",
    step: "any",
    "aria-label": "the value that it is held at, in figures",
  });
  private latent: number | null = null;
  private held = 0; // where it is held once that is chosen
  private top = 0; // of the slider: it does not move while the slider does

  constructor(private model: Model) {
    this.element = el("div", { class: "mi-changing" }, this.ways.element, this.slider, this.figures);
    this.slider.addEventListener("input", () => this.hold(Number(this.slider.value)));
    this.figures.addEventListener("input", () => {
      if (this.figures.value.trim() !== "") this.hold(Number(this.figures.value));
    });
    this.figures.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /**
   * @param latent the selected one; null for none.
   * @param reach the largest activation that is known of it.
   */
  draw(latent: number | null, reach: number): void {
    this.element.hidden = latent === null || !this.model.get("_changeable");
    if (latent === null) return;
    if (latent !== this.latent) [this.held, this.top] = [round(reach), round(Math.max(1.5 * reach, 1e-3))];
    this.latent = latent;
    const change = changeOf(this.model, latent);
    const way = change ? (change.value === null ? 1 : 2) : 0;
    this.held = change?.value ?? this.held;
    this.top = Math.max(this.top, this.held);
    Object.assign(this.slider, { max: this.top, step: this.top / STEPS, value: this.held });
    this.slider.setAttribute("aria-valuetext", String(this.held));
    if (Number(this.figures.value) !== this.held) this.figures.value = String(this.held);
    this.ways.say(WAYS, way);
    this.element.classList.toggle("mi-holds", way === 2);
  }

  private choose(way: number): void {
    if (this.latent !== null) setChange(this.model, this.latent, [undefined, null, this.held][way]);
  }

  private hold(value: number): void {
    if (this.latent === null || !Number.isFinite(value)) return;
    this.held = round(value);
    setChange(this.model, this.latent, this.held);
  }
}

/** Three figures, as they are written. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
