/** The picture in words and in numbers. */
import { css, type Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import type { Spot } from "../_shared/heat_map";
import { numberOnScale } from "../_shared/scale";
import { table } from "../_shared/table";
import { levelOf } from "../_shared/wire";
import type { Axis, Labels as Selection } from "../_shared/labelled";
import { type Part, Words } from "../_shared/words";
import type { Cells } from "./cells";
import templates from "./words.json";

interface Found {
  row: number;
  column: number;
}

const MOST_ROWS = 10;
const words = new Words(templates);

/** The cells of the selected row, column or page that are furthest from 0, and how many have a number. */
export function strongest(cells: Cells, selection: Selection, limit: number): { found: Found[]; count: number } {
  const page = cells.page(selection);
  const { row, column } = cells.spot(selection);
  const found: (Found & { size: number })[] = [];
  let count = 0;
  for (let i = row ?? 0; i <= (row ?? page.rows - 1); i++) {
    for (let j = column ?? 0; j <= (column ?? page.columns - 1); j++) {
      const size = Math.abs(page.value(i, j));
      if (Number.isNaN(size)) continue;
      count++;
      // A page may have millions of cells, so they are not all sorted.
      if (found.length === limit && size <= found[limit - 1].size) continue;
      const at = found.findIndex((other) => size > other.size);
      found.splice(at < 0 ? found.length : at, 0, { row: i, column: j, size });
      if (found.length > limit) found.pop();
    }
  }
  return { found, count };
}

/** "L1.H3 · 0.99 (untrained: 0.02)", or the largest cell of what is selected. */
export function sentence(cells: Cells, selection: Selection): Part[] {
  const several = cells.pages.filter(({ labels }) => labels.length > 1);
  const pages = words.each(
    "page",
    several.map(({ name }) => ({ axis: name, label: selection[name] })),
  );
  const { row, column } = cells.spot(selection);
  const [found] = row !== null && column !== null ? [{ row, column }] : strongest(cells, selection, 1).found;
  if (!found) return words.say("sentence", { pages, empty: true });
  const control = cells.controlPage(selection)?.value(found.row, found.column);
  const parts = cells.partsPage(selection)?.map((page) => page.value(found.row, found.column));
  const [score, its] = parts?.map((part) => numberOnScale(part, cells.scale)) ?? [];
  return words.say("sentence", {
    pages,
    superlative: (row === null || column === null) && superlative(cells),
    part: partOf(cells, selection),
    cell: cells.cellName(found.row, found.column, selection),
    value: numberOnScale(cells.page(selection).value(found.row, found.column), cells.scale),
    score,
    its,
    control: cells.controlName,
    baseline: control === undefined ? undefined : numberOnScale(control, cells.scale),
  });
}

/** The selected row or column, as it is said. */
function partOf(cells: Cells, selection: Selection): string | undefined {
  const { row, column } = cells.spot(selection);
  if (row !== null) return cells.said(cells.rows, row, selection);
  return column === null ? undefined : cells.said(cells.columns, column, selection);
}

/** The strongest cells of the selected row, column or page, as numbers; of a selected cell its row. */
export function numbers(cells: Cells, chosen: Selection, theme: Theme): HTMLElement {
  const { row, column } = cells.spot(chosen);
  const selection = row !== null && column !== null ? { ...chosen, [cells.columns.name]: null } : chosen;
  const [page, control] = [cells.page(selection), cells.controlPage(selection)];
  const { rows, columns, scale } = cells;
  const { found, count } = strongest(cells, selection, MOST_ROWS);
  const heads = [rows.name, columns.name, "value", ...(control ? [cells.controlName] : [])];
  return table(
    caption(cells, selection, found.length, count),
    heads,
    found.map(({ row, column }) => {
      const value = page.value(row, column);
      const swatch = el("span", { class: "mi-swatch", "aria-hidden": "true" });
      swatch.style.background = css(scale.map, theme, levelOf(value, scale.low, scale.high));
      return [
        underName(cells, rows, row, selection),
        underName(cells, columns, column, selection),
        el("span", {}, numberOnScale(value, scale, 1), swatch),
        ...(control ? [numberOnScale(control.value(row, column), scale, 1)] : []),
      ];
    }),
  );
}

/** A label beside or under the name of its axis, which is not said again. */
function underName(cells: Cells, axis: Axis, i: number, selection: Selection): string {
  const [said, name] = [cells.said(axis, i, selection), `${axis.name} `];
  return said.startsWith(name) ? said.slice(name.length) : said;
}

/** What the tooltip says of a cell, a row or a column. */
export function pointedAt(cells: Cells, { row, column }: Spot, selection: Selection, unit: string): [string, string][] {
  const { rows, columns, scale } = cells;
  const lines: [string, string][] = [];
  if (row !== null) lines.push([rows.name, underName(cells, rows, row, selection)]);
  if (column !== null) lines.push([columns.name, underName(cells, columns, column, selection)]);
  if (row === null || column === null) return lines;
  const parts = cells.partsPage(selection)?.map((page) => numberOnScale(page.value(row, column), scale, 2));
  const name = parts ? "above its control" : unit.length <= 18 ? unit : "value";
  lines.push([name, numberOnScale(cells.page(selection).value(row, column), scale, 2)]);
  if (parts) lines.push(["score", parts[0]], ["its control", parts[1]]);
  const control = cells.controlPage(selection)?.value(row, column);
  if (control !== undefined) lines.push([cells.controlName, numberOnScale(control, scale, 2)]);
  return lines;
}

function caption(cells: Cells, selection: Selection, shown: number, all: number): string {
  const { row, column } = cells.spot(selection);
  const which = all > shown ? `${shown} ${superlative(cells)} of ${all}` : `${all}, ${superlative(cells)} first`;
  if (row !== null) return `Row ${cells.said(cells.rows, row, selection)}: ${which}`;
  if (column !== null) return `Column ${cells.said(cells.columns, column, selection)}: ${which}`;
  return `Cells: ${which}`;
}

function superlative(cells: Cells): string {
  return words.text("superlative", { signed: cells.scale.map === "diverging" });
}
