/** A list of any length, of which only the rows in sight are on the page. */
import { el, indexAt, setAttributes } from "./dom";

export const ROW = 22; // the height of a row, in CSS pixels
const MORE = 6; // rows beyond either edge
const UNKNOWN = 600; // the height of a list that was not laid out yet
let made = 0; // for ids, which are the page's

export class LongList {
  readonly element: HTMLElement;
  private inner = el("div", { class: "mi-long-inner", role: "presentation" });
  private shown = new Map<number, HTMLElement>();
  private count = 0;
  private marked?: number;
  private id = `mi-long-${made++}`;

  /** @param row the content of a row, as it is now; @param pick called with the row that was clicked. */
  constructor(
    label: string,
    private row: (index: number) => { said: string; parts: (Node | string)[] },
    pick: (index: number) => void,
  ) {
    this.element = el("div", { class: "mi-long", role: "listbox", tabindex: 0, "aria-label": label }, this.inner);
    this.element.addEventListener("scroll", () => this.fill());
    this.element.addEventListener("click", (event) => {
      const at = indexAt(event);
      if (at !== undefined) pick(at);
    });
  }

  /** Draw other rows, so many; the marked one among them. */
  draw(count: number, marked: number | undefined): void {
    [this.count, this.marked] = [count, marked];
    this.inner.style.height = `${count * ROW}px`;
    this.shown.clear();
    this.inner.replaceChildren();
    this.fill();
    this.say();
  }

  /** How many rows are in sight. */
  get page(): number {
    return Math.max(1, Math.floor((this.element.clientHeight || UNKNOWN) / ROW) - 1);
  }

  /** Show which row is selected. */
  mark(at: number | undefined): void {
    this.marked = at;
    for (const [i, item] of this.shown) item.setAttribute("aria-selected", String(i === at));
    this.say();
  }

  /** Bring a row into sight, within the list alone: the page around it must not jump. */
  reveal(at: number): void {
    const { element } = this;
    const [top, height] = [at * ROW, element.clientHeight || UNKNOWN];
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW > element.scrollTop + height) element.scrollTop = top + ROW - height;
    this.fill();
  }

  /** Put the rows in sight on the page, and take the others away; also when the list has become higher. */
  fill(): void {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - MORE);
    const end = Math.min(this.count, Math.ceil((scrollTop + (clientHeight || UNKNOWN)) / ROW) + MORE);
    for (const [i, item] of this.shown) {
      if (i >= first && i < end) continue;
      item.remove();
      this.shown.delete(i);
    }
    for (let i = first; i < end; i++) {
      if (this.shown.has(i)) continue;
      const item = this.made(i);
      this.shown.set(i, item);
      this.inner.append(item);
    }
    this.say();
  }

  private made(i: number): HTMLElement {
    const { said, parts } = this.row(i);
    const attributes = {
      class: "mi-long-row",
      role: "option",
      id: `${this.id}-${i}`,
      "data-index": i,
      "aria-label": said,
      "aria-selected": String(i === this.marked),
      "aria-setsize": this.count,
      "aria-posinset": i + 1,
    };
    const item = el("div", attributes, ...parts);
    item.style.top = `${i * ROW}px`;
    return item;
  }

  private say(): void {
    const there = this.marked !== undefined && this.shown.has(this.marked);
    setAttributes(this.element, { "aria-activedescendant": there ? `${this.id}-${this.marked}` : undefined });
  }
}
