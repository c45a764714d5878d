/** Switching heads off: the trait `_ablated` of `heads_off.py`, and what a reader should know of it. */
import { el } from "./dom";
import type { Model } from "./model";

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
