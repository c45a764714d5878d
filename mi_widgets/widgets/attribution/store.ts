/** What the displays of one model share: the largest terms with their names, and the exact sums of all. */
import { Labelled } from "../_shared/labelled";
import { listen, type Model } from "../_shared/model";
import type { Scale } from "../_shared/scale";
import type { Tensor } from "../_shared/wire";
import { type Selection, settled } from "./chosen";

/** Numbers of one prompt. */
export interface Numbers {
  values: ArrayLike<number>; // of the terms that were sent
  unsent: number; // the sum of the terms without a name here
  grid: Tensor; // (layer, part)
  running: ArrayLike<number>;
}

/** One prompt: what is measured, and what it is compared with. */
export interface Prompt extends Numbers {
  batch: Selection["batch"];
  difference: number;
  right: string;
  wrong: string;
  control?: Numbers;
  order: number[]; // the terms, the largest first
}

/** The labels of the axes, and what else is said once for all prompts. */
interface Named {
  names: string[]; // of the terms that were sent
  layers: number[];
  columns: string[];
  stages: string[];
  heads: number[]; // of the first columns
  n_terms: number;
  control: { name: string } | null;
}

/** Where a term stands, a number each; -1 for nowhere. */
const PLACES = ["row", "column", "stage", "pos", "alone"] as const;

type Where = Record<(typeof PLACES)[number], ArrayLike<number>>;

/** One for each model; its views share it. */
export class Store extends Labelled {
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

  get sent(): Named {
    const [names, layers, columns, stages] = ["term", "layer", "part", "stage"].map((name) => this.axis(name).labels);
    return { names, layers, columns, stages, ...this.derived } as unknown as Named;
  }

  /** The colours of the terms. */
  get scale(): Scale {
    return this.get("values").scale;
  }

  get where(): Where {
    const where = this.get("where");
    return Object.fromEntries(PLACES.map((place) => [place, where.slice({ place }).tensor.codes])) as unknown as Where;
  }

  /** The selected prompt. */
  prompt({ batch }: Selection): Prompt {
    const ours = this.numbers(0, batch);
    return {
      ...ours,
      batch,
      difference: this.get("difference").at({ batch }),
      right: this.get("right").text({ batch }),
      wrong: this.get("wrong").text({ batch }),
      control: this.derived.control ? this.numbers(1, batch) : undefined,
      order: bySize(ours.values),
    };
  }

  /** The place of a term among those that were sent. */
  place(term: string | null): number | undefined {
    return this.axis("term").place(term);
  }

  /** The text of the token that a term moves; "" if it moves none. */
  token(term: number, { batch }: Prompt): string {
    return this.get("token").text({ batch, term: this.sent.names[term] });
  }

  /** Whether a column of the grid is a head's, and not the MLP's. */
  isHead(column: number): boolean {
    return column >= 0 && column < this.derived.heads.length;
  }

  /** How many terms were not sent. */
  get unsent(): number {
    return this.derived.n_terms - this.sent.names.length;
  }

  /** Whether cells of the grid are sums of several terms. */
  get summed(): boolean {
    const { row, alone } = this.where;
    return Array.from(row).some((row, i) => row >= 0 && !alone[i]);
  }

  /** @param of 0 for what is measured, 1 for the control. */
  private numbers(of: number, batch: Selection["batch"]): Numbers {
    const part = (name: string) => this.get(name).slice({ of, batch }).tensor;
    return {
      values: part("values").codes,
      unsent: part("unsent").at(0),
      grid: part("grid"),
      running: part("running").codes,
    };
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

/** The places of numbers, the largest by size first; where there is none, at the end. */
function bySize(values: ArrayLike<number>): number[] {
  const size = (i: number) => (Number.isNaN(values[i]) ? -1 : Math.abs(values[i]));
  return Array.from(values, (_, i) => i).sort((a, b) => size(b) - size(a) || a - b);
}
