/** The text, once for each line of numbers, in the same colours and broken at the same places. */
import { el } from "../_shared/dom";
import type { Theme } from "../_shared/colour";
import type { ColourScale } from "../_shared/scale";
import { TokenStrip } from "../_shared/token_strip";
import type { Text } from "./store";

export class Lines {
  readonly element = el("div", { class: "mi-texts", tabindex: 0, role: "group", "aria-label": "the text" });
  private strips: TokenStrip[] = [];

  constructor(private on: ConstructorParameters<typeof TokenStrip>[0]) {}

  /** A strip for each name; a text alone needs none. */
  fill(names: string[]): void {
    this.strips = names.map(() => new TokenStrip(this.on));
    this.element.classList.toggle("mi-several", names.length > 1);
    this.element.replaceChildren(
      ...this.strips.flatMap(({ element }, i) => {
        element.setAttribute("aria-label", names[i]);
        element.addEventListener("scroll", () => this.scrolled(element));
        return names.length > 1
          ? [el("span", { class: "mi-text-name", title: names[i] }, names[i]), element]
          : [element];
      }),
    );
  }

  draw(text: Text, scale: ColourScale, theme: Theme): void {
    this.strips.forEach((strip, i) => {
      strip.setTokens(text.tokens);
      strip.draw({ levels: text.rows[i].levels(scale.low, scale.high), map: scale.map, theme });
    });
  }

  light(from: number | undefined, lit: number | undefined): void {
    for (const strip of this.strips) strip.light({ from, lit });
  }

  reveal(index: number): void {
    for (const strip of this.strips) strip.reveal(index);
  }

  beside(index: number, by: -1 | 1): number {
    return this.strips[0].beside(index, by);
  }

  /** The same place of the text is seen in all of them. */
  private scrolled(by: HTMLElement): void {
    for (const { element } of this.strips) {
      if (element.scrollTop !== by.scrollTop) element.scrollTop = by.scrollTop;
    }
  }
}
