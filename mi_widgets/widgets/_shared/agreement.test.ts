import { describe, expect, it } from "vitest";
import chosen from "../../../tests/widgets/agreement.json";
import drawn from "../../../tests/widgets/agreement_drawn.json";
import { settled } from "../attribution/chosen";
import { Terms } from "../attribution/store";
import { others } from "../attribution/words";
import { percent as percentOfTokens } from "../dashboards/words";
import { fine, percent as percentOfLogits } from "../fourier/words";
import { colouredBy, fate } from "../logit_lens/words";
import { effectInWords, percent as percentOfLoss } from "../steering/words";
import { described } from "../superposition/words";
import { linear, roundLinear, symlog, wholeLinear } from "./axis_scale";
import { inkOn, lookup } from "./colour";
import { FakeModel } from "./fakes";
import { LabelledData } from "./labelled";
import { changesFromLinked } from "./linked";
import { count, fixed, powerOfTen, numberText, scientific, signed, significant } from "./numbers";
import { axis, floats, labelled, whole } from "./packed";
import { resample } from "./raster";
import { ends, highest, numberOnScale } from "./scale";
import { thinned } from "./thinning";
import { quoted, shortened, visible } from "./tokens";
import { levelOf } from "./wire";
import { fill, textOf } from "./words";

/** Terms, with the row and the column of each in the grid. */
const TERMS: [string, number, number][] = [
  ["embed", NaN, NaN],
  ["L0.H0", 0, 0],
  ["L0.H1", 0, 1],
  ["L1.H0 from 1", 1, 0],
  ["L1.H0 from 2", 1, 0],
  ["L1.H1", 1, 1],
  ["L1.MLP", 1, 2],
];
const names = TERMS.map(([name]) => name);
const places = (numbers: number[]) => ({ axes: ["term"], values: whole([TERMS.length], numbers) });
const axes = [axis("batch", [0]), axis("term", names), axis("layer", [0, 1]), axis("part", ["H0", "H1", "MLP"])];
const variables = {
  row: places(TERMS.map(([, row]) => row)),
  column: places(TERMS.map(([, , column]) => column)),
  picked: { axes: ["batch", "layer", "part"], values: whole([1, 2, 3], [1, 2, NaN, NaN, 5, 6]) }, // H0 of L1 has two
};
const STORE = new Terms(new FakeModel({ selection: {}, _data: labelled(axes, variables, { heads: [0, 1] }) }));

/** What Python and the browser both decide, as functions of plain values; `agreement.py` has the same names. */
const RULES: Record<string, (...given: any[]) => unknown> = {
  fixed,
  signed,
  scientific,
  significant,
  power_of_ten: powerOfTen,
  "number text": numberText,
  count,
  "number on scale": (low, high, value) => numberOnScale(value, { map: "diverging", low, high }),
  "scale ends": (low, high) => Object.values(ends({ map: "diverging", low, high })),
  highest,
  visible,
  "visible code points": (characters) => visible(String.fromCodePoint(...characters)),
  shortened,
  quoted,
  level: levelOf,
  colour: (map, theme, level) => [...lookup(map, theme).subarray(4 * level, 4 * level + 4)],
  "dark ink": (map, theme, level) => inkOn(map, theme, level) === "#111",
  thinned: (n, step, room, always) => thinned(n, step, room, always === null ? [] : [always]),
  "x ticks": (values, log, whole, most) => labels(xAxis(values, log, whole).ticks(most)),
  "x place": (values, log, whole, value) => to9(xAxis(values, log, whole).place(value)),
  "y ticks": (low, high, ticks) => labels(roundLinear(low, high, ticks).ticks(ticks)),
  "y place": (low, high, ticks, value) => to9(roundLinear(low, high, ticks).place(value)),
  "changes from linked": changesFromLinked,
  said: (template, facts) => textOf(fill(template, facts)),
  pooled(rows: number[][], side: number) {
    const levels = resample(Uint8Array.from(rows.flat()), rows.length, rows[0].length, side, side);
    return Array.from({ length: side }, (_, i) => [...levels.subarray(i * side, (i + 1) * side)]);
  },
  "attribution others": others,
  "attribution settled": (chosen, before) => settled(STORE, chosen, before),
  "share of tokens": percentOfTokens,
  "fourier percent": percentOfLogits,
  "fourier fine": fine,
  "steering percent": percentOfLoss,
  "steering effect": effect,
  "lens fate": fate,
  "lens coloured by": colouredBy,
  "superposition described": described,
};

function xAxis(values: number[], log: boolean, whole: boolean) {
  if (log) return symlog(values);
  const known = values.filter(Number.isFinite);
  return (whole ? wholeLinear : linear)(Math.min(...known), Math.max(...known));
}

function effect(kl: number[] | null, cost: number[], read: Record<string, number[]>) {
  const axes = [axis("push", ["given", "random"]), axis("probe", Object.keys(read))];
  const numbers = (several: (number | null)[]) => floats([several.length], (i) => several[i] ?? NaN);
  const by = (names: string[], several: (number | null)[]) => ({ axes: names, values: numbers(several) });
  const some = { kl: by(["push"], kl ?? []), cost: by(["push"], cost ?? []) };
  const all = { ...some, read: by(["probe", "push"], Object.values(read).flat()) };
  const sent = kl ? labelled(axes, all) : labelled([], {});
  return effectInWords(new LabelledData(new FakeModel({ _data: sent }))).map((line) => line.textContent);
}

function labels(ticks: { label: string }[]): string[] {
  return ticks.map(({ label }) => label);
}

function to9(place: number): number {
  return Number(place.toFixed(9));
}

/** Numbers that JSON lacks are written as texts. */
function number(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(number);
  return ["NaN", "Infinity", "-Infinity"].includes(part as string) ? Number(part) : part;
}

describe("Python and the browser agree", () => {
  it("on every rule", () => {
    expect(Object.keys(chosen).sort()).toEqual(Object.keys(RULES).sort());
  });

  for (const [name, table] of Object.entries({ chosen, drawn })) {
    it.each(Object.entries(table))(`on the cases ${name} of %s`, (rule, rows) => {
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows as unknown[][]) {
        const [given, wanted] = [row.slice(0, -1), row.at(-1)];
        const said = RULES[rule](...given.map(number));
        expect(said, `${rule}(${JSON.stringify(given)})`).toEqual(
          rule.endsWith("place") ? to9(wanted as number) : wanted,
        );
      }
    });
  }
});
