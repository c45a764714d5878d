/** A few things with a number each, as bars, the longest for the largest: tokens, latents. */
import { css, type Theme } from "./colour";
import { el, indexAt, setAttributes } from "./dom";

export interface BarRow {
  name: string;
  aside?: string; // in front of the name: a number that it goes by
  plain?: boolean; // the name is a word of ours, and no token
  value: number;
  text: string; // the number as it is written
  said: string; // for a reader of the screen
  tip?: [string, string][];
}

export interface BarListState {
  rows: readonly BarRow[];
  reach: number; // of the longest bar
  theme: Theme;
  signed?: boolean; // colours for what raises and what lowers
}

interface Gestures {
  pick?(index: number): void;
  hover?(row: BarRow | undefined, event: PointerEvent): void;
}

const STRONG = 0.18; // the place of the colours of bars on the map, from either end
let made = 0; // for ids, which are the page's

export class BarList {
  readonly element: HTMLElement;
  private rows: readonly BarRow[] = [];
  private options: HTMLElement[] = [];
  private id = `mi-bar-list-${made++}`;

  /** @param label what is listed; @param on with `pick` a row can be selected. */
  constructor(
    label: string,
    private on: Gestures = {},
  ) {
    const role = on.pick ? "listbox" : "list";
    this.element = el("div", { class: "mi-bar-list", role, "aria-label": label, tabindex: on.pick ? 0 : undefined });
    this.element.classList.toggle("mi-picks", !!on.pick);
    this.element.addEventListener("click", (event) => {
      const at = indexAt(event);
      if (at !== undefined) on.pick?.(at);
    });
    this.element.addEventListener("pointermove", (event) => on.hover?.(this.rows[indexAt(event) ?? -1], event));
    this.element.addEventListener("pointerleave", (event) => on.hover?.(undefined, event));
  }

  get count(): number {
    return this.rows.length;
  }

  describe(label: string): void {
    this.element.setAttribute("aria-label", label);
  }

  draw(state: BarListState): void {
    this.rows = state.rows;
    this.options = state.rows.map((row, i) => this.option(row, i, state));
    this.element.replaceChildren(...this.options);
  }

  /** Show which row is selected. */
  mark(at: number | undefined): void {
    if (!this.on.pick) return;
    this.options.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    setAttributes(this.element, { "aria-activedescendant": at === undefined ? undefined : `${this.id}-${at}` });
  }

  private option(row: BarRow, i: number, { reach, theme, signed }: BarListState): HTMLElement {
    const bar = el("span", { class: "mi-bar-fill", "aria-hidden": "true" });
    bar.style.width = `${Math.max(0, Math.min(100, (100 * Math.abs(row.value)) / (reach || 1)))}%`;
    if (signed) bar.style.background = css("diverging", theme, Math.round(254 * (row.value > 0 ? 1 - STRONG : STRONG)));
    const name = el("span", { class: row.plain ? "mi-bar-name" : "mi-bar-name mi-mono" }, row.name);
    if (row.aside !== undefined) name.prepend(el("span", { class: "mi-bar-aside" }, row.aside));
    return el(
      "div",
      {
        class: "mi-bar-item",
        role: this.on.pick ? "option" : "listitem",
        id: `${this.id}-${i}`,
        "data-index": i,
        "aria-label": row.said,
      },
      name,
      el("span", { class: "mi-bar-room" }, bar),
      el("span", { class: "mi-bar-text" }, row.text),
    );
  }
}
