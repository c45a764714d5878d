/** The curves in words: a sentence on the selected step, and a table of all of them. */
import { el } from "../_shared/dom";
import { table } from "../_shared/table";
import { highestAt, type Measure, written } from "./measures";

type Part = string | HTMLElement;

/** "step 600 · prefix matching 0.75 L1.H3 (one layer: 0.01) · …" */
export function sentence(measures: Measure[], step: number): Part[] {
  const parts: Part[] = ["step ", el("strong", { class: "mi-mono" }, String(step))];
  for (const { name, curves, controls } of measures) {
    const highest = highestAt(curves, step);
    parts.push(` · ${name} `, el("strong", { class: "mi-mono" }, written(highest)));
    if (highest.name) parts.push(" ", el("code", {}, highest.name));
    const others = controls.map((control) => `${control.name}: ${written(highestAt(control.curves, step))}`);
    if (others.length) parts.push(el("span", { class: "mi-faint" }, ` (${others.join(", ")})`));
  }
  return parts;
}

/** A row a step: the highest line of each measure and of each control. */
export function stepTable(measures: Measure[], steps: readonly number[], selected: number): HTMLElement {
  const head = measures.flatMap(({ name, controls }) => [name, ...controls.map((control) => control.name)]);
  const rows = steps.map((step) => [
    String(step),
    ...measures.flatMap(({ curves, controls }) => {
      const { value, name, at } = highestAt(curves, step);
      const ours = at === undefined ? `${written({ value, name })} ${name}`.trim() : "";
      return [ours, ...controls.map((control) => cell(control.curves, step))];
    }),
  ]);
  const caption = "The highest value of each measure at each step";
  const made = table(caption, ["step", ...head], rows);
  made.querySelectorAll("tbody tr")[steps.indexOf(selected)]?.setAttribute("aria-current", "step");
  return made;
}

function cell(curves: Measure["curves"], step: number): string {
  const highest = highestAt(curves, step);
  return highest.at === undefined ? written(highest) : "";
}
