/**
 * What every view of a Result does. A view says what it is made of; everything that happens between the reader, the
 * kernel and linked views is here: selection, pointer, pages, keys, control, table, words.
 */
import { copyCode } from "./copying";
import type { Theme } from "./colour";
import { el } from "./dom";
import { type Action, Frame } from "./frame";
import { arrows, bindKeys, type Direction, type Keys } from "./keyboard";
import type { Help } from "./keys";
import { Labelled, type Labels } from "./labelled";
import { onHover, sayHover } from "./linked";
import { listen, type Model } from "./model";
import { type Page, Pages } from "./pages";
import { fitting, type Selection } from "./selection";
import type { Data } from "./sent";
import type { Label } from "./step_slider";

/** Lines of a tooltip. */
export type Lines = [string, string][];

/** What an action's button says now. */
export interface State {
  label?: string;
  pressed?: boolean;
  hidden?: boolean;
}

export interface ViewAction extends Action {
  state?(): State;
}

/** Where the parts of a view stand. */
export interface Parts {
  body: Node[];
  footer?: Node[]; // without it there is none
  extras?: Node[]; // in the header, after the controls of the pages
}

/** The table that says what the pictures show. */
export interface Table {
  name: string; // of the region, for readers who do not see it
  hint: string;
  make(): Node;
}

/**
 * A view is a subclass that declares `name` and `parts`, paints what is selected (`paint`) and says it (`sentence`).
 * Everything else has a default: no pages, no table, no control, no action but copying the code.
 */
export abstract class ResultView<D extends Data = Labelled, S extends Selection = Selection> {
  protected frame!: Frame;
  protected selection = {} as S; // one that can be shown
  protected hovered: Labels = {}; // what the pointer is on, here or in a linked view
  protected controlShown = false;
  protected readonly words = el("p", { class: "mi-sentence" });
  protected readonly numbers = el("div", { class: "mi-numbers", tabindex: 0, role: "region" });
  private readonly turned = new Pages((key, label) => this.turnTo(key, label));
  private buttons: ViewAction[] = [];
  private filled = false; // with the data that has come
  private tableShown?: boolean; // undefined until somebody asks

  constructor(
    protected readonly model: Model,
    protected readonly data: D,
  ) {}

  // -- what a view declares -----------------------------------------------------------------------------------------

  /** Of its folder and its class in CSS, without "mi-". */
  protected abstract readonly name: string;

  /** The view's own elements, with `words` and `numbers` among them. Called once. */
  protected abstract parts(): Parts;

  /** Draw what is selected. */
  protected abstract paint(): void;

  /** The picture in words. */
  protected abstract sentence(): (Node | string)[];

  /** Whether all that is selected has come from the kernel: what is drawn counts as painted. */
  protected get complete(): boolean {
    return true;
  }

  /** Make what depends on the data alone; `arrange` follows. Not called again before other data has come. */
  protected fill(): void {}

  /** Fit the pictures to the width, the theme and the data; `paint` follows. */
  protected arrange(): void {}

  /** Show what the pointer is on; nothing else changes. */
  protected light(): void {}

  /** Whether readers of the screen are told the sentence: not while it changes by itself. */
  protected get spoken(): boolean {
    return true;
  }

  /** Tell readers of a picture what the sentence says, and draw what depends on it. */
  protected describe(_said: string): void {}

  /** What the header says after the title; `header` is the trait. */
  protected facts({ model, unit }: Record<string, any>): string[] {
    return [model, unit];
  }

  /** Synced traits of the view's own; a change of one is drawn. */
  protected readonly traits: string[] = [];

  protected actions(): ViewAction[] {
    return [];
  }

  protected readonly table?: Table = undefined;

  /** Whether the table is shown where nobody has asked. */
  protected get tableFits(): boolean {
    return false;
  }

  /** Keys that are heard anywhere in the view, besides those of pages, actions, and Escape. */
  protected keys(): Keys {
    return {};
  }

  /** What the arrows do anywhere in the view, and the keys to either end. */
  protected arrow?(to: Direction): void;

  /** What the help says of keys other than those of pages and actions. */
  protected help(): Help {
    return [];
  }

  /** What Escape does, for the help. */
  protected readonly escape: string = "select nothing";

  protected pages(): Page[] {
    return [];
  }

  /** What another page changes in the selection besides the page. */
  protected turning(_key: string): Partial<S> {
    return {};
  }

  /** Labels that can be pointed at here, though not selected. */
  protected seen(): Record<string, unknown[]> {
    return {};
  }

  // -- what a view uses ---------------------------------------------------------------------------------------------

  protected get theme(): Theme {
    return this.frame.theme;
  }

  protected get header(): Record<string, any> {
    return this.model.get("_header");
  }

  protected get choices(): Record<string, unknown[]> {
    return this.model.get("_choices");
  }

  /** Set a trait, here and in the kernel. */
  set(trait: string, value: unknown): void {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  select(change: Partial<S>): void {
    const next = { ...this.selection, ...change };
    if (Object.entries(next).some(([key, label]) => this.selection[key] !== label)) this.set("selection", next);
  }

  /** Select nothing, of everything of which nothing may be selected. */
  protected clear(): void {
    const keys = Object.keys(this.choices).filter((key) => this.choices[key].includes(null));
    this.select(Object.fromEntries(keys.map((key) => [key, null])) as Partial<S>);
  }

  /** The pointer is on something, or on nothing: light it up, tell linked views, and say it beside the pointer. */
  point(labels: Labels, event?: MouseEvent, lines: Lines = [], picture?: HTMLElement): void {
    if (event && lines.length) this.frame.tip(event, lines, picture);
    else this.frame.tooltip.hide();
    if (this.lit(labels)) sayHover(this.model, labels);
  }

  /** Keys that move a selection, heard in an element. What is done by key is shown, not what the pointer is on. */
  arrows(element: HTMLElement, move: (to: Direction) => void): void {
    const moved = (to: Direction) => (this.point({}), move(to));
    this.until(bindKeys(element, arrows(moved)));
  }

  /** What is to be stopped when this display goes. */
  protected until(...stops: (() => void)[]): void {
    this.frame.until(...stops);
  }

  /** The action that puts the control in the picture's place. */
  protected controlAction(hint: string, name: () => string | undefined): ViewAction {
    return {
      label: "untrained",
      key: "control",
      hint,
      run: () => {
        if (!name()) return;
        this.controlShown = !this.controlShown;
        this.draw();
      },
      state: () => ({ label: name() || "untrained", pressed: this.controlShown, hidden: !name() }),
    };
  }

  /** Draw all of it, once it is seen. */
  protected draw(): void {
    if (!this.frame.width) return;
    if (!this.filled) this.fill();
    this.filled = true;
    this.arrange();
    this.drawSelection();
  }

  /** The words, the table and the buttons alone. */
  protected drawWords(): void {
    this.words.replaceChildren(...this.sentence());
    const said = this.words.textContent!;
    this.numbers.hidden = !this.table || !(this.tableShown ?? this.tableFits);
    if (!this.numbers.hidden) this.numbers.replaceChildren(this.table!.make());
    for (const { key, label, state } of this.buttons) {
      const now = state?.();
      if (now) this.frame.label(key, now.label ?? label, now);
    }
    this.describe(said);
    if (this.spoken) this.frame.announce(said);
  }

  // -- from here on: how it works -----------------------------------------------------------------------------------

  /** Make one display; called when the view is constructed. */
  open(element: HTMLElement): void {
    this.buttons = [...this.actions(), ...this.commonActions()];
    this.read(false);
    this.frame = new Frame(element, this.buttons, this.allHelp(), () => this.draw());
    this.frame.root.classList.add(`mi-${this.name}`);
    if (this.arrow) this.arrows(this.frame.root, (to) => this.arrow!(to));
    const { body, footer, extras = [] } = this.parts();
    this.numbers.setAttribute("aria-label", this.table?.name ?? "");
    this.frame.extras.append(this.turned.element, ...extras);
    this.frame.body.append(...body);
    this.frame.footer.append(...(footer ?? []));
    this.frame.footer.hidden = !footer;
    this.until(bindKeys(this.frame.root, { ...this.commonKeys(), ...this.keys() }));
    this.listen();
    this.read();
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  private commonActions(): ViewAction[] {
    const { table } = this;
    const code: ViewAction = {
      label: "copy code",
      key: "code",
      hint: "copy the Python that makes this view",
      run: () => copyCode(this.model, this.frame),
    };
    if (!table) return [code];
    const toggle = () => {
      this.tableShown = this.numbers.hidden;
      this.drawWords();
    };
    const state = () => ({ pressed: !this.numbers.hidden });
    return [{ label: "as table", key: "table", hint: table.hint, run: toggle, state }, code];
  }

  private get canClear(): boolean {
    return Object.values(this.choices).some((labels) => labels.includes(null));
  }

  private commonKeys(): Keys {
    const quietly = (run: () => void) => () => (this.point({}), run());
    return {
      ...(this.canClear ? { nothing: quietly(() => this.clear()) } : {}),
      stepBefore: quietly(() => this.turned.shiftStep(-1)),
      stepAfter: quietly(() => this.turned.shiftStep(1)),
      promptBefore: quietly(() => this.turned.shiftPrompt(-1)),
      promptAfter: quietly(() => this.turned.shiftPrompt(1)),
    };
  }

  private allHelp(): Help {
    const escape: Help = this.canClear ? [[["nothing"], this.escape]] : [];
    return [...this.help(), ...escape, ...this.turned.help];
  }

  private turnTo(key: string, label: Label): void {
    this.point({});
    this.select({ ...this.turning(key), [key]: label } as Partial<S>);
  }

  private listen(): void {
    const all = () => {
      this.read();
      this.draw();
    };
    const sent = () => {
      this.filled = false;
      all();
    };
    const selected = () => {
      this.read();
      this.drawSelection();
    };
    const traits = ["_header", ...this.traits].map((name) => [`change:${name}`, all]);
    this.until(
      this.data.source.onChange(sent),
      listen(this.model, { ...Object.fromEntries(traits), "change:selection": selected }),
      onHover(
        this.model,
        (labels) => void this.lit(labels as Labels),
        () => this.seen(),
      ),
    );
  }

  /** Read the selection and what follows from it. */
  private read(shown = true): void {
    this.selection = fitting(this.model.get("selection"), this.selection, this.choices) as S;
    this.turned.say(this.pages(), this.selection);
    const { title, warnings, checks } = this.header;
    if (shown) this.frame.say({ title, facts: this.facts(this.header), warnings, checks });
  }

  /** Light something up; false if it was already. */
  private lit(labels: Labels): boolean {
    const keys = Object.keys({ ...labels, ...this.hovered });
    if (keys.every((key) => labels[key] === this.hovered[key])) return false;
    this.hovered = labels;
    if (this.frame.width) this.light();
    return true;
  }

  private drawSelection(): void {
    if (!this.frame.width) return;
    this.paint();
    this.light();
    this.drawWords();
    if (this.complete) requestAnimationFrame(() => this.frame.painted());
  }
}
