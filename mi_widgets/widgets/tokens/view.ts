/** One display of the widget: the text in colours, the curve beneath, and the words. */
import { type ColourBar, colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { Frame } from "../_shared/frame";
import { bindKeys } from "../_shared/keyboard";
import { type Labels, onHover, sayHover } from "../_shared/linked";
import { listen, type Model } from "../_shared/model";
import { ends } from "../_shared/scale";
import { STEP_KEYS, StepSlider } from "../_shared/step_slider";
import { Stepper } from "../_shared/stepper";
import { Curve } from "./curve";
import { Lines } from "./lines";
import type { Selection, Store, Text } from "./store";
import { pointedAt, sentence, tokenTable } from "./words";

const KEYS = {
  "← →": "the token before, the token after",
  "↑ ↓": "the token above, the token below",
  "Home End": "the first and the last token",
  Esc: "select no token",
  "[ ]": "the prompt before, the prompt after",
};

export class View {
  private frame: Frame;
  private lines: Lines;
  private curve = new Curve();
  private bar?: ColourBar;
  private sentence = el("p", { class: "mi-sentence" });
  private numbers = el("div", {
    class: "mi-numbers",
    tabindex: 0,
    role: "region",
    "aria-label": "all tokens in numbers",
  });
  private prompts = new Stepper("prompt", (by) => this.prompt(by));
  private steps = new StepSlider("step", (index) => this.select({ step: this.store.sent.steps[index] }));
  private lit?: number; // the token under the pointer, here or in a linked view

  constructor(
    private model: Model,
    private store: Store,
    element: HTMLElement,
  ) {
    const keys = store.sent.steps.length ? { ...KEYS, ...STEP_KEYS } : KEYS;
    this.frame = new Frame(element, this.actions(), keys, () => this.draw());
    this.frame.root.classList.add("mi-tokens");
    this.lines = new Lines({ pick: (i) => this.pick(i), hover: (i, event) => this.hover(i, event) });
    this.numbers.hidden = true;
    this.frame.body.append(this.lines.element, this.curve.chart.element, this.numbers);
    this.frame.extras.append(this.prompts.element, this.steps.element);
    this.fill();
    this.listenToPeople();
    this.listenToModel();
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  // -- what there is ------------------------------------------------------------------------------------------------

  private actions() {
    return [
      { label: "as table", key: "t", hint: "every token in numbers", run: () => this.toggleTable() },
      { label: "copy code", key: "c", hint: "copy the Python that makes this view", run: () => this.copyCode() },
    ];
  }

  private fill(): void {
    const { names, scale } = this.store.sent;
    this.lines.fill(names);
    this.bar = colourBar({ map: scale.map, ...ends(scale), note: this.model.get("_header").unit });
    this.frame.footer.replaceChildren(this.sentence, this.bar.element);
  }

  private get selection(): Selection {
    return this.store.fitting(this.model.get("selection"));
  }

  private get text(): Text {
    return this.store.text(this.selection);
  }

  /** The index of the selected token. */
  private get at(): number | undefined {
    const { pos } = this.selection;
    return pos === null ? undefined : this.store.sent.pos.indexOf(pos);
  }

  private listenToModel(): void {
    const at = ({ pos }: Labels) => (pos === undefined ? undefined : this.store.sent.pos.indexOf(pos as number));
    this.frame.until(
      listen(this.model, { "change:selection": () => this.draw() }),
      this.store.source.onChange(() => {
        this.fill();
        this.draw();
      }),
      onHover(this.model, (labels) => void this.light(at(labels))),
    );
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private listenToPeople(): void {
    const { element } = this.curve.chart;
    this.frame.until(
      bindKeys(this.frame.root, {
        ArrowLeft: () => this.move(-1),
        ArrowRight: () => this.move(1),
        ArrowUp: () => this.pick(this.at === undefined ? this.last : this.lines.beside(this.at, -1)),
        ArrowDown: () => this.pick(this.at === undefined ? 0 : this.lines.beside(this.at, 1)),
        Home: () => this.pick(0),
        End: () => this.pick(this.last),
        Escape: () => this.select({ pos: null }),
        "[": () => this.prompt(-1),
        "]": () => this.prompt(1),
        ",": () => this.steps.shift(-1),
        ".": () => this.steps.shift(1),
      }),
    );
    const pickAt = (event: PointerEvent) => this.pick(this.curve.at(event));
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture?.(event.pointerId);
      pickAt(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) pickAt(event);
      this.hover(this.curve.at(event), event);
    });
    element.addEventListener("pointerleave", (event) => this.hover(undefined, event));
  }

  /** The index of the last token that is no padding. */
  private get last(): number {
    return this.text.tokens.map((token) => token !== "").lastIndexOf(true);
  }

  private move(by: number): void {
    const from = this.at ?? (by > 0 ? -1 : this.last + 1);
    this.pick(Math.max(0, Math.min(this.last, from + by)));
  }

  private pick(index: number): void {
    if (index <= this.last) this.select({ pos: this.store.sent.pos[index] });
  }

  private prompt(by: number): void {
    const { batch } = this.store.sent;
    if (batch.length < 2) return;
    const at = batch.indexOf(this.selection.batch);
    this.select({ batch: batch[(at + by + batch.length) % batch.length], pos: null });
  }

  private select(change: Partial<Selection>): void {
    const now = this.selection;
    if (Object.entries(change).every(([key, label]) => now[key as keyof Selection] === label)) return;
    this.model.set("selection", { ...now, ...change });
    this.model.save_changes();
  }

  private hover(index: number | undefined, event: PointerEvent): void {
    const { names, pos } = this.store.sent;
    const { text } = this;
    const here = index !== undefined && text.tokens[index] !== "" ? index : undefined;
    if (here === undefined) this.frame.tooltip.hide();
    else this.frame.tip(event, pointedAt(text, names, pos, here));
    if (this.light(here)) sayHover(this.model, here === undefined ? {} : { pos: pos[here] });
  }

  /** Light a token up in every line; false if it was already. */
  private light(index: number | undefined): boolean {
    if (index === this.lit) return false;
    this.lit = index;
    this.lines.light(this.at, index);
    this.curve.chart.point(index === undefined ? undefined : this.store.sent.pos[index]);
    return true;
  }

  private toggleTable(): void {
    this.numbers.hidden = !this.numbers.hidden;
    this.drawWords();
  }

  private copyCode(): void {
    void this.frame.copy(this.model.get("_code"));
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const { text, selection, at } = this;
    const { names, pos, scale, batch, steps } = this.store.sent;
    const header = this.model.get("_header");
    const n = text.tokens.filter((token) => token !== "").length;
    const facts = [header.model, `${n} token${n === 1 ? "" : "s"}`, header.unit];
    this.frame.say({ title: header.title, facts, warnings: header.warnings });
    this.prompts.say(batch.indexOf(selection.batch), batch.length);
    this.steps.say(steps, steps.indexOf(selection.step!));
    this.lines.draw(text, scale, this.frame.theme);
    this.lines.light(at, this.lit);
    this.curve.draw(text, names, pos, scale, this.frame.width);
    this.curve.chart.mark(selection.pos ?? undefined);
    if (at !== undefined) this.lines.reveal(at);
    this.bar!.draw(this.frame.theme);
    this.drawWords();
    requestAnimationFrame(() => this.frame.painted());
  }

  private drawWords(): void {
    const { text, at } = this;
    const { names, pos } = this.store.sent;
    const { unit, title } = this.model.get("_header");
    this.sentence.replaceChildren(...sentence(text, names, pos, at, unit));
    const said = this.sentence.textContent!;
    this.frame.announce(said);
    this.curve.chart.describe(`${title} over the positions. ${said}`);
    this.frame.label("t", "as table", { pressed: !this.numbers.hidden });
    if (!this.numbers.hidden) this.numbers.replaceChildren(tokenTable(text, names, pos, at, unit));
  }
}
