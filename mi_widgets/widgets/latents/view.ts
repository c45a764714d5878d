/** The text, the strongest latents, and what is done to the selected one. */
import { PromptView } from "../_shared/prompt_view";
import { BarList, type BarRow } from "../_shared/bar_list";
import { drawBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import type { Direction } from "../_shared/keyboard";
import type { Help } from "../_shared/keys";
import { changeOf, ChangesNote, changesOf, switchAction } from "../_shared/latent_changes";
import { listen } from "../_shared/model";
import { inside, walked } from "../_shared/moving";
import { numberText } from "../_shared/numbers";
import type { Page } from "../_shared/pages";
import type { ViewAction } from "../_shared/result_view";
import type { ColourScale } from "../_shared/scale";
import { TokenStrip } from "../_shared/token_strip";
import { levelOf } from "../_shared/wire";
import { ChangeControls } from "./change_controls";
import type { Selection, Store } from "./store";
import { pointedAt, sentence, tokenTable, where } from "./words";

const MOST = 12; // bars

export class LatentsView extends PromptView<Store, Selection> {
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
  private changing = new ChangeControls(this.model);
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
        run: () => this.set("_changes", []),
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
    return [{ key: "batch", name: "prompt", labels: this.data.axis("batch").labels, control: "prompts" }];
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

  protected arrow(to: Direction): void {
    if (to === "up" || to === "down") return this.walk(to === "up" ? -1 : 1);
    const last = this.tokens.map((token) => token !== "").lastIndexOf(true);
    const places = { left: (this.at ?? last + 1) - 1, right: (this.at ?? -1) + 1, first: 0, last };
    this.select({ pos: this.data.positions[inside(places[to], last + 1)] });
  }

  private walk(by: number): void {
    const { rows, row } = this;
    if (rows.length) this.select({ latent: rows[walked(row, by, rows.length)] });
  }

  private pick(i: number): void {
    const pos = this.data.positions[i];
    this.select({ pos: pos === this.selection.pos ? null : pos });
  }

  private hover(index: number | undefined, event: PointerEvent): void {
    if (index === undefined || this.tokens[index] === "") return this.point({});
    this.point({ pos: this.data.positions[index] }, event, pointedAt(this.data, this.selection, index));
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
    const { data, selection, theme } = this;
    const { latent } = selection;
    const scale: ColourScale = { map: "sequential", low: 0, high: latent === null ? 1 : data.reach(selection) };
    const levels = Uint8Array.from(data.over(selection), (value) => levelOf(value, scale.low, scale.high));
    this.strip.setTokens(this.tokens);
    this.strip.draw({ levels: latent === null ? undefined : levels, map: scale.map, theme });
    if (this.at !== undefined) this.strip.reveal(this.at);
    const note = latent === null ? "select a latent to see where it fires" : `activation of latent ${latent}`;
    drawBar(this.bar, scale, theme, note);
  }

  private drawBars(): void {
    const { data, selection } = this;
    const { latent } = selection;
    const all = data.strongest(selection, Infinity);
    const strongest = all.slice(0, MOST);
    if (latent !== null && !strongest.some((firing) => firing.latent === latent))
      strongest.push(all.find((firing) => firing.latent === latent) ?? { latent, value: 0 });
    this.rows = strongest.map((firing) => firing.latent);
    const rows = strongest.map((firing): BarRow => {
      const change = changeOf(this.model, firing.latent);
      const done = change ? (change.value === null ? "out" : "held") : "";
      const bar = data.names.bar(firing.latent, firing.value, "activation");
      const said = [`latent ${firing.latent}`, bar.name, bar.text, done].filter(Boolean).join(", ");
      return { ...bar, text: done || bar.text, said };
    });
    this.barsNote.textContent = where(data, selection);
    this.bars.describe(`the strongest latents ${where(data, selection)}`);
    this.bars.draw({ rows, reach: data.reach(selection), theme: this.theme });
    this.bars.mark(this.row);
  }

  /** The index of the selected latent among the bars. */
  private get row(): number | undefined {
    const row = this.rows.indexOf(this.selection.latent!);
    return row < 0 ? undefined : row;
  }

  private drawChosen(): void {
    const { data, selection } = this;
    const { latent } = selection;
    const { names } = data;
    const peak = latent === null ? NaN : names.peak(latent); // not known without dashboards
    this.title.replaceChildren(...(latent === null ? ["No latent selected"] : names.title(latent)));
    this.about.hidden = Number.isNaN(peak);
    this.about.textContent = this.about.hidden ? "" : `${names.promotes(latent!)} · peak ${numberText(peak)}`;
    const here = Math.max(0, ...data.over(selection).filter((value) => value > 0));
    this.changing.draw(latent, (this.about.hidden ? here : peak) || data.reach(selection));
  }
}
