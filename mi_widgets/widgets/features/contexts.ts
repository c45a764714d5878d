/** Where a latent fires: one text a line, lined up at the token where it fires most. */
import type { Theme } from "../_shared/colour";
import { type ColourBar, colourBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { reading } from "../_shared/numbers";
import { ends, type Scale } from "../_shared/scale";
import { TokenStrip } from "../_shared/token_strip";
import type { Context, Store } from "./store";
import { contextText } from "./words";

type Hover = (context: Context | undefined, i: number, event: PointerEvent) => void;

/** A text in two strips: what comes before the token where the latent fires most, and it with what comes after. */
class Line {
  readonly element = el("li", { class: "mi-context" });
  private peak = el("span", { class: "mi-context-peak" });
  private strips: TokenStrip[];
  private context?: Context;
  private middle = 0;

  constructor(hover: Hover) {
    this.strips = [0, 1].map(
      (part) =>
        new TokenStrip({
          pick: () => {},
          hover: (i, event) =>
            i === undefined ? hover(undefined, 0, event) : hover(this.context, i + part * this.middle, event),
        }),
    );
    this.element.append(this.peak, ...this.strips.map(({ element }) => element));
    for (const { element } of this.strips) element.setAttribute("aria-hidden", "true"); // the line says it
  }

  draw(context: Context, middle: number, scale: Scale, theme: Theme): void {
    [this.context, this.middle] = [context, middle];
    const levels = context.activations.levels(scale.low, scale.high);
    const parts = [
      [0, middle],
      [middle, context.tokens.length],
    ];
    this.strips.forEach((strip, part) => {
      const [from, to] = parts[part];
      strip.setTokens(context.tokens.slice(from, to));
      strip.draw({ levels: levels.subarray(from, to), map: scale.map, theme, from: part ? 0 : undefined });
    });
    this.peak.textContent = reading(context.peak);
    this.element.setAttribute("aria-label", contextText(context, middle));
  }
}

export class Contexts {
  readonly element = el("div", { class: "mi-contexts" });
  private list = el("ol", { class: "mi-context-list", "aria-label": "strongest contexts" });
  private none = el("p", { class: "mi-facts" }, "It fires at no token of these texts.");
  private lines: Line[] = [];
  private bar?: ColourBar;

  constructor(private hover: Hover) {
    this.element.append(this.list, this.none);
  }

  draw(store: Store, at: number, theme: Theme): void {
    const contexts = store.contexts(at);
    const scale: Scale = { map: "sequential", low: 0, high: store.names.peaks.at(at) || 1 };
    while (this.lines.length < contexts.length) this.lines.push(new Line(this.hover));
    contexts.forEach((context, i) => this.lines[i].draw(context, store.place.indexOf(0), scale, theme));
    this.list.replaceChildren(...this.lines.slice(0, contexts.length).map(({ element }) => element));
    this.none.hidden = contexts.length > 0;
    this.bar?.element.remove();
    this.bar = undefined;
    if (!contexts.length) return;
    this.bar = colourBar({ map: scale.map, ...ends(scale), note: "activation · outlined: where it fires most" });
    this.bar.draw(theme);
    this.element.append(this.bar.element);
  }
}
