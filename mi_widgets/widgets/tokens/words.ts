/** The colours in words: a sentence on the selected token, and a table of all. */
import { numberText } from "../_shared/numbers";
import { table } from "../_shared/table";
import { quoted, shortened } from "../_shared/tokens";
import type { Tensor } from "../_shared/wire";
import { type Part, Words } from "../_shared/words";
import type { Text, Texts } from "./store";
import templates from "./words.json";

const LONGEST = 24; // characters of a token in running text

const words = new Words(templates);

/** The mean of the numbers there are, and how many these are. */
export function mean(row: Tensor): { value: number; n: number } {
  const numbers = Array.from(row.codes).filter(Number.isFinite);
  return { value: numbers.reduce((sum, value) => sum + value, 0) / numbers.length, n: numbers.length };
}

/** "Token 17 ·fox: 0.01 nats (previous-token head out: 6.30)"; the means where no token is selected. */
export function sentence(text: Text, { names, pos }: Texts, at: number | undefined, unit: string): Part[] {
  const values = text.rows.map((row) => (at === undefined ? mean(row).value : row.at(at)));
  const whose =
    at === undefined
      ? words.say("mean", { n: mean(text.rows[0]).n })
      : words.say("token", { pos: pos[at], token: shortened(text.tokens[at], LONGEST) });
  const controls = names.slice(1).map((name, i) => ({ name, value: numberText(values[i + 1]) }));
  return words.say("sentence", {
    whose,
    value: numberText(values[0]),
    unit: !Number.isNaN(values[0]) && unit,
    controls: words.each("control", controls, ", "),
  });
}

/** What the tooltip says of a token. */
export function pointedAt(text: Text, { names, pos }: Texts, at: number): [string, string][] {
  const values = names.map((name, i): [string, string] => [name, numberText(text.rows[i].at(at))]);
  return [["token", `${pos[at]} ${quoted(text.tokens[at])}`], ...values];
}

export function tokenTable(text: Text, { names, pos }: Texts, at: number | undefined, unit: string): HTMLElement {
  const real = pos.map((_, i) => i).filter((i) => text.tokens[i] !== "");
  const rows = real.map((i) => [
    String(pos[i]),
    shortened(text.tokens[i], LONGEST),
    ...text.rows.map((row) => numberText(row.at(i))),
  ]);
  return table(`Every token, in ${unit}`, ["pos", "token", ...names], rows, real.indexOf(at ?? -1));
}
