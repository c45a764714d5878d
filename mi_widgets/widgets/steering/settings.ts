/** What is chosen once and seldom changed: where the directions act, and how the continuation is drawn. */
import { el } from "../_shared/dom";
import type { Model } from "../_shared/model";

export class Settings {
  readonly element = el("div", { class: "mi-settings mi-facts" });
  private selects = new Map<string, HTMLSelectElement>();
  private temperature = el("input", { type: "number", class: "mi-figures", min: 0, step: 0.1 });
  private seed = el("input", { type: "number", class: "mi-figures", min: 0, step: 1 });

  constructor(
    private model: Model,
    private change: (name: string, value: string | number) => void,
  ) {
    for (const [name, labels] of Object.entries<string[]>(model.get("offered"))) {
      const select = el("select", {}, ...labels.map((label) => el("option", { value: label }, label)));
      select.addEventListener("change", () => change(name, select.value));
      this.selects.set(name, select);
      this.element.append(el("label", {}, name, select));
    }
    this.number("temperature", this.temperature, (value) => value >= 0);
    this.number("seed", this.seed, (value) => Number.isInteger(value) && value >= 0);
  }

  draw(): void {
    const settings = this.model.get("settings");
    for (const [name, select] of this.selects) select.value = settings[name];
    for (const [name, field] of [
      ["temperature", this.temperature],
      ["seed", this.seed],
    ] as const) {
      if (field.value === "" || Number(field.value) !== settings[name]) field.value = String(settings[name]);
    }
    this.seed.disabled = settings.temperature === 0; // the likeliest token is drawn by nobody
  }

  private number(name: string, field: HTMLInputElement, fits: (value: number) => boolean): void {
    field.addEventListener("input", () => {
      const value = Number(field.value);
      if (field.value.trim() !== "" && Number.isFinite(value) && fits(value)) this.change(name, value);
    });
    this.element.append(el("label", {}, name, field));
  }
}
