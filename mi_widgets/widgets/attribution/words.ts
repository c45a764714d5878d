/** The pictures in words and in numbers. */
import type { Spot } from "../_shared/heat_map";
import { fixed, reading } from "../_shared/numbers";
import { written } from "../_shared/scale";
import { table } from "../_shared/table";
import { quoted, visible } from "../_shared/tokens";
import { type Part, Words } from "../_shared/words";
import { type Bar, MOST } from "./bars";
import type { Selection } from "./chosen";
import type { Numbers, Prompt, Store } from "./store";
import templates from "./words.json";

type Lines = [string, string][];

const words = new Words(templates);

/** A term, or the sum of some. */
interface Spoken {
  name: string;
  value: number;
  control?: number;
}

/** `L3.H1 adds 2.10 of the 3.56 nats by which "·Mary" leads "·John" (untrained: 0.02)`; else the largest term. */
export function sentence(store: Store, selection: Selection, unit: string): Part[] {
  const prompt = store.prompt(selection);
  const { difference } = prompt;
  const part = chosen(store, prompt, selection);
  const { name, value, control } = part ?? termAt(store, prompt, prompt.order[0]);
  return words.say("sentence", {
    part: part && name,
    largest: name,
    size: reading(part ? Math.abs(value) : value),
    against: value * (difference < 0 ? -1 : 1) < 0,
    within: Math.abs(value) <= Math.abs(difference),
    lead: reading(Math.abs(difference)),
    unit,
    right: quoted(prompt.right),
    wrong: quoted(prompt.wrong),
    trails: difference < 0,
    control: store.sent.control?.name,
    baseline: control === undefined ? undefined : reading(control),
  });
}

/** "the other 1,234 terms". */
export function others(n: number): string {
  return words.text("others", { n: n > 1 && n.toLocaleString("en-US") });
}

/** The selected term, or the sum of what is selected of the heads. */
function chosen(store: Store, prompt: Prompt, { term, layer = null, head = null }: Selection): Spoken | undefined {
  const place = store.place(term);
  if (place !== undefined) return termAt(store, prompt, place);
  if (layer === null) return undefined; // of one head in all layers there is nothing to say
  const spot = { row: store.sent.layers.indexOf(layer), column: head === null ? null : store.sent.heads.indexOf(head) };
  return { name: words.text("heads", { layer, head }), ...sumAt(prompt, spot) };
}

function termAt(store: Store, prompt: Prompt, term: number): Spoken {
  return { name: titleOf(store, prompt, term), value: prompt.values[term], control: prompt.control?.values[term] };
}

/** A term, with the token that it moves. */
function titleOf(store: Store, prompt: Prompt, term: number): string {
  return words.text("term", { term: store.sent.names[term], token: visible(store.token(term, prompt)) });
}

/** The sum of a cell of the grid, or of a row. */
function sumAt({ grid, control }: Prompt, { row, column }: Spot): { value: number; control?: number } {
  const sum = ({ grid }: Numbers) => {
    if (column !== null) return grid.value(row!, column);
    const cells = Array.from({ length: grid.columns }, (_, j) => grid.value(row!, j));
    return cells.filter((value) => !Number.isNaN(value)).reduce((all, value) => all + value, 0);
  };
  return { value: sum({ grid } as Numbers), control: control && sum(control) };
}

/** A part of the logit difference: 59.0 %, −12.3 %; none where there is no difference to speak of. */
export function share(value: number, whole: number): string {
  if (!(Math.abs(whole) >= 1e-6) || Number.isNaN(value)) return "none";
  const percent = (100 * value) / whole;
  return `${fixed(percent, Math.abs(percent) >= 999.95 ? 0 : 1)} %`;
}

/** The largest terms of a prompt, the selected one if it is smaller, and the sum of the others: all add up. */
export function barsOf(store: Store, selection: Selection, unit: string, isOff: (term: number) => boolean): Bar[] {
  const prompt = store.prompt(selection);
  const { n_terms } = store.sent;
  const shown = prompt.order.slice(0, MOST + Number(n_terms === MOST + 1));
  const selected = store.place(selection.term);
  if (selected !== undefined && !shown.includes(selected)) shown.push(selected);
  const said = (name: string, value: number) =>
    `${name}: ${reading(value)} ${unit}, ${share(value, prompt.difference)} of the logit difference`;
  const bars: Bar[] = shown.map((term) => {
    const { name, value, control } = termAt(store, prompt, term);
    return { name, value, control, term, off: isOff(term), said: said(name, value) };
  });
  const n = n_terms - shown.length;
  if (!n) return bars;
  const rest = ({ values, unsent }: Numbers) =>
    prompt.order.filter((term) => !shown.includes(term)).reduce((sum, term) => sum + values[term], unsent);
  const name = others(n);
  return [
    ...bars,
    { name, value: rest(prompt), control: prompt.control && rest(prompt.control), said: said(name, rest(prompt)) },
  ];
}

/** What the tooltip says of a bar. */
export function pointedAtBar(store: Store, prompt: Prompt, bar: Bar, unit: string): Lines {
  if (bar.term === undefined) return [["terms", bar.name], ...numberLines(store, prompt, bar, unit)];
  const token = store.token(bar.term, prompt);
  const position = store.where.pos[bar.term];
  const from: Lines = position < 0 ? [] : [["token", token ? `${position} ${quoted(token)}` : String(position)]];
  return [["term", store.sent.names[bar.term]], ...from, ...numberLines(store, prompt, bar, unit)];
}

/** What the tooltip says of a cell, a row or a column of the grid. */
export function pointedAtCell(store: Store, prompt: Prompt, { row, column }: Spot, unit: string): Lines {
  const lines: Lines = [];
  if (row !== null) lines.push(["layer", `L${store.sent.layers[row]}`]);
  if (column !== null) lines.push([store.isHead(column) ? "head" : "part", store.sent.columns[column]]);
  if (row === null) return lines;
  return [...lines, ...numberLines(store, prompt, sumAt(prompt, { row, column }), unit)];
}

/** What the tooltip says of a stage of the running total. */
export function pointedAtStage(store: Store, prompt: Prompt, stage: number, unit: string): Lines {
  const { running, control } = prompt;
  const number = (value: number) => written(value, store.scale, 2);
  const before = stage > 0 ? running[stage - 1] : 0;
  const lines: Lines = [
    ["after", store.sent.stages[stage]],
    ["running total", number(running[stage])],
  ];
  lines.push([unit.length <= 18 ? `${unit} added` : "added", number(running[stage] - before)]);
  return control ? [...lines, [store.sent.control!.name, number(control.running[stage])]] : lines;
}

function numberLines(store: Store, prompt: Prompt, { value, control }: Omit<Spoken, "name">, unit: string): Lines {
  const lines: Lines = [
    [unit.length <= 18 ? unit : "value", written(value, store.scale, 2)],
    ["share", share(value, prompt.difference)],
  ];
  return control === undefined ? lines : [...lines, [store.sent.control!.name, written(control, store.scale, 2)]];
}

/** The terms that were sent, the largest first, in numbers; with what is left out, and what all add up to. */
export function termTable(store: Store, selection: Selection, unit: string): HTMLElement {
  const prompt = store.prompt(selection);
  const { control, order, difference } = prompt;
  const cells = (name: string, value: number, other?: number) => [
    name,
    written(value, store.scale, 1),
    share(value, difference),
    ...(control ? [other === undefined ? "" : written(other, store.scale, 1)] : []),
  ];
  const rows = order.map((term) => cells(titleOf(store, prompt, term), prompt.values[term], control?.values[term]));
  if (store.unsent)
    rows.push(cells(`the other ${store.unsent.toLocaleString("en-US")}`, prompt.unsent, control?.unsent));
  rows.push(cells("logit difference", difference));
  const which = store.unsent ? `${order.length} of ${store.sent.n_terms.toLocaleString("en-US")} terms` : "All terms";
  const made = table(
    `${which} in ${unit}, the largest first`,
    ["term", unit, "share", ...(control ? [store.sent.control!.name] : [])],
    rows,
  );
  const at = order.indexOf(store.place(selection.term) ?? -1);
  if (at >= 0) made.querySelectorAll("tbody tr")[at].setAttribute("aria-current", "true");
  return made;
}
