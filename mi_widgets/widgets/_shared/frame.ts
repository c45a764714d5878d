/** The frame every widget has: a header that says what is seen and what can be done, a body, a footer. */
import { copy, showForCopying } from "./clipboard";
import type { Theme } from "./colour";
import { button, el } from "./dom";
import { bindKeys, type Keys } from "./keyboard";
import { type Help, type Meaning, keyLabel } from "./keys";
import { currentTheme, watchTheme } from "./theme";
import { tooltip, type Tooltip } from "./tooltip";
import { watchWidth } from "./width";

export interface Action {
  label: string;
  key: Meaning;
  hint: string; // for the help, and for readers of the button
  run(): void;
}

export interface Header {
  title: string;
  facts: string[]; // model, size, unit
  warnings: string[];
  checks?: string; // how many were made, as in "14 checks"
}

export class Frame {
  // A click anywhere brings the focus here: what is typed next is meant for the widget, not for the notebook.
  readonly root = el("section", { class: "mi", tabindex: -1, "data-lm-suppress-shortcuts": "true" });
  readonly body = el("div", { class: "mi-body" });
  readonly footer = el("footer", { class: "mi-footer" });
  readonly extras = el("span", { class: "mi-extras" }); // controls of a view's own, before the actions
  readonly tooltip: Tooltip;
  theme: Theme = currentTheme();
  width = 0; // of the body, in CSS pixels; 0 until it is seen

  private title = el("strong", { class: "mi-title" });
  private facts = el("span", { class: "mi-facts" });
  private state = el("span", { class: "mi-state", tabindex: 0 });
  private actions = el("span", { class: "mi-actions" });
  private live = el("p", { class: "mi-hidden", "aria-live": "polite" });
  private help = el("div", { class: "mi-help", role: "note" });
  private buttons = new Map<Meaning, HTMLElement>();
  private stops: (() => void)[] = [];
  private paints = 0;

  /** @param draw called when the theme changes, and after `followWidth` when the width does. */
  constructor(
    el_: HTMLElement,
    actions: Action[],
    keys: Help,
    private draw: () => void,
  ) {
    const header = el("header", { class: "mi-header" }, this.title, this.facts, this.state, this.extras, this.actions);
    this.help.hidden = true;
    this.root.append(header, this.help, this.body, this.footer, this.live);
    this.root.dataset.theme = this.theme;
    this.tooltip = tooltip(this.root);
    const help: Action = { label: "?", key: "help", hint: "show the keys", run: () => this.toggleHelp() };
    this.until(
      bindKeys(this.root, this.addActions([...actions, help], keys)),
      watchTheme((theme) => this.setTheme(theme)),
    );
    // JupyterLab looks for its shortcuts at what has the focus first, and only then at what is around it.
    this.root.addEventListener("focusin", ({ target }) =>
      (target as HTMLElement).setAttribute("data-lm-suppress-shortcuts", "true"),
    );
    el_.append(this.root);
  }

  /** What is to be stopped when this display goes. */
  until(...stops: (() => void)[]): void {
    this.stops.push(...stops);
  }

  /** Draw as soon as there is room, and whenever it changes; called when the view is complete. */
  followWidth(): void {
    this.until(
      watchWidth(this.body, (width) => {
        this.width = width;
        this.draw();
      }),
    );
  }

  say(header: Header): void {
    this.title.textContent = header.title;
    this.facts.textContent = header.facts.join(" · ");
    const n = header.warnings.length;
    const counts = [header.checks, n ? `${n} warning${n > 1 ? "s" : ""}` : ""].filter(Boolean);
    this.state.textContent = `${n ? "⚠" : "✓"} ${counts.join(", ")}`.trim();
    this.state.classList.toggle("mi-warned", n > 0);
    const fine = header.checks ? "nothing to beware of" : "no warnings for these numbers";
    this.state.title = n ? header.warnings.join("\n") : fine;
    this.state.setAttribute("aria-label", this.state.title);
    this.root.setAttribute("aria-label", `${header.title}, ${header.facts.join(", ")}`);
  }

  /** Tell a screen reader; the picture says it to everybody else. */
  announce(text: string): void {
    if (this.live.textContent !== text) this.live.textContent = text;
  }

  /** A few lines beside the pointer, and perhaps a picture. */
  tip(event: MouseEvent, lines: [string, string][], picture?: HTMLElement): void {
    const { left, top } = this.root.getBoundingClientRect();
    this.tooltip.show(event.clientX - left, event.clientY - top, lines, picture);
  }

  /** Change what an action's button says, or hide it. */
  label(key: Meaning, text: string, options: { pressed?: boolean; hidden?: boolean } = {}): void {
    const element = this.buttons.get(key)!;
    element.firstChild!.textContent = text;
    element.hidden = options.hidden ?? false;
    if (options.pressed !== undefined) element.setAttribute("aria-pressed", String(options.pressed));
  }

  async copy(code: string): Promise<void> {
    const before = this.buttons.get("code")!.firstChild!.textContent!;
    if (!(await copy(code))) return showForCopying(this.root, code);
    if (before === "copied ✓") return;
    this.label("code", "copied ✓");
    this.announce("code copied");
    window.setTimeout(() => this.label("code", before), 1400);
  }

  /** Count a full picture, so that tests and benchmarks can wait for it. */
  painted(): void {
    this.root.dataset.painted = String(++this.paints);
    this.root.dataset.paintedAt ??= performance.now().toFixed(1);
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.root.remove();
  }

  private setTheme(theme: Theme): void {
    this.theme = theme;
    this.root.dataset.theme = theme;
    this.draw(); // even if it is the same: another light theme has other colours
  }

  private addActions(actions: Action[], keys: Help): Keys {
    const bound: Keys = {};
    const lines = keys.map(([meanings, hint]) => [meanings.map(keyLabel).join(" "), hint]);
    for (const action of actions) {
      bound[action.key] = action.run;
      const key = keyLabel(action.key);
      const children = action.key === "help" ? [key] : [el("span", {}, action.label), el("kbd", {}, key)];
      const element = button("mi-button", action.run, ...children);
      element.title = action.hint;
      this.buttons.set(action.key, element);
      this.actions.append(element);
      lines.push([key, action.hint]);
    }
    this.help.append(...lines.flatMap(([key, hint]) => [el("kbd", {}, key), el("span", {}, hint)]));
    return bound;
  }

  private toggleHelp(): void {
    this.help.hidden = !this.help.hidden;
  }
}
