/** The controls for the axes of which one label is shown at a time. */
import { el } from "../_shared/dom";
import { Choice } from "../_shared/choice";
import { type Label, StepSlider } from "../_shared/step_slider";
import type { Axis, Selection } from "./cells";

interface Control {
  element: HTMLElement;
  say(labels: readonly Label[], at: number): void;
  shift(by: number): void;
}

const FEW = 24; // signs of all names together, that can be in sight at once

export class Pages {
  readonly element = el("span", { class: "mi-extras" });
  private controls: { axis: Axis; control: Control }[] = [];
  private axes?: Axis[];

  /** @param turn called with the label of an axis to show. */
  constructor(private turn: (axis: string, label: Label) => void) {}

  /** Show where each axis is; an axis with one label has no control. */
  say(axes: Axis[], selection: Selection): void {
    if (axes !== this.axes) {
      this.axes = axes;
      const several = axes.filter(({ labels }) => labels.length > 1);
      this.controls = several.map((axis) => ({ axis, control: this.controlFor(axis) }));
      this.element.replaceChildren(...this.controls.map(({ control }) => control.element));
    }
    for (const { axis, control } of this.controls) control.say(axis.labels, axis.labels.indexOf(selection[axis.name]!));
  }

  /** Turn the steps, or else the first axis, by a key. */
  shift(by: number): void {
    const turned = this.controls.find(({ axis }) => axis.name === "step") ?? this.controls[0];
    turned?.control.shift(by);
  }

  private controlFor(axis: Axis): Control {
    const move = (index: number) => this.turn(axis.name, axis.labels[index]);
    const ordered = axis.name === "step" || axis.labels.join("").length > FEW || axis.labels.length > 6;
    return ordered ? new StepSlider(axis.name, move) : new Choice(axis.name, move);
  }
}
