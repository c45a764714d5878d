/** Latents that are taken out or held at a value: the trait `_changes` of `latent_changes.py`. */
import { button, el } from "./dom";
import type { Model } from "./model";
import { numberText } from "./numbers";
import type { ViewAction } from "./result_view";

export interface Change {
  latent: number;
  value: number | null; // null: taken out
}

export function changesOf(model: Model): Change[] {
  return (model.get("_changes") as [number, number | null][]).map(([latent, value]) => ({ latent, value }));
}

export function changeOf(model: Model, latent: number | null): Change | undefined {
  return changesOf(model).find((change) => change.latent === latent);
}

/** Take a latent out (null), hold it at a value, or leave it as it is (undefined). */
export function setChange(model: Model, latent: number, value: number | null | undefined): void {
  const before = changesOf(model);
  const kept = before.filter((change) => change.latent !== latent || value !== undefined);
  const all = kept.map((change) => (change.latent === latent ? { latent, value: value! } : change));
  if (value !== undefined && !changeOf(model, latent)) all.push({ latent, value });
  model.set(
    "_changes",
    all.map((change) => [change.latent, change.value]),
  );
  model.save_changes();
}

/** The action that takes a latent out, or leaves it as it is. */
export function switchAction(model: Model, latent: () => number | null): ViewAction {
  const changed = () => changeOf(model, latent()) !== undefined;
  const changeable = () => latent() !== null && model.get("_changeable");
  return {
    label: "take out",
    key: "switchOff",
    hint: "take the selected latent out, or put it back: view.intervention",
    run: () => {
      if (changeable()) setChange(model, latent()!, changed() ? undefined : null);
    },
    state: () => ({ label: changed() ? "put back" : "take out", pressed: changed(), hidden: !changeable() }),
  };
}

/** "latent 17 out", "latent 203 at 12.0". */
export function described({ latent, value }: Change): string {
  return value === null ? `latent ${latent} out` : `latent ${latent} at ${numberText(value)}`;
}

/** All latents that are changed, each with a button that leaves it as it is; hidden while there are none. */
export class ChangesNote {
  readonly element = el("span", { class: "mi-effect mi-changes" });

  constructor(private model: Model) {}

  draw(): void {
    const changes = changesOf(this.model);
    this.element.hidden = !changes.length;
    this.element.replaceChildren(
      "Changed: ",
      ...changes.flatMap((change) => [this.chip(change), " "]),
      "as ",
      el("code", {}, "view.intervention"),
      " for ",
      el("code", {}, "model.intervene"),
    );
  }

  private chip(change: Change): HTMLElement {
    const chip = button(
      "mi-button",
      () => setChange(this.model, change.latent, undefined),
      described(change),
      el("span", { "aria-hidden": "true" }, "×"),
    );
    chip.setAttribute("aria-label", `${described(change)}: leave it as it is`);
    return chip;
  }
}
