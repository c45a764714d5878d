/** The pictures in words and in numbers. */
import type { Lines } from "../_shared/declared_view";
import type { Spot } from "../_shared/heat_map";
import type { Labels } from "../_shared/labelled";
import { fixed, numberText } from "../_shared/numbers";
import { numberOnScale } from "../_shared/scale";
import { table } from "../_shared/table";
import { quoted, visible } from "../_shared/tokens";
import { type Part, Words } from "../_shared/words";
import { type Bar, MOST } from "./bars";
import type { Terms } from "./store";
import templates from "./words.json";

const words = new Words(templates);

/** `L3.H1 adds 2.10 of the 3.56 nats by which "·Mary" leads "·John" (untrained: 0.02)`; else the largest term. */
export function sentence(terms: Terms, selection: Labels): Part[] {
  const difference = terms.numberAt("difference", selection);
  const part = chosen(terms, selection);
  const { name, numbers } = part ?? termOf(terms, selection, terms.order(selection)[0]);
  const [value, control] = numbers;
  return words.say("sentence", {
    part: part && name,
    largest: name,
    size: numberText(part ? Math.abs(value) : value),
    against: value * (difference < 0 ? -1 : 1) < 0,
    within: Math.abs(value) <= Math.abs(difference),
    lead: numberText(Math.abs(difference)),
    unit: terms.unit,
    ...terms.answers(selection),
    trails: difference < 0,
    control: terms.control,
    baseline: numbers.length > 1 && numberText(control),
  });
}

/** "the other 1,234 terms". */
export function others(n: number): string {
  return words.text("others", { n: n > 1 && n.toLocaleString("en-US") });
}

/** The selected term, or the sum of what is selected of the heads. */
function chosen(terms: Terms, selection: Labels): Bar | undefined {
  const { term, layer = null, head = null } = selection;
  if (terms.knows(term)) return termOf(terms, selection, term);
  if (layer === null) return undefined; // of one head in all layers there is nothing to say
  return { name: words.text("heads", { layer, head }), numbers: sums(terms, selection, terms.spotOf({ layer, head })) };
}

/** A term, with the token that it moves. */
function termOf(terms: Terms, selection: Labels, term: string): Bar {
  const token = visible(terms.textAt("token", { ...selection, term }));
  return { name: words.text("term", { term, token }), numbers: terms.numbers("values", { ...selection, term }), term };
}

/** The sums of a cell of the grid, or of a row. */
function sums(terms: Terms, selection: Labels, { row, column }: Spot): number[] {
  return terms.rows("grid", selection).map((grid) => {
    if (column !== null) return grid.value(row!, column);
    return sum([...grid.part(row!).codes].filter((value) => !Number.isNaN(value)));
  });
}

/** A part of the logit difference: 59.0 %, −12.3 %; none where there is no difference to speak of. */
export function share(value: number, whole: number): string {
  if (!(Math.abs(whole) >= 1e-6) || Number.isNaN(value)) return "none";
  const percent = (100 * value) / whole;
  return `${fixed(percent, Math.abs(percent) >= 999.95 ? 0 : 1)} %`;
}

/** The largest terms of a prompt, the selected one if it is smaller, and the sum of the others: all add up. */
export function barsOf(terms: Terms, selection: Labels): Bar[] {
  const order = terms.order(selection);
  const shown = order.slice(0, MOST + Number(terms.count === MOST + 1));
  if (terms.knows(selection.term) && !shown.includes(selection.term)) shown.push(selection.term);
  const bars = shown.map((term) => termOf(terms, selection, term));
  if (terms.count === shown.length) return bars;
  const left = order
    .filter((term) => !shown.includes(term))
    .map((term) => terms.numbers("values", { ...selection, term }));
  const numbers = terms.numbers("unsent", selection).map((rest, of) => rest + sum(left.map((each) => each[of])));
  return [...bars, { name: others(terms.count - shown.length), numbers }];
}

/** A bar for a reader of the screen. */
export function barInWords(terms: Terms, selection: Labels, { name, numbers: [value] }: Bar): string {
  const part = share(value, terms.numberAt("difference", selection));
  return `${name}: ${numberText(value)} ${terms.unit}, ${part} of the logit difference`;
}

/** What the tooltip says of a bar. */
export function pointedAtBar(terms: Terms, selection: Labels, { name, numbers, term }: Bar): Lines {
  const lines = numberLines(terms, selection, numbers);
  if (term === undefined) return [["terms", name], ...lines];
  const [token, position] = [terms.textAt("token", { ...selection, term }), terms.numberAt("pos", { term })];
  if (!Number.isNaN(position)) lines.unshift(["token", token ? `${position} ${quoted(token)}` : `${position}`]);
  return [["term", term], ...lines];
}

/** What the tooltip says of a cell, a row or a column of the grid. */
export function pointedAtCell(terms: Terms, selection: Labels, spot: Spot): Lines {
  const { row, column } = spot;
  const kind = terms.headAt(spot).head === null ? "part" : "head";
  return [
    ...named("layer", terms.axis("layer").texts({}), row),
    ...named(kind, terms.axis("part").texts({}), column),
    ...(row === null ? [] : numberLines(terms, selection, sums(terms, selection, spot))),
  ];
}

function named(name: string, texts: string[], at: number | null): Lines {
  return at === null ? [] : [[name, texts[at]]];
}

/** What the tooltip says of a stage of the running total. */
export function pointedAtStage(terms: Terms, selection: Labels, stage: number): Lines {
  const [total, ...control] = terms.rows("running", selection);
  const added = total.at(stage) - (stage && total.at(stage - 1));
  const number = (value: number) => numberOnScale(value, terms.scale, 2);
  return [
    ["after", terms.axis("stage").texts({})[stage]],
    ["running total", number(total.at(stage))],
    [terms.unit.length <= 18 ? `${terms.unit} added` : "added", number(added)],
    ...control.map((theirs): Lines[0] => [terms.control, number(theirs.at(stage))]),
  ];
}

function numberLines(terms: Terms, selection: Labels, [value, ...control]: number[]): Lines {
  return [
    [terms.unit.length <= 18 ? terms.unit : "value", numberOnScale(value, terms.scale, 2)],
    ["share", share(value, terms.numberAt("difference", selection))],
    ...control.map((theirs): Lines[0] => [terms.control, numberOnScale(theirs, terms.scale, 2)]),
  ];
}

/** The terms that were sent, the largest first, in numbers; with what is left out, and what all add up to. */
export function termTable(terms: Terms, selection: Labels): HTMLElement {
  const order = terms.order(selection);
  const difference = terms.numberAt("difference", selection);
  const unsent = terms.count - order.length;
  const rows = order.map((term) => termOf(terms, selection, term));
  const rest = { name: `the other ${unsent.toLocaleString("en-US")}`, numbers: terms.numbers("unsent", selection) };
  if (unsent) rows.push(rest);
  rows.push({ name: "logit difference", numbers: [difference] });
  const which = unsent ? `${order.length} of ${terms.count.toLocaleString("en-US")} terms` : "All terms";
  const number = (value?: number) => (value === undefined ? "" : numberOnScale(value, terms.scale, 1));
  return table(
    `${which} in ${terms.unit}, the largest first`,
    ["term", terms.unit, "share", terms.control].filter(Boolean),
    rows.map(({ name, numbers: [value, control] }) => {
      const cells = [name, number(value), share(value, difference)];
      return terms.control ? [...cells, number(control)] : cells;
    }),
    order.indexOf(String(selection.term)),
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, value) => all + value, 0);
}
