/** The likeliest next tokens, each with a bar as it is and a bar steered. */
import { el } from "../_shared/dom";
import { probability } from "../_shared/numbers";
import { visible } from "../_shared/tokens";

export type NextToken = [text: string, asItIs: number, steered: number];

export class Bars {
  readonly element = el("ol", { class: "mi-next", "aria-label": "likeliest next tokens, as it is and steered" });

  draw(tokens: readonly NextToken[]): void {
    const most = Math.max(1e-9, ...tokens.map(([, before, after]) => Math.max(before, after)));
    this.element.replaceChildren(...tokens.map((token) => this.row(token, most)));
  }

  private row([text, before, after]: NextToken, most: number): HTMLElement {
    const bars = el("span", { class: "mi-pair", "aria-hidden": "true" });
    for (const [value, name] of [
      [before, "mi-before"],
      [after, "mi-after"],
    ] as const) {
      const bar = el("span", { class: name });
      bar.style.width = `${((100 * value) / most).toFixed(2)}%`;
      bars.append(bar);
    }
    const said = `${visible(text)}: ${probability(before)} as it is, ${probability(after)} steered`;
    return el(
      "li",
      { title: said },
      el("span", { class: "mi-mono mi-next-token" }, visible(text)),
      bars,
      el("span", { class: "mi-mono" }, probability(after)),
      el("span", { class: "mi-hidden" }, ` steered, ${probability(before)} as it is`),
    );
  }
}
