/** What the displays of one model share: the largest terms with their names, and the exact sums of all. */
import type { Spot } from "../_shared/heat_map";
import { LabelledData, type Labels } from "../_shared/labelled";
import { listen, type Model } from "../_shared/model";
import type { ColourScale } from "../_shared/scale";
import type { Label } from "../_shared/step_slider";
import { quoted } from "../_shared/tokens";
import type { Tensor } from "../_shared/wire";
import { type Selection, settled } from "./chosen";

/** One for each model; its views share it. Of each number there are two where there is a control. */
export class Terms extends LabelledData {
  private settled: Selection;
  private readonly leave: () => void;

  constructor(model: Model) {
    super(model);
    this.settled = model.get("selection");
    this.leave = listen(model, { "change:selection": () => this.settle(model) });
  }

  dispose(): void {
    this.leave();
    super.dispose();
  }

  /** What the control is called; "" where there is none. */
  get control(): string {
    return this.derived.control_name;
  }

  /** The model's numbers of the heads, which are the grid's first columns; none if terms are not heads'. */
  get heads(): number[] {
    return this.derived.heads;
  }

  get unit(): string {
    return this.get("values").unit;
  }

  /** The colours of the terms. */
  get scale(): ColourScale {
    return this.get("values").scale;
  }

  /** How many terms there are with those that were not sent. */
  get count(): number {
    return this.derived.n_terms;
  }

  /** The names of a prompt's terms, the largest first. */
  order({ batch }: Labels): string[] {
    return Array.from(this.get("order").slice({ batch }).tensor.codes, (place) => this.termAt(place)!);
  }

  /** Both answers of a prompt, in quotation marks. */
  answers(at: Labels): { right: string; wrong: string } {
    const said = (name: string) => quoted(this.textAt(name, at));
    return { right: said("right"), wrong: said("wrong") };
  }

  /** What is measured at some labels, and what of the control. */
  numbers(name: string, at: Labels): number[] {
    return this.axis("of").labels.map((of) => this.numberAt(name, { ...at, of }));
  }

  /** The same along the last axis, which has no label. */
  rows(name: string, { batch }: Labels): Tensor[] {
    return this.axis("of").labels.map((of) => this.get(name).slice({ of, batch }).tensor);
  }

  /** Whether a term was sent. */
  knows(term: unknown): term is string {
    return this.axis("term").place(term) !== undefined;
  }

  /** The cell of the grid that a term is in, or where a layer or a head is selected alone its row or column. */
  spotOf({ term, layer, head }: Labels): Spot {
    if (!this.knows(term)) {
      return { row: this.axis("layer").place(layer) ?? null, column: this.axis("part").place(`H${head}`) ?? null };
    }
    const place = (name: string) => {
      const found = this.numberAt(name, { term });
      return Number.isNaN(found) ? null : found;
    };
    return { row: place("row"), column: place("column") };
  }

  /** The layer and the head of a cell, a row or a column; no head where that is another part of the model's. */
  headAt({ row, column }: Spot) {
    const layer = row === null ? null : (this.axis("layer").labels[row] as number);
    return { layer, head: column === null ? null : (this.heads[column] ?? null) };
  }

  /** The term that a cell stands for: its largest; none where it is empty, or has several of one head. */
  picked(batch: Label, { row, column }: Spot): string | undefined {
    if (row === null || column === null) return undefined;
    return this.termAt(this.get("picked").slice({ batch }).tensor.value(row, column));
  }

  private termAt(place: number): string | undefined {
    return this.axis("term").labels[place] as string | undefined;
  }

  /** Bring the parts of the selection into agreement: a linked view knows heads, but not their terms. */
  private settle(model: Model): void {
    const now: Selection = model.get("selection");
    const wanted = settled(this, now, this.settled);
    this.settled = wanted;
    if (wanted.term === now.term && wanted.layer === now.layer && wanted.head === now.head) return;
    model.set("selection", wanted);
    model.save_changes();
  }
}
