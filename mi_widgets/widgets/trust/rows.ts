/** The lines of a report: one a check, and one that stands for all that held. */
import { el } from "../_shared/dom";
import type { Check } from "./checks";

// A symbol for each status, so that no colour is needed to tell them apart.
export const SYMBOLS = { ok: "✓", note: "•", warning: "✗" };
const SAID = { ok: "held", note: "note", warning: "warning" };

export const HELD_LEVEL = 2; // in the tree, of what is folded away

/** "warning: BOS: the tokenizer puts none in front (resid_pre[0])". */
export function spoken({ status, name, seen, sites }: Check): string {
  return `${SAID[status]}: ${name}: ${seen}${sites ? ` (${sites})` : ""}`;
}

/** A wide space, of which nothing is left where the line breaks. */
const gap = () => el("span", { class: "mi-gap" }, " ");

export function checkRow(check: Check, level: number): HTMLElement {
  const { name, seen, sites, status } = check;
  return el(
    "div",
    { class: `mi-check mi-is-${status}`, role: "treeitem", "aria-level": level, "aria-label": spoken(check) },
    el("span", { class: "mi-mark" }, SYMBOLS[status]),
    el("span", { class: "mi-check-name" }, name),
    // Behind the sentence, in the same flow: the sites cost a line only where there is no room.
    el("span", { class: "mi-seen" }, seen, ...(sites ? [gap(), el("code", { class: "mi-sites" }, sites)] : [])),
  );
}

/** "▸ 12 checks held", and their names, as far as there is room. */
export function foldRow(held: Check[]): HTMLElement {
  const said = `${held.length} checks held`;
  return el(
    "div",
    { class: "mi-check mi-fold", role: "treeitem", "aria-level": 1, "aria-expanded": "false", "aria-label": said },
    el("span", { class: "mi-mark" }, "▸"),
    el("span", { class: "mi-check-name" }, said),
    el("span", { class: "mi-seen" }, held.map(({ name }) => name).join(" · ")),
  );
}
