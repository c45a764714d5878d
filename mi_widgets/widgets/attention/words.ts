/** The picture in words: a sentence on the selected head, and a table of what a row looks at. */
import { css, type Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { fixed, probability } from "../_shared/numbers";
import type { Lines } from "../_shared/result_view";
import { table } from "../_shared/table";
import { quoted, shortened } from "../_shared/tokens";
import { levelOf, type Tensor } from "../_shared/wire";
import { type Part, Words } from "../_shared/words";
import type { Heads } from "./heads";
import type { Cell, Selection } from "./selection";
import templates from "./words.json";

const LONGEST = 24; // characters of a token in running text

const words = new Words(templates);

/** The keys a row looks at, the most first. */
function strongest(tensor: Tensor, query: number, limit: number) {
  const row = Array.from({ length: tensor.columns }, (_, key) => ({ key, p: tensor.value(query, key) }));
  return row
    .filter(({ p }) => p > 0) // neither NaN nor nothing
    .sort((a, b) => b.p - a.p)
    .slice(0, limit);
}

/** What a cell gives; of a whole row the key that it looks at most. */
function found({ query, key }: Cell, tensor: Tensor | undefined) {
  if (!tensor || query === null) return undefined;
  return key === null ? strongest(tensor, query, 1)[0] : { key, p: tensor.value(query, key) };
}

/** "Head L1.H3 · step 300 · induction 0.91 (untrained: 0.04)" */
export function headSentence(selection: Selection, heads: Heads, off: boolean): Part[] {
  const { layer, head, step } = selection;
  const every = heads.scores.map(({ name, values, control, control_name }) => ({
    name,
    value: fixed(heads.score(values, selection), 2),
    control: control_name,
    baseline: control && fixed(heads.score(control, selection), 2),
  }));
  return words.say("head", { layer, head, step, off, scores: words.each("score", every) });
}

/** "Row ·red looks most at ·fox (0.93)." */
export function rowSentence(selection: Selection, heads: Heads, tensor: Tensor | undefined): Part[] {
  const { query, key } = selection;
  if (query === null || !tensor) return [];
  const most = found(selection, tensor);
  const facts = most && {
    key: shortened(heads.keyTokens[most.key], LONGEST),
    p: probability(most.p, tensor.resolution),
  };
  const what = facts ? words.say(key === null ? "most" : "gives", facts) : words.say("padding");
  return words.say("row", { row: shortened(heads.queryTokens[query], LONGEST), what });
}

/** What the selected row looks at, as numbers. */
export function rowTable(selection: Selection, heads: Heads, tensor: Tensor | undefined, theme: Theme): HTMLElement {
  if (!tensor) return el("p");
  if (selection.query === null) return el("p", { class: "mi-quiet" }, "Select a row to see its numbers.");
  const row = shortened(heads.queryTokens[selection.query], LONGEST);
  return table(
    `What ${selection.query} ${row} looks at`,
    ["key", "token", "p"],
    strongest(tensor, selection.query, 5).map(({ key, p }) => [
      String(key),
      shortened(heads.keyTokens[key], LONGEST),
      el("span", {}, probability(p, tensor.resolution), share(p, theme)),
    ]),
  );
}

/** A bar as long as a probability is large, in its colour. */
function share(p: number, theme: Theme): HTMLElement {
  const bar = el("span", { class: "mi-share", "aria-hidden": "true" });
  bar.style.width = `${Math.round(110 * p)}px`;
  bar.style.background = css("sequential", theme, levelOf(p, 0, 1));
  return bar;
}

/** What the tooltip says of a cell, a row or a column. */
export function pointedAt(cell: Cell, heads: Heads, tensor: Tensor | undefined): Lines {
  const { query, key } = cell;
  const { queryTokens, keyTokens } = heads;
  const lines: Lines = [];
  if (query !== null) lines.push(["query", `${query} ${quoted(queryTokens[query])}`]);
  if (key !== null) lines.push(["key", `${key} ${quoted(keyTokens[key])}`]);
  const most = found(cell, tensor);
  if (!most) return lines;
  const p = probability(most.p, tensor!.resolution);
  return [...lines, key === null ? ["most", `${quoted(keyTokens[most.key])} ${p}`] : ["p", p]];
}
