/** The prompt as running text, each token coloured by a number. */
import { css, inkOn, type MapName, type Theme } from "./colour";
import { el, indexAt } from "./dom";
import { visible } from "./tokens";
import { NAN_LEVEL } from "./wire";

export interface StripState {
  levels: Uint8Array | undefined; // a token's colour; none where undefined
  map: MapName;
  theme: Theme;
  from?: number; // the token that looks: outlined
  lit?: number; // the token under the pointer
}

export class TokenStrip {
  readonly element = el("div", { class: "mi-strip", role: "list" });
  private spans: HTMLElement[] = [];
  private tokens?: readonly string[];

  constructor(on: { pick(index: number): void; hover(index: number | undefined, event: PointerEvent): void }) {
    this.element.addEventListener("click", (event) => {
      const picked = indexAt(event);
      if (picked !== undefined) on.pick(picked);
    });
    this.element.addEventListener("pointerover", (event) => on.hover(indexAt(event), event));
    this.element.addEventListener("pointerleave", (event) => on.hover(undefined, event));
  }

  setTokens(tokens: readonly string[]): void {
    if (tokens === this.tokens) return;
    this.tokens = tokens;
    this.spans = tokens.map((token, i) => {
      // A leading space stays a space here, as in running text; other whitespace is made visible.
      const text = token.startsWith(" ") && token.length > 1 ? ` ${visible(token.slice(1))}` : visible(token);
      const span = el("span", { class: "mi-token", "data-index": i, role: "listitem" }, text);
      span.hidden = token === ""; // padding
      return span;
    });
    this.element.replaceChildren(...this.spans);
  }

  /** Bring a token into sight, within the strip alone: the page around it must not jump. */
  reveal(index: number): void {
    const [span, box] = [this.spans[index], this.element];
    if (!span) return;
    const [top, bottom] = [span.offsetTop - box.offsetTop, span.offsetTop - box.offsetTop + span.offsetHeight];
    if (top < box.scrollTop || bottom > box.scrollTop + box.clientHeight) box.scrollTop = top - box.clientHeight / 2;
  }

  /** The token above (-1) or below (1) another, as the lines are broken now; itself if there is none. */
  beside(index: number, by: -1 | 1): number {
    const { spans } = this;
    const lineOf = (i: number) => spans[i].offsetTop;
    let at = index;
    while (spans[at] && (lineOf(at) === lineOf(index) || spans[at].hidden)) at += by;
    if (!spans[at]) return index;
    const line = spans.map((_, i) => i).filter((i) => lineOf(i) === lineOf(at) && !spans[i].hidden);
    const away = (i: number) => Math.abs(spans[i].offsetLeft - spans[index].offsetLeft);
    return line.reduce((best, i) => (away(i) < away(best) ? i : best));
  }

  /** What follows the pointer alone: the colours stay as they were drawn. */
  light({ from, lit }: Pick<StripState, "from" | "lit">): void {
    this.spans.forEach((span, i) => {
      span.classList.toggle("mi-from", i === from);
      span.classList.toggle("mi-lit", i === lit);
    });
  }

  draw(state: StripState): void {
    this.spans.forEach((span, i) => {
      const level = state.levels?.[i] ?? NAN_LEVEL;
      span.style.background = css(state.map, state.theme, level);
      span.style.color = inkOn(state.map, state.theme, level) ?? "";
    });
    this.light(state);
  }
}
