/** The prompt below the pictures, coloured by what one of its tokens looks at. */
import type { Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { TokenStrip } from "../_shared/token_strip";
import { visible } from "../_shared/tokens";
import type { Tensor } from "../_shared/wire";
import type { Picture } from "./heads";
import type { Cell } from "./selection";

export class Text {
  readonly note = el("span", { class: "mi-from-note" });
  readonly strip: TokenStrip;

  constructor(on: { pick(query: number): void; hover(query: number | undefined): void }) {
    this.strip = new TokenStrip(on);
  }

  /** @param from the token that looks; @param lit the one under the pointer. */
  draw(picture: Picture, tensor: Tensor | undefined, from: number | null, lit: Cell["key"], theme: Theme): void {
    const n = picture.keyTokens.length;
    const levels = from === null || !tensor ? undefined : tensor.levels(0, 1).subarray(from * n, (from + 1) * n);
    this.strip.draw({ levels, map: "sequential", theme, from: from ?? undefined, lit: lit ?? undefined });
    if (from === null) this.note.replaceChildren("as text");
    else
      this.note.replaceChildren(
        "as text · attention from ",
        el("code", {}, `${from} ${visible(picture.queryTokens[from])}`),
      );
  }
}
