/** The words beside the pictures: the sentence on the head, the row in numbers, what is switched off. */
import type { Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { Effect, type HeadPlace } from "../_shared/heads_off";
import type { Full, Picture } from "./heads";
import type { Score } from "./scores";
import type { Selection } from "./selection";
import { headSentence, rowSentence, rowTable } from "./words";

export interface PanelState {
  selection: Selection;
  picture: Picture;
  full: Full;
  scores: Score[];
  ablated: HeadPlace[];
  off: boolean; // whether the selected head is among the ablated
  theme: Theme;
}

export class Panel {
  readonly effect = new Effect();
  readonly element: HTMLElement;
  private sentence = el("p", { class: "mi-sentence" });
  private row = el("p", { class: "mi-sentence" });
  private note = el("p", { class: "mi-note" });
  private numbers = el("div");

  constructor() {
    this.element = el("div", { class: "mi-words" }, this.sentence, this.row, this.note, this.numbers);
  }

  get tableShown(): boolean {
    return !this.numbers.hidden;
  }

  toggleTable(): void {
    this.numbers.hidden = !this.numbers.hidden;
  }

  /** What is seen, for those who do not see it. */
  get said(): string {
    return `${this.sentence.textContent}. ${this.row.textContent}`;
  }

  draw(state: PanelState): void {
    const { selection, picture, full } = state;
    this.sentence.replaceChildren(...headSentence(selection, picture, state.scores, state.off));
    this.row.replaceChildren(...rowSentence(selection, picture, full.tensor));
    this.note.textContent = awaited(selection, picture) || full.note || "";
    if (this.tableShown) this.numbers.replaceChildren(rowTable(selection, picture, full.tensor, state.theme));
    this.effect.say(state.ablated.length);
  }
}

/** What is selected but has not come yet: the picture still shows what was there before. */
function awaited({ batch, step }: Selection, picture: Picture): string | undefined {
  if (batch !== picture.batch) return `waiting for prompt ${batch} from the kernel …`;
  if (step !== undefined && !picture.steps?.includes(step)) return `waiting for step ${step} from the kernel …`;
  return undefined;
}
