/** One display of the widget: the text, the strongest latents, and what is done to the selected one. */
import type { Help } from "../_shared/keys";
import { BarList, type BarRow } from "../_shared/bar_list";
import { type ColourBar, colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { type Action, Frame } from "../_shared/frame";
import { bindKeys } from "../_shared/keyboard";
import { changeOf, ChangesNote, changesOf, setChange } from "../_shared/latent_changes";
import { type Labels, onHover, sayHover } from "../_shared/linked";
import { listen, type Model } from "../_shared/model";
import { reading } from "../_shared/numbers";
import { ends, type Scale } from "../_shared/scale";
import { Stepper } from "../_shared/stepper";
import { TokenStrip } from "../_shared/token_strip";
import { levelOf } from "../_shared/wire";
import { Ask } from "../_shared/ask";
import { Changing } from "./changing";
import type { Selection, Store } from "./store";
import { pointedAt, sentence, tokenTable, where } from "./words";

const MOST = 12; // bars
const KEYS: Help = [
  [["left", "right"], "the token before, the token after"],
  [["up", "down"], "the stronger latent, the weaker latent"],
  [["first", "last"], "the first and the last token"],
  [["nothing"], "the whole text"],
  [["promptBefore", "promptAfter"], "the prompt before, the prompt after"],
];

const ASK_KEYS: Help = [[["write"], "write another text; Esc leaves it"]];

export class View {
  private frame: Frame;
  private ask: Ask;
  private strip: TokenStrip;
  private bars: BarList;
  private barsNote = el("span", { class: "mi-facts" });
  private chosen = el("div", { class: "mi-chosen" });
  private title = el("h3", { class: "mi-latent-title" });
  private facts = el("p", { class: "mi-facts mi-latent-facts" });
  private changing: Changing;
  private changes: ChangesNote;
  private barHolder = el("div");
  private sentence = el("p", { class: "mi-sentence" });
  private numbers = el("div", {
    class: "mi-numbers",
    tabindex: 0,
    role: "region",
    "aria-label": "all tokens in numbers",
  });
  private prompts = new Stepper("prompt", (by) => this.prompt(by));
  private rows: number[] = []; // the latents of the bars
  private lit?: number; // the token under the pointer, here or in a linked view

  constructor(
    private model: Model,
    private store: Store,
    element: HTMLElement,
  ) {
    const keys = model.get("prompt") === null ? KEYS : [...KEYS, ...ASK_KEYS];
    this.frame = new Frame(element, this.actions(), keys, () => this.draw());
    this.frame.root.classList.add("mi-latents");
    this.ask = new Ask(model, () => this.frame.root.focus());
    this.strip = new TokenStrip({ pick: (i) => this.pick(i), hover: (i, event) => this.hover(i, event) });
    this.bars = new BarList("the strongest latents", {
      pick: (i) => this.select({ latent: this.rows[i] }),
      hover: (row, event) => (row?.tip ? this.frame.tip(event, row.tip) : this.frame.tooltip.hide()),
    });
    this.changing = new Changing(model);
    this.changes = new ChangesNote(model);
    this.assemble();
    this.listenToPeople();
    this.listenToModel();
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  // -- what there is ------------------------------------------------------------------------------------------------

  private actions(): Action[] {
    return [
      {
        label: "stop",
        key: "stop",
        hint: "stop what the model is writing",
        run: () => this.model.send({ do: "stop" }),
      },
      {
        label: "take out",
        key: "switchOff",
        hint: "take the selected latent out, or put it back: view.intervention",
        run: () => this.switch(),
      },
      { label: "reset", key: "reset", hint: "leave all latents as they are", run: () => this.reset() },
      { label: "as table", key: "table", hint: "every token in numbers", run: () => this.toggleTable() },
      {
        label: "copy code",
        key: "code",
        hint: "copy the Python that makes this view",
        run: () => void this.frame.copy(this.model.get("_code")),
      },
    ];
  }

  private assemble(): void {
    this.numbers.hidden = true;
    this.strip.element.tabIndex = 0;
    this.chosen.append(this.title, this.facts, this.changing.element);
    const caption = el("figcaption", {}, el("strong", {}, "Strongest"), this.barsNote);
    this.frame.body.append(
      this.ask.element,
      this.strip.element,
      this.barHolder,
      el("div", { class: "mi-strongest-and-one" }, el("figure", {}, caption, this.bars.element), this.chosen),
      this.numbers,
    );
    this.frame.extras.append(this.prompts.element);
    this.frame.footer.append(this.sentence, this.changes.element);
  }

  private get selection(): Selection {
    return this.store.fitting(this.model.get("selection"));
  }

  /** The index of the selected token. */
  private get at(): number | undefined {
    const { pos } = this.selection;
    return pos === null ? undefined : this.store.sent.pos.indexOf(pos);
  }

  private listenToModel(): void {
    const draw = () => this.draw();
    const at = ({ pos }: Labels) => (pos === undefined ? undefined : this.store.sent.pos.indexOf(pos as number));
    this.frame.until(
      listen(this.model, { "change:selection": draw, "change:_changes": draw, "change:_said": () => this.drawSaid() }),
      this.store.source.onChange(draw),
      this.ask.follow(),
      onHover(this.model, (labels) => void this.light(at(labels))),
    );
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private listenToPeople(): void {
    this.frame.until(
      bindKeys(this.frame.root, {
        left: () => this.move(-1),
        right: () => this.move(1),
        up: () => this.walk(-1),
        down: () => this.walk(1),
        first: () => this.move(-Infinity),
        last: () => this.move(Infinity),
        nothing: () => this.select({ pos: null }),
        ...(this.model.get("prompt") === null ? {} : { write: () => this.ask.focus() }),
        promptBefore: () => this.prompt(-1),
        promptAfter: () => this.prompt(1),
      }),
    );
  }

  private move(by: number): void {
    const tokens = this.store.tokens(this.selection);
    const last = tokens.map((token) => token !== "").lastIndexOf(true);
    const from = this.at ?? (by > 0 ? -1 : last + 1);
    const to = Math.max(0, Math.min(last, from + by));
    this.select({ pos: this.store.sent.pos[to] });
  }

  private pick(i: number): void {
    const pos = this.store.sent.pos[i];
    this.select({ pos: pos === this.selection.pos ? null : pos });
  }

  private walk(by: number): void {
    const last = this.rows.length - 1;
    if (last < 0) return;
    const { latent } = this.selection;
    const from = latent === null || !this.rows.includes(latent) ? (by > 0 ? -1 : last + 1) : this.rows.indexOf(latent);
    this.select({ latent: this.rows[Math.max(0, Math.min(last, from + by))] });
  }

  private prompt(by: number): void {
    const { batch } = this.store.sent;
    const at = (batch.indexOf(this.selection.batch) + by + batch.length) % batch.length;
    this.select({ batch: batch[at], pos: null });
  }

  private select(change: Partial<Selection>): void {
    const now = this.selection;
    if (Object.entries(change).every(([key, label]) => now[key as keyof Selection] === label)) return;
    this.model.set("selection", { ...now, ...change });
    this.model.save_changes();
  }

  private switch(): void {
    const { latent } = this.selection;
    if (latent === null || !this.model.get("_changeable")) return;
    setChange(this.model, latent, changeOf(this.model, latent) ? undefined : null);
  }

  private reset(): void {
    if (!changesOf(this.model).length) return;
    this.model.set("_changes", []);
    this.model.save_changes();
  }

  private toggleTable(): void {
    this.numbers.hidden = !this.numbers.hidden;
    this.drawWords();
  }

  private hover(index: number | undefined, event: PointerEvent): void {
    const here = index !== undefined && this.store.tokens(this.selection)[index] !== "" ? index : undefined;
    if (here === undefined) this.frame.tooltip.hide();
    else this.frame.tip(event, pointedAt(this.store, this.selection, here));
    if (this.light(here)) sayHover(this.model, here === undefined ? {} : { pos: this.store.sent.pos[here] });
  }

  /** Light a token up; false if it was already. */
  private light(index: number | undefined): boolean {
    if (index === this.lit) return false;
    this.lit = index;
    this.strip.light({ from: this.at, lit: index });
    return true;
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const { store, selection } = this;
    const { title, model, unit, warnings } = this.model.get("_header");
    const tokens = store.tokens(selection);
    const n = tokens.filter((token) => token !== "").length;
    this.frame.say({ title, facts: [model, `${n} token${n === 1 ? "" : "s"}`, unit], warnings });
    this.prompts.say(store.sent.batch.indexOf(selection.batch), store.sent.batch.length);
    this.drawText(tokens);
    this.drawBars();
    this.drawChosen();
    this.drawSaid();
    this.drawWords();
    requestAnimationFrame(() => this.frame.painted());
  }

  private drawText(tokens: string[]): void {
    const { store, selection } = this;
    const high = selection.latent === null ? 1 : store.reach(selection);
    const scale: Scale = { map: "sequential", low: 0, high };
    const values = store.over(selection);
    const levels = selection.latent === null ? undefined : Uint8Array.from(values, (value) => levelOf(value, 0, high));
    this.strip.setTokens(tokens);
    this.strip.draw({ levels, map: scale.map, theme: this.frame.theme, from: this.at, lit: this.lit });
    if (this.at !== undefined) this.strip.reveal(this.at);
    const note =
      selection.latent === null ? "select a latent to see where it fires" : `activation of latent ${selection.latent}`;
    const bar: ColourBar = colourBar({ map: scale.map, ...ends(scale), note });
    bar.draw(this.frame.theme);
    this.barHolder.replaceChildren(bar.element);
  }

  private drawBars(): void {
    const { store, selection } = this;
    const strongest = store.strongest(selection, MOST);
    const { latent } = selection;
    if (latent !== null && !strongest.some((firing) => firing.latent === latent)) {
      const here = store.strongest(selection, Infinity).find((firing) => firing.latent === latent);
      strongest.push({ latent, value: here?.value ?? 0 });
    }
    this.rows = strongest.map((firing) => firing.latent);
    const rows = strongest.map(({ latent, value }): BarRow => {
      const change = changeOf(this.model, latent);
      const name = store.names?.name(latent) ?? "";
      const done = change ? (change.value === null ? "out" : "held") : "";
      return {
        name,
        aside: String(latent),
        plain: store.names?.isLabelled(latent),
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
    this.barsNote.textContent = where(store, selection);
    this.bars.describe(`the strongest latents ${where(store, selection)}`);
    this.bars.draw({ rows, reach: store.reach(selection), theme: this.frame.theme });
    this.bars.mark(latent === null ? undefined : this.rows.indexOf(latent));
  }

  private drawChosen(): void {
    const { store, selection } = this;
    const { latent } = selection;
    this.title.textContent = latent === null ? "No latent selected" : `Latent ${latent}`;
    if (latent !== null && store.names?.isLabelled(latent))
      this.title.append(" ", el("span", { class: "mi-latent-label" }, store.names.name(latent)));
    const at = latent === null ? undefined : store.names?.place(latent);
    const facts = at === undefined ? [] : [store.names!.says[at], `peak ${reading(store.names!.peaks.at(at))}`];
    this.facts.textContent = facts.join(" · ");
    this.facts.hidden = !facts.length;
    const here = latent === null ? 0 : Math.max(0, ...store.over(selection).filter((value) => !Number.isNaN(value)));
    const peak = at === undefined ? here : store.names!.peaks.at(at);
    this.changing.draw(latent, peak || store.reach(selection));
  }

  /** What the kernel says of what was typed. */
  private drawSaid(): void {
    const { error, busy } = this.model.get("_said");
    this.ask.say(error);
    this.frame.root.classList.toggle("mi-behind", !!error);
    this.frame.label("stop", "stop", { hidden: !busy || this.model.get("prompt") === null });
  }

  private drawWords(): void {
    const { store, selection } = this;
    const { latent } = selection;
    this.sentence.replaceChildren(...sentence(store, selection));
    this.frame.announce(this.sentence.textContent!);
    this.changes.draw();
    const out = changeOf(this.model, latent) !== undefined;
    const changeable: boolean = this.model.get("_changeable");
    this.frame.label("switchOff", out ? "put back" : "take out", {
      pressed: out,
      hidden: !changeable || latent === null,
    });
    this.frame.label("reset", "reset", { hidden: !changesOf(this.model).length });
    this.frame.label("table", "as table", { pressed: !this.numbers.hidden });
    if (!this.numbers.hidden) this.numbers.replaceChildren(tokenTable(store, selection));
  }
}
