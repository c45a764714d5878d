/** The lines as a tree, whose only branch is what held: keys go from line to line, and open and close it. */
import { el, setAttributes } from "../_shared/dom";
import { bindKeys } from "../_shared/keyboard";
import { inside } from "../_shared/moving";
import type { Label } from "../_shared/step_slider";
import { checkRow, foldRow, HELD_LEVEL } from "./rows";
import type { Report } from "./checks";

interface On {
  pick(label: Label): void;
  hover(label: Label | undefined): void;
}

export class Tree {
  readonly element = el("div", { class: "mi-checks", role: "tree", "aria-label": "checks" });
  private labels = new Map<Element, Label>(); // of every line but the fold
  private folded: HTMLElement[] = []; // the lines of what held, where there is a fold
  private fold?: HTMLElement;
  private at?: HTMLElement; // the line that keys start from, which Tab leads to
  private selected: Label | null = null;

  constructor(private on: On) {
    const { element } = this;
    const act = () => this.at && this.act(this.at);
    bindKeys(element, {
      open: act,
      toggle: act,
      right: () => this.at === this.fold && this.open(true),
      left: () => this.shut(),
    });
    element.addEventListener("click", (event) => {
      const row = this.rowOf(event);
      if (row) this.act(row);
    });
    element.addEventListener("focusin", (event) => this.reach(this.rowOf(event)));
    element.addEventListener("pointerover", (event) => this.hovered(this.rowOf(event)));
    element.addEventListener("pointerleave", () => this.hovered(undefined));
  }

  fill({ checks, collapses }: Report): void {
    const held = checks.filter(({ status }) => collapses && status === "ok");
    const rows = checks.map((check) => checkRow(check, held.includes(check) ? HELD_LEVEL : 1));
    this.labels = new Map(rows.map((row, i) => [row, checks[i].label]));
    this.folded = rows.filter((_, i) => held.includes(checks[i]));
    this.fold = held.length ? foldRow(held) : undefined;
    const shown = rows.filter((row) => !this.folded.includes(row));
    this.element.replaceChildren(...shown, ...(this.fold ? [this.fold] : []), ...this.folded);
    this.at = undefined;
    this.open(false);
  }

  /** Show a check as the selected one; if it is folded away it is brought to light once. */
  select(label: Label | null): void {
    const before = this.selected;
    this.selected = label;
    const row = [...this.labels.keys()].find((key) => this.labels.get(key) === label) as HTMLElement | undefined;
    if (row && label !== before) {
      if (this.folded.includes(row)) this.open(true);
      this.at = row;
      if (this.hasFocus) row.focus();
    }
    this.mark();
  }

  /** Go some lines down, or up. */
  move(by: number): void {
    const { lines } = this;
    const from = this.at ? lines.indexOf(this.at) : by > 0 ? -1 : lines.length;
    this.go(lines[inside(from + by, lines.length)]);
  }

  /** The line that a linked view points at. */
  light(label: unknown): void {
    for (const [row, own] of this.labels) row.classList.toggle("mi-lit", own === label);
  }

  get hasFocus(): boolean {
    return this.element.contains(document.activeElement);
  }

  /** The lines that are seen. */
  private get lines(): HTMLElement[] {
    return ([...this.element.children] as HTMLElement[]).filter((row) => !row.hidden);
  }

  private go(row: HTMLElement | undefined): void {
    if (!row) return;
    this.reach(row);
    row.focus();
    if (this.labels.has(row)) this.on.pick(this.labels.get(row)!);
  }

  private reach(row: HTMLElement | undefined): void {
    this.at = row;
    this.mark();
  }

  private act(row: HTMLElement): void {
    this.go(row);
    if (row === this.fold) this.open(this.folded[0].hidden);
  }

  private open(open: boolean): void {
    for (const row of this.folded) row.hidden = !open;
    if (!open && this.at && this.folded.includes(this.at)) this.at = this.fold;
    this.fold?.setAttribute("aria-expanded", String(open));
    this.mark();
  }

  /** As in any tree: from a line within to its branch, and a branch is closed. */
  private shut(): void {
    if (this.at === this.fold) this.open(false);
    else if (this.at && this.folded.includes(this.at)) this.go(this.fold);
  }

  private mark(): void {
    const { lines } = this;
    const reached = this.at ?? lines[0];
    for (const row of lines) row.tabIndex = row === reached ? 0 : -1;
    for (const [row, label] of this.labels) {
      setAttributes(row, { "aria-selected": String(label === this.selected) });
    }
    const within = this.folded.some((row) => row.hidden && this.labels.get(row) === this.selected);
    this.fold?.classList.toggle("mi-within", within);
  }

  private hovered(row: HTMLElement | undefined): void {
    this.on.hover(row && this.labels.get(row));
  }

  private rowOf(event: Event): HTMLElement | undefined {
    return (event.target as Element).closest<HTMLElement>(".mi-check") ?? undefined;
  }
}
