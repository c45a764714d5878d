/** The curves in words: a sentence on the selected step, and a table of all of them. */
import { numberText } from "../_shared/numbers";
import { table } from "../_shared/table";
import { type Facts, type Part, Words } from "../_shared/words";
import { type Curves, highestAt, type Measure, highestText } from "./measures";
import templates from "./words.json";

const words = new Words(templates);

/** "step 600 · prefix matching 0.75 L1.H3 (one layer: 0.01) · …" */
export function sentence(measures: Measure[], step: number): Part[] {
  const every = measures.map(({ name, curves, controls }) => ({
    name,
    controls: words.each(
      "control",
      controls.map((control) => ({ name: control.name, ...highest(control.curves, step) })),
      ", ",
    ),
    ...highest(curves, step),
  }));
  return words.say("sentence", { step, measures: words.each("measure", every, " · ") });
}

/** The highest line at a step: its value, its name, and at which step where this one was not measured. */
function highest(curves: Curves, step: number): Facts {
  const { value, name, at } = highestAt(curves, step);
  return { value: numberText(value), line: name, step: at };
}

/** A row a step: the highest line of each measure and of each control. */
export function stepTable(measures: Measure[], steps: readonly number[], selected: number): HTMLElement {
  const head = measures.flatMap(({ name, controls }) => [name, ...controls.map((control) => control.name)]);
  const rows = steps.map((step) => [
    String(step),
    ...measures.flatMap(({ curves, controls }) => {
      const { value, name, at } = highestAt(curves, step);
      const ours = at === undefined ? `${highestText({ value, name })} ${name}`.trim() : "";
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
  return highest.at === undefined ? highestText(highest) : "";
}
