/** The pictures in words: a sentence, what the pointer is on, and a table of the step. */
import type { Lines } from "../_shared/declared_view";
import { fixed, numberText, scientific } from "../_shared/numbers";
import { table } from "../_shared/table";
import { type Part, Words } from "../_shared/words";
import type { Moment, Selection, Spectrum } from "./spectrum";
import templates from "./words.json";

const words = new Words(templates);

/** "Frequency 17: norm 2.31, 34.0 % of the logits' variance, key · Loss 2.4e-7, 100 % right". */
export function sentence(spectrum: Spectrum, selection: Selection): Part[] {
  const { norms, shares, keys, loss, accuracy, guessed } = spectrum.moment(selection);
  const place = spectrum.place(selection);
  return words.say("sentence", {
    step: spectrum.steps && selection.step,
    frequency: selection.frequency,
    norm: numberText(norms[place]),
    share: percent(shares[place]),
    key: !!keys[place],
    loss: fine(loss),
    right: percent(accuracy),
    guessed,
  });
}

/** A share as 34.0 %; 0 % and 100 % are said only where they are meant. */
export function percent(share: number): string {
  if (Number.isNaN(share)) return "none";
  if (share === 0 || share === 1) return `${share * 100} %`;
  if (share > 0 && share < 0.0005) return "<0.1 %";
  if (share >= 0.9995 && share < 1) return ">99.9 %";
  return `${fixed(share * 100, 1)} %`;
}

/** As `numberText`, but of a small number two digits: a loss falls by powers of ten. */
export function fine(value: number): string {
  return value > 0 && value < 0.01 ? scientific(value, 1) : numberText(value);
}

export function frequencyTip(spectrum: Spectrum, moment: Moment, place: number): Lines {
  return [
    ["frequency", String(spectrum.frequencies[place])],
    ["norm", numberText(moment.norms[place])],
    ["of the logits", percent(moment.shares[place])],
    ...(moment.keys[place] ? [["◆", "key"] as [string, string]] : []),
  ];
}

/** How many frequencies are key, and which. */
export function keyNote({ keys }: Moment, frequencies: readonly number[]): string {
  const found = frequencies.filter((_, i) => keys[i]);
  const few = found.length <= 8 ? `: ${found.join(", ")}` : "";
  return found.length ? `◆ ${found.length} key${few}` : "no key frequency";
}

/** A row a frequency, at the selected step. */
export function normTable(spectrum: Spectrum, selection: Selection): HTMLElement {
  const { norms, shares, keys } = spectrum.moment(selection);
  const rows = spectrum.frequencies.map((k, i) => [
    String(k),
    numberText(norms[i]),
    percent(shares[i]),
    keys[i] ? "◆" : "",
  ]);
  const caption = `Every frequency${spectrum.steps ? ` at step ${selection.step}` : ""}`;
  return table(caption, ["frequency", "norm", "of the logits' variance", "key"], rows, spectrum.place(selection));
}

/** The frequency of a component such as "cos 17"; undefined for the constant. */
export function frequencyOf(component: string): number | undefined {
  const [, k] = component.split(" ");
  return k === undefined ? undefined : Number(k);
}
