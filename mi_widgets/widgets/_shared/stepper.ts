/** A small control to go through a numbered few: back, where one is, on. */
import { button, el } from "./dom";

export class Stepper {
  readonly element = el("span", { class: "mi-extras" });
  private where = el("span", { class: "mi-facts" });

  /** @param what the name of one of them, as in "prompt"; @param step called with -1 or 1. */
  constructor(
    private what: string,
    step: (by: number) => void,
  ) {
    const back = button("mi-button", () => step(-1), "‹");
    const on = button("mi-button", () => step(1), "›");
    back.setAttribute("aria-label", `previous ${what}`);
    on.setAttribute("aria-label", `next ${what}`);
    this.element.append(back, this.where, on);
  }

  /** Numbered from 0, as in Python. */
  say(at: number, count: number): void {
    this.where.textContent = `${this.what} ${at} of 0 … ${count - 1}`;
  }
}
