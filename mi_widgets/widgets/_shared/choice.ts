/** One of a few names, all in sight: Q, K, V. */
import { button, el, setAttributes } from "./dom";
import { bindKeys } from "./keyboard";
import { inside } from "./moving";
import type { Label } from "./step_slider";

export class Choice {
  readonly element = el("span", { class: "mi-extras mi-facts" });
  private group = el("span", { class: "mi-choice", role: "radiogroup" });
  private labels = "";
  private at = 0;

  /** @param what the name of the axis; @param move called with the place of a label. */
  constructor(
    what: string,
    private move: (index: number) => void,
  ) {
    this.group.setAttribute("aria-label", what);
    const [back, on] = [() => this.turn(-1), () => this.turn(1)];
    bindKeys(this.group, { left: back, up: back, right: on, down: on });
    this.element.append(what, this.group);
  }

  say(labels: readonly Label[], at: number): void {
    this.at = at;
    if (JSON.stringify(labels) !== this.labels) {
      this.labels = JSON.stringify(labels);
      this.group.replaceChildren(...labels.map((label, i) => this.option(String(label), i)));
    }
    this.options.forEach((option, i) => {
      setAttributes(option, { "aria-checked": String(i === at), tabindex: i === at ? 0 : -1 });
    });
  }

  /** Go some labels on, or back, and stay inside. */
  shift(by: number): void {
    const next = inside(this.at + by, this.options.length);
    if (next !== this.at) this.move(next);
  }

  private get options(): HTMLElement[] {
    return [...this.group.children] as HTMLElement[];
  }

  /** As `shift`, with the focus on the name itself. */
  private turn(by: number): void {
    this.shift(by);
    this.options[this.at]?.focus();
  }

  private option(label: string, index: number): HTMLElement {
    const option = button("mi-button", () => this.move(index), label);
    option.setAttribute("role", "radio");
    return option;
  }
}
