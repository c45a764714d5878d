/** Where a latent fires: one text a line, lined up at the token where it fires most. */
import type { Theme } from "../_shared/colour";
import { drawBar } from "../_shared/colour_bar";
import { el } from "../_shared/dom";
import { numberText } from "../_shared/numbers";
import { highest, type ColourScale } from "../_shared/scale";
import { TokenStrip } from "../_shared/token_strip";
import type { Context, Store } from "./store";
import { contextText } from "./words";

type Hover = (event: PointerEvent, context: Context, i: number | undefined) => void;

/** A text in two strips: what comes before the token where the latent fires most, and it with what comes after. */
function line(context: Context, middle: number, scale: ColourScale, theme: Theme, hover: Hover): HTMLElement {
  const levels = context.activations.levels(scale.low, scale.high);
  const parts = [
    [0, middle],
    [middle, context.tokens.length],
  ];
  const strips = parts.map(([from, to], part) => {
    const strip = new TokenStrip({
      pick: () => {},
      hover: (i, event) => hover(event, context, i === undefined ? i : i + from),
    });
    strip.setTokens(context.tokens.slice(from, to));
    strip.draw({ levels: levels.subarray(from, to), map: scale.map, theme, from: part ? 0 : undefined });
    strip.element.setAttribute("aria-hidden", "true"); // the line says it
    return strip.element;
  });
  const peak = el("span", { class: "mi-context-peak" }, numberText(context.peak));
  return el("li", { class: "mi-context", "aria-label": contextText(context, middle) }, peak, ...strips);
}

export class Contexts {
  readonly element: HTMLElement;
  private list = el("ol", { class: "mi-context-list", "aria-label": "strongest contexts" });
  private none = el("p", { class: "mi-facts" }, "It fires at no token of these texts.");
  private bar = el("div");

  constructor(private hover: Hover) {
    this.element = el("div", { class: "mi-contexts" }, this.list, this.none, this.bar);
  }

  draw(store: Store, latent: number, theme: Theme): void {
    const contexts = store.contexts(latent);
    const scale: ColourScale = { map: "sequential", low: 0, high: highest([store.names.peak(latent)]) || 1 };
    const middle = store.place.indexOf(0);
    this.list.replaceChildren(...contexts.map((context) => line(context, middle, scale, theme, this.hover)));
    this.none.hidden = contexts.length > 0;
    this.bar.hidden = !contexts.length;
    drawBar(this.bar, scale, theme, "activation · outlined: where it fires most");
  }
}
