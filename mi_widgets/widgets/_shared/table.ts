/** The table that says what a picture shows, for readers who do not see it, or prefer numbers. */
import { el } from "./dom";

export function table(caption: string, head: string[], rows: (string | Node)[][]): HTMLTableElement {
  return el(
    "table",
    { class: "mi-table" },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((text) => el("td", {}, text))))),
  );
}
