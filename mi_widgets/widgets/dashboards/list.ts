/** All latents, in the order that was chosen, as far as the filter lets them through. */
import { el } from "../_shared/dom";
import { bindKeys } from "../_shared/keyboard";
import { LongList } from "../_shared/long_list";
import { walked } from "../_shared/moving";
import { numberText } from "../_shared/numbers";
import { type Found, found, ordered, type OrderName, orders, valueOf } from "./order";
import type { Store } from "./store";
import { percent } from "./words";

export class List {
  readonly element: HTMLElement;
  private rows: LongList;
  private menu = el("select", { class: "mi-menu", "aria-label": "order of the latents" });
  private input = el("input", {
    type: "search",
    class: "mi-find",
    placeholder: "filter   /",
    "aria-label": "filter the latents by label, promoted tokens and contexts",
    spellcheck: false,
    autocomplete: "off",
  });
  private note = el("span", { class: "mi-facts", role: "status" });
  private by!: OrderName;
  private all: number[] = []; // in order
  private shown: Found = { latents: [], near: 0 };
  private drawn?: Found;
  private chosen = 0;

  /** @param changed called when other latents are listed, or in another order. */
  constructor(
    private store: Store,
    private pick: (latent: number) => void,
    private changed: () => void,
  ) {
    this.rows = new LongList(
      "latents",
      (i) => this.row(i),
      (i) => pick(this.shown.latents[i]),
    );
    this.element = el(
      "div",
      { class: "mi-latent-list" },
      el("div", { class: "mi-list-head" }, this.menu, this.input),
      this.rows.element,
      this.note,
    );
    this.menu.addEventListener("change", () => this.order(this.menu.value as OrderName));
    this.input.addEventListener("input", () => this.filter());
    this.input.addEventListener("keydown", (event) => event.stopPropagation()); // in the field the keys are text …
    bindKeys(this.input, {
      down: () => this.walk(1), // … but with the arrows one goes on in the list
      up: () => this.walk(-1),
      open: () => this.enter(),
      nothing: () => (this.input.value ? this.clear() : this.rows.element.focus()),
    });
    this.read();
  }

  /** Take in other latents. */
  read(): void {
    const names = orders(this.store);
    this.by = names.includes(this.by) ? this.by : names[0];
    this.menu.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
    this.menu.value = this.by;
    this.all = ordered(this.store, this.by);
    this.shown = found(this.store, this.all, this.input.value);
  }

  /** Those that are shown. */
  get latents(): readonly number[] {
    return this.shown.latents;
  }

  draw(chosen: number): void {
    this.chosen = chosen;
    if (this.drawn !== this.shown) this.rows.draw(this.latents.length, this.at);
    else this.rows.mark(this.at);
    this.drawn = this.shown;
    if (this.at !== undefined) this.rows.reveal(this.at);
    this.say();
  }

  /** Select so many rows on, or back; at the ends stay there. */
  walk(by: number): void {
    const { latents } = this;
    if (latents.length) this.pick(latents[walked(this.at, by, latents.length)]);
  }

  turnPage(by: number): void {
    this.walk(by * this.rows.page);
  }

  nextOrder(): void {
    const names = orders(this.store);
    this.order(names[(names.indexOf(this.by) + 1) % names.length]);
  }

  find(): void {
    this.input.focus();
    this.input.select();
  }

  /** Show all latents again. */
  clear(): void {
    this.input.value = "";
    this.filter();
  }

  private get at(): number | undefined {
    const at = this.latents.indexOf(this.chosen);
    return at < 0 ? undefined : at;
  }

  private order(by: OrderName): void {
    this.by = this.menu.value = by;
    this.all = ordered(this.store, by);
    this.filter();
  }

  private filter(): void {
    this.shown = found(this.store, this.all, this.input.value);
    this.rows.element.scrollTop = 0;
    this.draw(this.chosen);
    this.changed();
  }

  /** Go from the field to the list. */
  private enter(): void {
    if (this.at === undefined) this.walk(1);
    this.rows.element.focus();
  }

  private row(i: number): { said: string; parts: HTMLElement[] } {
    const latent = this.latents[i];
    const { names } = this.store;
    const name = names.name(latent);
    // What it is ordered by.
    const by = this.by === "number" ? "density" : this.by;
    const value = valueOf(this.store, by, latent);
    const number = Number.isNaN(value) ? "" : by === "density" ? percent(value) : numberText(value);
    const parts = [
      el("span", { class: "mi-row-number" }, String(latent)),
      el("span", { class: names.label(latent) ? "mi-row-label" : "mi-row-says", title: name }, name),
      el("span", { class: "mi-row-value" }, number),
    ];
    const near = i >= this.latents.length - this.shown.near;
    for (const part of parts) part.classList.toggle("mi-row-near", near);
    return { said: `latent ${latent}, ${name}, ${by} ${number}`, parts };
  }

  private say(): void {
    const [n, all, near] = [this.latents.length, this.all.length, this.shown.near];
    const some = near ? `${n - near} of ${all} latents, ${near} more near it` : `${n} of ${all} latents`;
    this.note.textContent = n === all ? `${all} latents` : n ? some : `none of ${all} latents`;
  }
}
