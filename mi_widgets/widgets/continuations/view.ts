/** One display of the widget: a row for each line, with what is likeliest next as bars. */
import { el } from "../_shared/dom";
import { Frame } from "../_shared/frame";
import type { Model } from "../_shared/model";
import { fixed } from "../_shared/numbers";
import { visible } from "../_shared/tokens";
import type { Line, Store } from "./store";

const LONGEST = 160; // characters of a prompt: its end is what matters

export class View {
  private frame: Frame;
  private rows = el("dl", { class: "mi-lines" });

  constructor(
    model: Model,
    private store: Store,
    element: HTMLElement,
  ) {
    this.frame = new Frame(element, [], [], () => this.draw());
    this.frame.root.classList.add("mi-continuations");
    this.frame.body.append(this.rows);
    this.frame.footer.hidden = true;
    const { title, model: name } = model.get("_header");
    this.frame.say({ title, facts: [name], warnings: [] });
    this.frame.until(store.source.onChange(() => this.draw()));
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const { lines } = this.store;
    this.rows.replaceChildren(...lines.flatMap((line) => [el("dt", {}, line.name), row(line)]));
    const done = lines.filter(({ writing }) => !writing);
    this.frame.announce(done.map(({ name, continuation }) => `${name}: ${continuation}`).join(". "));
    requestAnimationFrame(() => this.frame.painted());
  }
}

function row(line: Line): HTMLElement {
  if (line.error) return el("dd", { class: "mi-line mi-error", role: "alert" }, line.error);
  const shown = line.prompt.length > LONGEST ? `…${line.prompt.slice(-LONGEST)}` : line.prompt;
  const text = el(
    "p",
    { class: "mi-text" },
    el("span", { class: "mi-prompt" }, shown),
    el("strong", {}, line.continuation),
  );
  if (line.writing) text.append(el("span", { class: "mi-writing", "aria-hidden": "true" }, "▍"));
  return el("dd", { class: "mi-line", "aria-busy": String(line.writing) }, text, likely(line));
}

function likely({ name, likely }: Line): HTMLElement {
  const list = el("ol", { class: "mi-likely", "aria-label": `${name}: likeliest next tokens` });
  for (const [token, p] of likely) {
    const item = el(
      "li",
      { class: "mi-mono" },
      el("span", {}, visible(token)),
      el("span", { class: "mi-share" }, fixed(p, 2)),
    );
    item.style.setProperty("--mi-filled", `${(100 * p).toFixed(1)}%`);
    list.append(item);
  }
  return list;
}
