/** The field in which another text is written, where somebody answers; and what is wrong with it. */
import { el } from "./dom";
import { listen, type Model } from "./model";

export class Ask {
  readonly element: HTMLElement;
  private field = el("textarea", { class: "mi-ask", rows: 1, spellcheck: false, "aria-label": "the text" });
  private error = el("p", { class: "mi-error", role: "alert" });

  /** @param leave called when the reader is done with it. */
  constructor(
    private model: Model,
    leave: () => void,
  ) {
    this.element = el("div", {}, this.field, this.error);
    this.element.hidden = model.get("prompt") === null;
    this.field.addEventListener("input", () => {
      this.fit();
      model.set("prompt", this.field.value);
      model.save_changes();
    });
    this.field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") leave();
    });
    this.read();
  }

  /** Follow the kernel; returns what stops it. */
  follow(): () => void {
    return listen(this.model, { "change:prompt": () => this.read() });
  }

  focus(): void {
    this.field.focus();
  }

  say(error: string): void {
    this.error.textContent = error;
    this.error.hidden = !error;
    this.fit();
  }

  private read(): void {
    const text: string = this.model.get("prompt") ?? "";
    if (this.field.value !== text) this.field.value = text;
    this.fit();
  }

  /** As high as the text. */
  private fit(): void {
    this.field.rows = Math.min(8, Math.max(1, this.field.value.split("\n").length));
  }
}
