/** The picture in words: a sentence on the selected head, and a table of what a row looks at. */
import { css, type Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { fixed, probability } from "../_shared/numbers";
import { table } from "../_shared/table";
import { quoted, shortened } from "../_shared/tokens";
import { levelOf, type Tensor } from "../_shared/wire";
import type { Picture } from "./heads";
import { type Score, scoreOf } from "./scores";
import type { Cell, Selection } from "./selection";

const LONGEST = 24; // signs of a token in running text

type Part = string | HTMLElement;

/** The keys a row looks at, the most first. */
export function strongest(tensor: Tensor, query: number, limit: number): { key: number; p: number }[] {
  const row = Array.from({ length: tensor.columns }, (_, key) => ({ key, p: tensor.value(query, key) }));
  return row
    .filter(({ p }) => p > 0) // neither NaN nor nothing
    .sort((a, b) => b.p - a.p)
    .slice(0, limit);
}

/** "Head L1.H3 · step 300 · induction 0.91 (untrained: 0.04)" */
export function headSentence(selection: Selection, picture: Picture, scores: Score[], off: boolean): Part[] {
  const parts: Part[] = ["Head ", el("strong", {}, `L${selection.layer}.H${selection.head}`)];
  if (selection.step !== undefined) parts.push(" · step ", el("strong", { class: "mi-mono" }, String(selection.step)));
  if (off) parts.push(" · ", el("strong", { class: "mi-quiet" }, "switched off"));
  for (const score of scores) {
    const number = fixed(scoreOf(score.values, picture, selection), 2);
    parts.push(` · ${score.name} `, el("strong", { class: "mi-mono" }, number));
    if (score.control) {
      const control = fixed(scoreOf(score.control, picture, selection), 2);
      parts.push(el("span", { class: "mi-faint" }, ` (${score.controlName}: ${control})`));
    }
  }
  return parts;
}

/** "Row ·red looks most at ·fox (0.93)" */
export function rowSentence(selection: Selection, picture: Picture, tensor: Tensor | undefined): Part[] {
  const { query, key } = selection;
  if (query === null || !tensor) return [];
  const token = (text: string) => el("code", {}, shortened(text, LONGEST));
  const row = token(picture.queryTokens[query]);
  if (key !== null) {
    const p = probability(tensor.value(query, key), tensor.resolution);
    return ["Row ", row, " gives ", token(picture.keyTokens[key]), " ", el("strong", { class: "mi-mono" }, p), "."];
  }
  const [most] = strongest(tensor, query, 1);
  if (!most) return ["Row ", row, " is padding."];
  const p = probability(most.p, tensor.resolution);
  const target = token(picture.keyTokens[most.key]);
  return ["Row ", row, " looks most at ", target, " (", el("strong", { class: "mi-mono" }, p), ")."];
}

/** What the selected row looks at, as numbers. */
export function rowTable(
  selection: Selection,
  picture: Picture,
  tensor: Tensor | undefined,
  theme: Theme,
): HTMLElement {
  if (!tensor) return el("p");
  if (selection.query === null) return el("p", { class: "mi-quiet" }, "Select a row to see its numbers.");
  const row = shortened(picture.queryTokens[selection.query], LONGEST);
  return table(
    `What ${selection.query} ${row} looks at`,
    ["key", "token", "p"],
    strongest(tensor, selection.query, 5).map(({ key, p }) => [
      String(key),
      shortened(picture.keyTokens[key], LONGEST),
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
export function pointedAt({ query, key }: Cell, picture: Picture, tensor: Tensor | undefined): [string, string][] {
  const { queryTokens, keyTokens } = picture;
  const lines: [string, string][] = [];
  if (query !== null) lines.push(["query", `${query} ${quoted(queryTokens[query])}`]);
  if (key !== null) lines.push(["key", `${key} ${quoted(keyTokens[key])}`]);
  if (!tensor || query === null) return lines;
  if (key !== null) return [...lines, ["p", probability(tensor.value(query, key), tensor.resolution)]];
  const most = strongest(tensor, query, 1).map((found): [string, string] => [
    "most",
    `${quoted(keyTokens[found.key])} ${probability(found.p, tensor.resolution)}`,
  ]);
  return [...lines, ...most];
}
