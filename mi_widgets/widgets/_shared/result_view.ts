/**
 * What every view of a Result does. A view says what it is made of (`declared_view.ts`); everything that happens
 * between the reader, the kernel and linked views is here: selection, pointer, pages, keys, control, table, words.
 */
import { copyCode } from "./copying";
import type { Theme } from "./colour";
import { DeclaredView, type Lines, type ViewAction } from "./declared_view";
import { Frame } from "./frame";
import { arrows, bindKeys, type Direction, type Keys } from "./keyboard";
import type { Help } from "./keys";
import type { LabelledData, Labels } from "./labelled";
import { onHover, sayHover } from "./linked";
import { listen } from "./model";
import { Pages } from "./pages";
import { fitting, type Selection } from "./selection";
import type { Data } from "./synced_trait";
import type { Label } from "./step_slider";

export type { Lines, ViewAction } from "./declared_view";

/**
 * A view is a subclass that declares `name` and `parts`, paints what is selected (`paint`) and says it (`sentence`).
 * Everything else has a default: no pages, no table, no control, no action but copying the code.
 */
export abstract class ResultView<D extends Data = LabelledData, S extends Selection = Selection> extends DeclaredView<
  D,
  S
> {
  private readonly turned = new Pages((key, label) => this.turnTo(key, label));
  private buttons: ViewAction[] = [];
  private filled = false; // with the data that has come
  private tableShown?: boolean; // undefined until somebody asks

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
