/** The text, the strongest latents, and what is done to the selected one. */
import { AnsweredView } from "../_shared/answered_view";
import { BarList, type BarRow } from "../_shared/bar_list";
import { colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import type { Direction } from "../_shared/keyboard";
import type { Help } from "../_shared/keys";
import { changeOf, ChangesNote, changesOf, switchAction } from "../_shared/latent_changes";
import { listen } from "../_shared/model";
import { reading } from "../_shared/numbers";
import type { Page } from "../_shared/pages";
import type { ViewAction } from "../_shared/result_view";
import { ends, type Scale } from "../_shared/scale";
import { TokenStrip } from "../_shared/token_strip";
import { levelOf } from "../_shared/wire";
import { Changing } from "./changing";
import type { Selection, Store } from "./store";
import { pointedAt, sentence, tokenTable, where } from "./words";

const MOST = 12; // bars

export class LatentsView extends AnsweredView<Store, Selection> {
  protected readonly name = "latents";
  protected readonly traits = ["_changes"];
  protected readonly escape = "the whole text";
  private strip = new TokenStrip({ pick: (i) => this.pick(i), hover: (i, event) => this.hover(i, event) });
  private bars = new BarList("the strongest latents", {
    pick: (i) => this.select({ latent: this.rows[i] }),
    hover: (row, event) => this.point({}, event, row?.tip),
  });
  private barsNote = el("span", { class: "mi-facts" });
  private title = el("h3", { class: "mi-latent-title" });
  private about = el("p", { class: "mi-facts mi-latent-facts" });
  private changing = new Changing(this.model);
  private changes = new ChangesNote(this.model);
  private bar = el("div");
  private rows: number[] = []; // the latents of the bars

  protected readonly table = {
    name: "all tokens in numbers",
    hint: "every token in numbers",
    make: () => tokenTable(this.data, this.selection),
  };

  protected parts() {
    this.strip.element.tabIndex = 0;
    this.arrows(this.frame.root, (to) => this.move(to));
    const said = () => (this.sayWrong(), this.drawWords());
    this.until(listen(this.model, { "change:_said": said }), this.ask.follow());
    const caption = el("figcaption", {}, el("strong", {}, "Strongest"), this.barsNote);
    const chosen = el("div", { class: "mi-chosen" }, this.title, this.about, this.changing.element);
    const both = el("div", { class: "mi-strongest-and-one" }, el("figure", {}, caption, this.bars.element), chosen);
    return {
      body: [this.ask.element, this.strip.element, this.bar, both, this.numbers],
      footer: [this.words, this.changes.element],
    };
  }

  protected actions(): ViewAction[] {
    return [
      this.stopAction("stop what the model is writing", () => this.model.send({ do: "stop" })),
      switchAction(this.model, () => this.selection.latent),
      {
        label: "reset",
        key: "reset",
        hint: "leave all latents as they are",
        run: () => {
          if (changesOf(this.model).length) this.set("_changes", []);
        },
        state: () => ({ hidden: !changesOf(this.model).length }),
      },
    ];
  }

  protected help(): Help {
    return [
      [["left", "right"], "the token before, the token after"],
      [["up", "down"], "the stronger latent, the weaker latent"],
      [["first", "last"], "the first and the last token"],
      ...super.help(),
    ];
  }

  protected pages(): Page[] {
    return [{ key: "batch", name: "prompt", labels: this.data.sent.batch, control: "prompts" }];
  }

  protected turning(): Partial<Selection> {
    return { pos: null };
  }

  protected facts({ model, unit }: Record<string, string>): string[] {
    const n = this.tokens.filter((token) => token !== "").length;
    return [model, `${n} token${n === 1 ? "" : "s"}`, unit];
  }

  private get tokens(): string[] {
    return this.data.tokens(this.selection);
  }

  /** The index of the selected token. */
  private get at(): number | undefined {
    return this.data.axis("pos").place(this.selection.pos);
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  /** The latent stays. */
  protected clear(): void {
    this.select({ pos: null });
  }

  private move(to: Direction): void {
    if (to === "up" || to === "down") return this.walk(to === "up" ? -1 : 1);
    const last = this.tokens.map((token) => token !== "").lastIndexOf(true);
    const places = { left: (this.at ?? last + 1) - 1, right: (this.at ?? -1) + 1, first: 0, last };
    this.select({ pos: this.data.sent.pos[Math.max(0, Math.min(last, places[to]))] });
  }

  private walk(by: number): void {
    const last = this.rows.length - 1;
    if (last < 0) return;
    const { latent } = this.selection;
    const from = latent === null || !this.rows.includes(latent) ? (by > 0 ? -1 : last + 1) : this.rows.indexOf(latent);
    this.select({ latent: this.rows[Math.max(0, Math.min(last, from + by))] });
  }

  private pick(i: number): void {
    const pos = this.data.sent.pos[i];
    this.select({ pos: pos === this.selection.pos ? null : pos });
  }

  private hover(index: number | undefined, event: PointerEvent): void {
    if (index === undefined || this.tokens[index] === "") return this.point({});
    this.point({ pos: this.data.sent.pos[index] }, event, pointedAt(this.data, this.selection, index));
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  protected paint(): void {
    this.drawText();
    this.drawBars();
    this.drawChosen();
    this.sayWrong();
    this.changes.draw();
  }

  protected light(): void {
    this.strip.light({ from: this.at, lit: this.data.axis("pos").place(this.hovered.pos) });
  }

  protected sentence() {
    return sentence(this.data, this.selection);
  }

  private drawText(): void {
    const { data, selection } = this;
    const high = selection.latent === null ? 1 : data.reach(selection);
    const scale: Scale = { map: "sequential", low: 0, high };
    const values = data.over(selection);
    const levels = selection.latent === null ? undefined : Uint8Array.from(values, (value) => levelOf(value, 0, high));
    this.strip.setTokens(this.tokens);
    this.strip.draw({ levels, map: scale.map, theme: this.theme });
    if (this.at !== undefined) this.strip.reveal(this.at);
    const note =
      selection.latent === null ? "select a latent to see where it fires" : `activation of latent ${selection.latent}`;
    const bar = colourBar({ map: scale.map, ...ends(scale), note });
    bar.draw(this.theme);
    this.bar.replaceChildren(bar.element);
  }

  private drawBars(): void {
    const { data, selection } = this;
    const strongest = data.strongest(selection, MOST);
    const { latent } = selection;
    if (latent !== null && !strongest.some((firing) => firing.latent === latent)) {
      const here = data.strongest(selection, Infinity).find((firing) => firing.latent === latent);
      strongest.push({ latent, value: here?.value ?? 0 });
    }
    this.rows = strongest.map((firing) => firing.latent);
    const rows = strongest.map(({ latent, value }): BarRow => {
      const change = changeOf(this.model, latent);
      const name = data.names?.name(latent) ?? "";
      const done = change ? (change.value === null ? "out" : "held") : "";
      return {
        name,
        aside: String(latent),
        plain: data.names?.isLabelled(latent),
        value,
        text: done || reading(value),
        said: [`latent ${latent}`, name, reading(value), done].filter(Boolean).join(", "),
        tip: [
          ["latent", String(latent)],
          ...(name ? ([["", name]] as [string, string][]) : []),
          ["activation", reading(value)],
        ],
      };
    });
    this.barsNote.textContent = where(data, selection);
    this.bars.describe(`the strongest latents ${where(data, selection)}`);
    this.bars.draw({ rows, reach: data.reach(selection), theme: this.theme });
    this.bars.mark(latent === null ? undefined : this.rows.indexOf(latent));
  }

  private drawChosen(): void {
    const { data, selection } = this;
    const { latent } = selection;
    this.title.textContent = latent === null ? "No latent selected" : `Latent ${latent}`;
    if (latent !== null && data.names?.isLabelled(latent))
      this.title.append(" ", el("span", { class: "mi-latent-label" }, data.names.name(latent)));
    const at = latent === null ? undefined : data.names?.place(latent);
    const facts = at === undefined ? [] : [data.names!.says[at], `peak ${reading(data.names!.peaks.at(at))}`];
    this.about.textContent = facts.join(" · ");
    this.about.hidden = !facts.length;
    const here = latent === null ? 0 : Math.max(0, ...data.over(selection).filter((value) => !Number.isNaN(value)));
    const peak = at === undefined ? here : data.names!.peaks.at(at);
    this.changing.draw(latent, peak || data.reach(selection));
  }
}
