/** The colour bar: what the colours mean, in numbers, and a note on how the picture was made. */
import { gradient, type MapName, type Theme } from "./colour";
import { el } from "./dom";
import { ends, type ColourScale } from "./scale";

export interface ColourBar {
  element: HTMLElement;
  draw(theme: Theme): void;
}

export function colourBar(options: { map: MapName; low: string; high: string; note?: string }): ColourBar {
  const ramp = el("span", { class: "mi-bar-ramp", "aria-hidden": "true" });
  const element = el(
    "div",
    { class: "mi-bar", role: "img", "aria-label": `colours from ${options.low} to ${options.high}` },
    el("span", {}, options.low),
    ramp,
    el("span", {}, options.high),
  );
  if (options.note) element.append(el("span", { class: "mi-bar-note" }, options.note));
  return {
    element,
    draw(theme) {
      ramp.style.background = gradient(options.map, theme);
    },
  };
}

/** Put the bar of a scale in its place. */
export function drawBar(place: HTMLElement, scale: ColourScale, theme: Theme, note?: string): void {
  const bar = colourBar({ map: scale.map, ...ends(scale), note });
  bar.draw(theme);
  place.replaceChildren(bar.element);
}
