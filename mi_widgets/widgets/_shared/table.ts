/** The table that says what a picture shows, for readers who do not see it, or prefer numbers. */
import { el } from "./dom";

/** @param current the index of the row that is selected, if there is one. */
export function table(caption: string, head: string[], rows: (string | Node)[][], current?: number): HTMLTableElement {
  return el(
    "table",
    { class: "mi-table" },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))),
    el(
      "tbody",
      {},
      ...rows.map((cells, i) =>
        el("tr", { "aria-current": i === current && "true" }, ...cells.map((text) => el("td", {}, text))),
      ),
    ),
  );
}
