/** The picture in words and in numbers. `words.py` says the sentence in the kernel. */
import { el } from "../_shared/dom";
import type { Spot } from "../_shared/heat_map";
import { probability, reading } from "../_shared/numbers";
import { table } from "../_shared/table";
import { quoted, shortened, visible } from "../_shared/tokens";
import type { Color, Page } from "./page";
import type { Selection, Store } from "./store";

type Part = string | HTMLElement;

/** What the words are about. */
export interface Shown {
  store: Store;
  selection: Selection;
  color: Color;
  pinned: string | null;
}

const IN_NATS: Partial<Record<Color, string>> = { entropy: "entropy", kl: "KL" };

/** The cell that is spoken of: without a layer the top one, without a position the last; undefined if all is padding. */
export function spokenOf({ store, selection }: Shown): { row: number; column: number } | undefined {
  const { row, column } = store.spot(selection);
  const last = column ?? store.lastReal(selection);
  return last === undefined ? undefined : { row: row ?? 0, column: last };
}

/** "L11 at pos 13 ·to: ·Mary 0.71 (untrained: ·the 0.0004) · ·Mary is rank 0 from layer 7 on" */
export function sentence(shown: Shown): Part[] {
  const { store, selection, color, pinned } = shown;
  const lead = store.sent.batch.length > 1 ? `Batch ${selection.batch} · ` : "";
  const at = spokenOf(shown);
  if (!at) return [lead ? `${lead}no tokens here` : "No tokens here"];
  const page = store.page(selection);
  const parts: Part[] = [
    lead,
    el("strong", {}, layerName(store, at.row)),
    ` at ${position(store, selection, at.column)}: `,
  ];
  if (!page.has(at.row, at.column)) return [...parts, "padding"];
  const likeliest = (of: Page) =>
    `${visible(of.token(at.row, at.column))} ${reading(of.probability.value(at.row, at.column))}`;
  const [token, p] = [page.token(at.row, at.column), page.probability.value(at.row, at.column)];
  parts.push(el("code", {}, visible(token)), " ", number(reading(p)), ...control(shown, likeliest));
  const name = IN_NATS[color];
  if (name) {
    const inNats = (of: Page) => reading(of[color as "entropy" | "kl"].value(at.row, at.column));
    parts.push(` · ${name} `, number(inNats(page)), " nats", ...control(shown, inNats));
  }
  if (pinned !== null) {
    const { layers, asked } = store.sent;
    const i = asked.indexOf(pinned);
    const ranks = layers.map((_, row) => page.rank(i, row, at.column)).reverse();
    parts.push(" · ", el("code", {}, visible(pinned)), ` ${fate(ranks, [...layers].reverse())}`);
    parts.push(...control(shown, (of) => `rank ${of.rank(i, 0, at.column)}`));
  }
  return parts;
}

/**
 * "is rank 0 from layer 7 on": when a token becomes the likeliest, and whether it stays so.
 *
 * @param ranks one a layer, the first layer first, as in `layers`.
 */
export function fate(ranks: readonly number[], layers: readonly (number | string)[]): string {
  const last = ranks.length - 1;
  if (last === 0) return `is rank ${ranks[0]}`;
  const start = ranks.reduce((after, rank, i) => (rank === 0 ? after : i + 1), 0); // of the zeros at the end
  if (start === 0) return "is rank 0 at every layer";
  if (start === last) return `is rank 0 at layer ${layers[last]} alone`;
  if (start < last) return `is rank 0 from layer ${layers[start]} on`;
  const atEnd = `rank ${ranks[last]} at layer ${layers[last]}`;
  const best = ranks.lastIndexOf(Math.min(...ranks));
  if (ranks[best] === 0) return `is rank 0 at layer ${layers[best]}, but ${atEnd}`;
  if (best === last) return `is never rank 0: at best ${atEnd}`;
  return `is never rank 0: at best rank ${ranks[best]} at layer ${layers[best]}, and ${atEnd}`;
}

export function layerName(store: Store, row: number): string {
  return `L${store.sent.layers[row]}`;
}

/** "pos 13 ·to" */
export function position(store: Store, selection: Selection, column: number): string {
  return `pos ${store.sent.pos[column]} ${visible(store.promptTokens(selection)[column])}`.trimEnd();
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

/** " (untrained: …)" in grey, where there is a control. */
function control({ store, selection }: Shown, say: (page: Page) => string): HTMLElement[] {
  const page = store.controlPage(selection);
  return page ? [el("span", { class: "mi-faint" }, ` (${store.sent.control_name}: ${say(page)})`)] : [];
}

function number(text: string): HTMLElement {
  return el("strong", { class: "mi-mono" }, text);
}
