/** What the pointer is on, here or in a linked view: lit, named in the tooltip, and told to those that are linked. */
import type { Frame } from "../_shared/frame";
import { type HeadPlace, same } from "../_shared/heads_off";
import { Lens } from "../_shared/lens";
import { type Labels, onHover, sayHover } from "../_shared/linked";
import type { Model } from "../_shared/model";
import type { Tensor } from "../_shared/wire";
import type { Picture } from "./heads";
import { type Cell, spotOf } from "./selection";
import { pointedAt } from "./words";

export interface Lit extends Cell {
  head?: HeadPlace; // a thumbnail
}

const NOTHING: Lit = { query: null, key: null };

export class Pointing {
  lit: Lit = NOTHING;
  readonly stop: () => void;
  private lens = new Lens();

  /** @param changed called when something else is to be lit. */
  constructor(
    private model: Model,
    private frame: Frame,
    private changed: () => void,
  ) {
    this.stop = onHover(model, (labels) => this.light(litBy(labels)));
  }

  /** Whether a row or a column is lit. */
  get onCells(): boolean {
    return this.lit.query !== null || this.lit.key !== null;
  }

  /** After a click or a key, what was done is shown, not what the pointer happens to be on. */
  forget(): void {
    this.hover();
  }

  hover(on: Partial<Lit> = NOTHING): void {
    const lit = { ...NOTHING, ...on };
    if (lit.query === null && lit.key === null) this.frame.tooltip.hide();
    if (!this.light(lit)) return;
    const { head, ...cell } = lit;
    sayHover(
      this.model,
      Object.fromEntries(Object.entries({ ...head, ...cell }).filter(([, place]) => place !== null)),
    );
  }

  /** The tooltip beside the pointer, with a lens where cells are small. */
  tell(event: PointerEvent, cell: Cell, picture: Picture, tensor: Tensor | undefined, cellSize: number): void {
    const lines = pointedAt(cell, picture, tensor);
    if (!lines.length) return;
    const magnified = tensor && this.lens.draw(tensor, spotOf(cell), cellSize, this.frame.theme, "sequential");
    this.frame.tip(event, lines, magnified);
  }

  /** Light something; false if it was lit already. */
  private light(lit: Lit): boolean {
    const { query, key, head } = this.lit;
    const sameHead = head && lit.head ? same(head, lit.head) : head === lit.head;
    if (lit.query === query && lit.key === key && sameHead) return false;
    this.lit = lit;
    this.changed();
    return true;
  }
}

function litBy(labels: Labels): Lit {
  const { query = null, key = null, layer, head } = labels as Partial<Cell & HeadPlace>;
  return { query, key, head: layer === undefined || head === undefined ? undefined : { layer, head } };
}
