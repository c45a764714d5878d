/** The picture in words and in numbers. */
import { el } from "../_shared/dom";
import type { Spot } from "../_shared/heat_map";
import { probability, reading } from "../_shared/numbers";
import { table } from "../_shared/table";
import { quoted, shortened, visible } from "../_shared/tokens";
import { type Facts, type Part, Words } from "../_shared/words";
import type { Color, Page } from "./page";
import type { Selection, Store } from "./store";
import templates from "./words.json";

/** What the words are about. */
export interface Shown {
  store: Store;
  selection: Selection;
  color: Color;
  pinned: string | null;
}

const words = new Words(templates);
const IN_NATS: Partial<Record<Color, string>> = { entropy: "entropy", kl: "KL" };

/** The cell that is spoken of: without a layer the top one, without a position the last; undefined if all is padding. */
export function spokenOf({ store, selection }: Shown): { row: number; column: number } | undefined {
  const { row, column } = store.spot(selection);
  const last = column ?? store.lastReal(selection);
  return last === undefined ? undefined : { row: row ?? 0, column: last };
}

/** "L11 at pos 13 ·to: ·Mary 0.71 (untrained: ·the 0.0004) · ·Mary is rank 0 from layer 7 on" */
export function sentence(shown: Shown): Part[] {
  const { store, selection } = shown;
  const batch = store.sent.batch.length > 1 && selection.batch;
  const at = spokenOf(shown);
  if (!at) return words.say("sentence", { batch, empty: true });
  return words.say("sentence", { batch, cell: cell(shown, at.row, at.column) });
}

function cell(shown: Shown, row: number, column: number): Part[] {
  const { store, selection, color, pinned } = shown;
  const page = store.page(selection);
  const facts = { layer: layerName(store, row), position: position(store, selection, column) };
  if (!page.has(row, column)) return words.say("cell", { ...facts, padding: true });
  const token = (of: Page) => ({
    token: visible(of.token(row, column)),
    p: reading(of.probability.value(row, column)),
  });
  return words.say("cell", {
    ...facts,
    likeliest: words.say("likeliest", {
      ...token(page),
      ...control(shown, (of) => words.text("baseline", token(of))),
    }),
    nats: inNats(shown, color, row, column),
    pinned: pinned !== null && pinnedWords(shown, pinned, column),
  });
}

function inNats(shown: Shown, color: Color, row: number, column: number): Part[] | undefined {
  const measure = IN_NATS[color];
  if (!measure) return undefined;
  const value = (of: Page) => reading(of[color as "entropy" | "kl"].value(row, column));
  const { store, selection } = shown;
  return words.say("nats", { measure, value: value(store.page(selection)), ...control(shown, value) });
}

function pinnedWords(shown: Shown, pinned: string, column: number): Part[] {
  const { store, selection } = shown;
  const { layers, asked } = store.sent;
  const [page, i] = [store.page(selection), asked.indexOf(pinned)];
  const ranks = layers.map((_, row) => page.rank(i, row, column)).reverse();
  return words.say("pinned", {
    token: visible(pinned),
    fate: fate(ranks, [...layers].reverse()),
    ...control(shown, (of) => String(of.rank(i, 0, column))),
  });
}

/** What a control has to say in brackets, where there is one. */
function control({ store, selection }: Shown, say: (page: Page) => string): Facts {
  const page = store.controlPage(selection);
  return page ? { control: store.sent.control_name, baseline: say(page) } : {};
}

/**
 * "is rank 0 from layer 7 on": when a token becomes the likeliest, and whether it stays so.
 *
 * @param ranks one a layer, the first layer first, as in `layers`.
 */
export function fate(ranks: readonly number[], layers: readonly (number | string)[]): string {
  const last = ranks.length - 1;
  const start = ranks.reduce((after, rank, i) => (rank === 0 ? after : i + 1), 0); // of the zeros at the end
  const best = ranks.lastIndexOf(Math.min(...ranks));
  const facts: Facts = { rank: ranks[last], last: layers[last] };
  if (last === 0) facts.only = ranks[0];
  else if (start <= last)
    Object.assign(facts, { always: start === 0, [start === last ? "alone" : "from"]: layers[start] });
  else if (ranks[best] === 0) facts.zero = layers[best];
  else if (best < last) Object.assign(facts, { lowest: ranks[best], best: layers[best] });
  return words.text("fate", facts);
}

export function layerName(store: Store, row: number): string {
  return words.text("layer", { layer: store.sent.layers[row] });
}

/** "pos 13 ·to" */
export function position(store: Store, selection: Selection, column: number): string {
  const token = visible(store.promptTokens(selection)[column]);
  return words.text("position", { pos: store.sent.pos[column], token });
}

/** What the tooltip says of a cell, a layer or a position, of the lens or of its control. */
export function pointedAt({ store, selection, pinned }: Shown, page: Page, { row, column }: Spot): [string, string][] {
  const lines: [string, string][] = [];
  if (row !== null) lines.push(["layer", layerName(store, row)]);
  if (column !== null) {
    const token = store.promptTokens(selection)[column];
    lines.push(["pos", `${store.sent.pos[column]} ${token === "" ? "padding" : quoted(token)}`]);
  }
  if (row === null || column === null || !page.has(row, column)) return lines;
  lines.push(["entropy", `${reading(page.entropy.value(row, column))} nats`]);
  lines.push(["KL", `${reading(page.kl.value(row, column))} nats`]);
  if (pinned !== null) {
    const rank = page.rank(store.sent.asked.indexOf(pinned), row, column);
    lines.push([shortened(pinned), `rank ${rank}`]);
  }
  return lines;
}

/** The likeliest tokens of a cell, in two columns for the tooltip; nothing where no cell is pointed at. */
export function likeliest(page: Page, { row, column }: Spot): HTMLElement | undefined {
  if (row === null || column === null || !page.has(row, column)) return undefined;
  const found = page.likeliest(row, column);
  const box = el("div", { class: "mi-lens-likeliest" });
  box.style.gridTemplateRows = `repeat(${Math.ceil(found.length / 2)}, auto)`;
  box.append(
    ...found.map(({ rank, token, p }) =>
      el(
        "div",
        {},
        el("span", { class: "mi-tooltip-name" }, String(rank)),
        el("span", {}, shortened(token)),
        el("span", {}, probability(p, page.resolution)),
      ),
    ),
  );
  return box;
}

/** Everything at one position: a row a layer, and the likeliest tokens of the cell that is spoken of. */
export function tables(shown: Shown): HTMLElement[] {
  const { store, selection, pinned } = shown;
  const at = spokenOf(shown);
  if (!at) return [el("p", {}, "no tokens here")];
  const [page, other] = [store.page(selection), store.controlPage(selection)];
  const where = position(store, selection, at.column);
  const layers = layerTable(shown, page, other, at.column, `Every layer at ${where}`, pinned);
  layers.querySelectorAll("tbody tr")[at.row].setAttribute("aria-current", "true");
  if (!page.has(at.row, at.column)) return [layers];
  const found = page.likeliest(at.row, at.column);
  const rows = found.map(({ rank, token, p }) => [String(rank), visible(token), probability(p, page.resolution)]);
  const name = `The likeliest tokens of ${layerName(store, at.row)} at ${where}`;
  return [layers, table(name, ["rank", "token", "probability"], rows)];
}

function layerTable(
  { store }: Shown,
  page: Page,
  other: Page | undefined,
  column: number,
  caption: string,
  pinned: string | null,
): HTMLTableElement {
  const { layers, asked, control_name: name } = store.sent;
  const i = pinned === null ? -1 : asked.indexOf(pinned);
  const said = (of: Page, row: number) => {
    if (!of.has(row, column)) return ["", "none", "none", "none", ...(i < 0 ? [] : ["none", "none"])];
    const numbers = [of.probability, of.entropy, of.kl].map((tensor) => reading(tensor.value(row, column)));
    const ofPinned = i < 0 ? [] : [String(of.rank(i, row, column)), reading(of.askedProbability(i, row, column))];
    return [visible(of.token(row, column)), ...numbers, ...ofPinned];
  };
  const pinnedHeads = pinned === null ? [] : [`rank of ${shortened(pinned)}`, `p of ${shortened(pinned)}`];
  const heads = ["likeliest", "probability", "entropy", "KL", ...pinnedHeads];
  const controlHeads = other ? [`${name}: likeliest`, ...(i < 0 ? [] : [`${name}: rank`])] : [];
  const rows = layers.map((_, row) => {
    const theirs = other ? said(other, row) : [];
    const kept = other ? [theirs[0], ...(i < 0 ? [] : [theirs[4]])] : [];
    return [layerName(store, row), ...said(page, row), ...kept];
  });
  return table(caption, ["layer", ...heads, ...controlHeads], rows);
}
