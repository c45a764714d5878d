/** The choice of the token that is followed: one of those that were asked for. */
import { el } from "../_shared/dom";
import { visible } from "../_shared/tokens";

export class Pin {
  private choice = el("select", { class: "mi-button", "aria-label": "token to follow" });
  readonly element = el("label", { class: "mi-extras mi-facts" }, "pin", this.choice);
  private tokens?: readonly string[];

  /** @param pick called with a token. */
  constructor(pick: (token: string) => void) {
    this.choice.addEventListener("change", () => pick(this.tokens![Number(this.choice.value)]));
  }

  /** Nothing is shown where no token was asked for. */
  say(tokens: readonly string[], pinned: string | null): void {
    this.element.hidden = tokens.length === 0;
    if (tokens !== this.tokens) {
      this.tokens = tokens;
      this.choice.replaceChildren(...tokens.map((token, i) => el("option", { value: i }, visible(token))));
    }
    this.choice.value = String(tokens.indexOf(pinned!));
  }
}
