/** The controls for what is shown one at a time: steps, prompts, kinds. */
import { Choice } from "./choice";
import { el } from "./dom";
import type { Help } from "./keys";
import type { Labels } from "./labelled";
import { type Label, StepSlider } from "./step_slider";
import { Stepper } from "./stepper";

/** One key of the selection that is gone through page by page. */
export interface Page {
  key: string;
  labels: readonly Label[];
  control: "slider" | "choice" | "prompts";
  name?: string; // as the reader reads it, where it is not the key
  texts?: readonly Label[]; // … the labels
}

interface Control {
  element: HTMLElement;
  say(labels: readonly Label[], at: number): void;
  shift(by: number): void;
}

export class Pages {
  readonly element = el("span", { class: "mi-extras" });
  private controls: Control[] = [];
  private pages: Page[] = [];
  private at: number[] = [];

  /** @param turn called with what is to be shown. */
  constructor(private turn: (key: string, label: Label) => void) {}

  /** Show where each is; what has one label has no control. */
  say(pages: Page[], selection: Labels): void {
    const before = this.pages;
    this.pages = pages.filter(({ labels }) => labels.length > 1);
    this.at = this.pages.map(({ key, labels }) => labels.indexOf(selection[key]!));
    const kind = ({ key, control }: Page) => `${key} ${control}`;
    if (this.pages.map(kind).join() !== before.map(kind).join()) {
      this.controls = this.pages.map((page, i) => this.controlFor(page, i));
      this.element.replaceChildren(...this.controls.map(({ element }) => element));
    }
    this.pages.forEach(({ labels, texts }, i) => this.controls[i].say(texts ?? labels, this.at[i]));
  }

  /** What the help says of the keys that turn them. */
  get help(): Help {
    const [step, prompt] = [this.pages[this.steps], this.pages[this.prompts]];
    const name = step && (step.name ?? step.key);
    return [
      ...(step ? ([[["stepBefore", "stepAfter"], `the ${name} before, the ${name} after`]] as Help) : []),
      ...(prompt ? ([[["promptBefore", "promptAfter"], "the prompt before, the prompt after"]] as Help) : []),
    ];
  }

  /** Turn the steps, or else the first that are no prompts. */
  shiftStep(by: number): void {
    this.controls[this.steps]?.shift(by);
  }

  shiftPrompt(by: number): void {
    this.controls[this.prompts]?.shift(by);
  }

  private get steps(): number {
    const steps = this.pages.findIndex(({ key }) => key === "step");
    return steps < 0 ? this.pages.findIndex(({ key }) => key !== "batch") : steps;
  }

  private get prompts(): number {
    return this.pages.findIndex(({ key }) => key === "batch");
  }

  private controlFor({ key, name = key, control }: Page, i: number): Control {
    const move = (to: number) => this.turn(key, this.pages[i].labels[to]);
    if (control === "choice") return new Choice(name, move);
    if (control === "slider") return new StepSlider(name, move);
    // After the last prompt comes the first.
    const count = () => this.pages[i].labels.length;
    const shift = (by: number) => move((this.at[i] + by + count()) % count());
    const stepper = new Stepper(name, shift);
    return { element: stepper.element, shift, say: ({ length }, at) => stepper.say(at, length) };
  }
}
