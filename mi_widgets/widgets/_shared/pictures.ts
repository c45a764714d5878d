/** Several pictures of one thing, each with a line that says what it is. */
import { el } from "./dom";

export const GAP = 26; // CSS pixels between two that stand side by side, as in pictures.css

/** One of them, with its line. */
export function captioned(line: (Node | string)[], ...picture: Node[]): HTMLElement {
  return el("figure", { class: "mi-picture-of" }, el("figcaption", {}, ...line), ...picture);
}
