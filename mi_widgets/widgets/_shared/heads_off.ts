/** Switching heads off: the trait `_ablated` of `heads_off.py`, and what a reader should know of it. */
import { el } from "./dom";
import type { Model } from "./model";
import type { ViewAction } from "./result_view";

export interface HeadPlace {
  layer: number; // the model's numbers, as in Python; not indices
  head: number;
}

export function same(a: HeadPlace, b: HeadPlace): boolean {
  return a.layer === b.layer && a.head === b.head;
}

export function headsOff(model: Model): HeadPlace[] {
  return (model.get("_ablated") as [number, number][]).map(([layer, head]) => ({ layer, head }));
}

/** Switch a head off, or on again. */
export function switchHead(model: Model, { layer, head }: HeadPlace): void {
  const before = headsOff(model);
  const off = before.filter((place) => !same(place, { layer, head }));
  if (off.length === before.length) off.push({ layer, head });
  model.set(
    "_ablated",
    off.map((place) => [place.layer, place.head]),
  );
  model.save_changes();
}

/** Of a view whose selection may be a head. */
export interface HeadView {
  selected(): HeadPlace | undefined;
  ofHeads(): boolean; // whether there are heads at all
  announce(text: string): void;
}

/** The action that switches the selected head off, or on again. */
export function switchAction(model: Model, view: HeadView): ViewAction {
  return {
    label: "ablate head",
    key: "switchOff",
    hint: "switch the selected head off or on: view.intervention",
    run: () => {
      const head = view.selected();
      if (head) switchHead(model, head);
      else if (view.ofHeads()) view.announce("Select a head first.");
    },
    state: () => {
      const head = view.selected();
      const off = !!head && headsOff(model).some((place) => same(place, head));
      return { label: off ? "restore head" : "ablate head", pressed: off, hidden: !view.ofHeads() };
    },
  };
}

/** The line that says what switching heads off means, hidden while none is off. */
export class Effect {
  readonly element = el("span", { class: "mi-effect" });

  say(n: number): void {
    this.element.hidden = n === 0;
    this.element.replaceChildren(
      `${n} head${n === 1 ? "" : "s"} off: `,
      el("code", {}, "view.intervention"),
      ", which takes effect with ",
      el("code", {}, "model.intervene(view.intervention)"),
    );
  }
}
