/** The text in colours, the curve beneath, and the words. */
import { followChart } from "../_shared/chart_gestures";
import { drawBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import type { Direction } from "../_shared/keyboard";
import type { Help } from "../_shared/keys";
import type { Page } from "../_shared/pages";
import { ResultView } from "../_shared/result_view";
import { Curve } from "./curve";
import { Lines } from "./lines";
import type { Selection, Text, Texts } from "./store";
import { pointedAt, sentence, tokenTable } from "./words";

export class TokensView extends ResultView<Texts, Selection> {
  protected readonly name = "tokens";
  protected readonly escape = "select no token";
  private lines = new Lines({ pick: (i) => this.pick(i), hover: (i, event) => this.hover(i, event) });
  private curve = new Curve();
  private bar = el("div");

  protected readonly table = {
    name: "all tokens in numbers",
    hint: "every token in numbers",
    make: () => tokenTable(this.text, this.data, this.at, this.header.unit),
  };

  protected parts() {
    followChart(
      this.curve,
      (index) => this.pick(index),
      (index, event) => this.hover(index, event),
    );
    return { body: [this.lines.element, this.curve.chart.element, this.numbers], footer: [this.words, this.bar] };
  }

  protected help(): Help {
    return [
      [["left", "right"], "the token before, the token after"],
      [["up", "down"], "the token above, the token below"],
      [["first", "last"], "the first and the last token"],
    ];
  }

  protected pages(): Page[] {
    return [
      { key: "batch", name: "prompt", labels: this.data.axis("batch").labels, control: "prompts" },
      { key: "step", labels: this.choices.step ? this.data.axis("step").labels : [], control: "slider" },
    ];
  }

  protected turning(key: string): Partial<Selection> {
    return key === "batch" ? { pos: null } : {};
  }

  protected facts({ model, unit }: Record<string, string>): string[] {
    const n = this.text.tokens.filter((token) => token !== "").length;
    return [model, `${n} token${n === 1 ? "" : "s"}`, unit];
  }

  private get text(): Text {
    return this.data.text(this.selection);
  }

  /** The index of the selected token. */
  private get at(): number | undefined {
    return this.data.axis("pos").place(this.selection.pos);
  }

  /** The index of the last token that is no padding. */
  private get last(): number {
    return this.text.tokens.map((token) => token !== "").lastIndexOf(true);
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  protected arrow(to: Direction): void {
    const { at, last } = this;
    const moved = {
      left: Math.max(0, (at ?? last + 1) - 1),
      right: Math.min(last, (at ?? -1) + 1),
      up: at === undefined ? last : this.lines.beside(at, -1),
      down: at === undefined ? 0 : this.lines.beside(at, 1),
      first: 0,
      last,
    };
    this.pick(moved[to]);
  }

  private pick(index: number): void {
    if (index <= this.last) this.select({ pos: this.data.pos[index] });
  }

  private hover(index: number | undefined, event: PointerEvent): void {
    const { text, data } = this;
    if (index === undefined || text.tokens[index] === "") return this.point({});
    this.point({ pos: data.pos[index] }, event, pointedAt(text, data, index));
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  protected fill(): void {
    this.lines.fill(this.data.names);
  }

  protected arrange(): void {
    drawBar(this.bar, this.data.scale, this.theme, this.header.unit);
  }

  protected paint(): void {
    const { text, data, at, theme } = this;
    this.lines.draw(text, data.scale, theme);
    this.curve.draw(text, data, this.frame.width);
    this.curve.chart.mark(this.selection.pos ?? undefined);
    if (at !== undefined) this.lines.reveal(at);
  }

  protected light(): void {
    const lit = this.data.axis("pos").place(this.hovered.pos);
    this.lines.light(this.at, lit);
    this.curve.chart.point(lit === undefined ? undefined : this.data.pos[lit]);
  }

  protected sentence() {
    return sentence(this.text, this.data, this.at, this.header.unit);
  }

  protected describe(said: string): void {
    this.curve.chart.describe(`${this.header.title} over the positions. ${said}`);
  }
}
