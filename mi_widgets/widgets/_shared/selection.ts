/** What is selected, as the browser keeps it. `selection.py` checks it in the kernel. */
import type { Labels } from "./labelled";
import type { Label } from "./step_slider";

export type Selection = Record<string, Label | null>;

/**
 * A selection that can be shown: the chosen one, else that before, else the first.
 *
 * A linked view, or new data ahead of its selection, may leave one that cannot be shown.
 */
export function fitting(chosen: Labels | undefined, before: Labels, choices: Record<string, unknown[]>): Labels {
  const fits = (selection?: Labels) =>
    selection && Object.entries(choices).every(([key, labels]) => labels.includes(selection[key]));
  if (fits(chosen)) return chosen!;
  if (fits(before)) return before;
  const first = (key: string, labels: unknown[]) =>
    labels.includes(null) ? null : (labels[key === "step" ? labels.length - 1 : 0] as Label);
  return Object.fromEntries(Object.entries(choices).map(([key, labels]) => [key, first(key, labels)]));
}
