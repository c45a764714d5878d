/** The lens and its control in the browser: what travels is read by its labels. */
import type { Sides } from "../_shared/cell_gestures";
import type { MapName } from "../_shared/colour";
import { type Axis, LabelledData, type Labels } from "../_shared/labelled";
import { Tensor } from "../_shared/wire";

/** What colours can mean: how it is called, and the colours with what their ends mean. */
interface Colours {
  label: string;
  map: MapName;
  ends: [string, string];
}

/**
 * Rows are layers, the last one first; columns are positions. One for each model; its views share it.
 *
 * A cell is read by the labels of its line (0 is the lens, 1 its control), prompt, layer and position.
 */
export class Lens extends LabelledData implements Sides {
  get rows(): Axis {
    return this.axis("layer");
  }

  get columns(): Axis {
    return this.axis("pos");
  }

  /** The tokens that were asked for. */
  get asked(): readonly string[] {
    return this.axis("token_asked").labels as string[];
  }

  /** What the control is called; "" where there is none. */
  get control(): string {
    return this.derived.control_name;
  }

  /** In the order in which a key goes through them. */
  get colours(): Record<string, Colours> {
    return this.derived.colours;
  }

  /** Whether there is no token at a place: nothing is said of it. */
  padded(at: Labels): boolean {
    return Number.isNaN(this.numberAt("probability", at));
  }

  /** The text of the prompt at a position; "" where it is padded. */
  promptToken(at: Labels): string {
    return this.columns.texts(at)[this.columns.place(at.pos)!];
  }

  /** The cell that is spoken of: without a layer the top one, without a position the last; undefined of padding. */
  describedCell({ batch, layer, pos }: Labels): Labels | undefined {
    const last = pos ?? this.columns.labels[this.numberAt("last", { batch })];
    return last === undefined ? undefined : { line: 0, batch, layer: layer ?? this.rows.labels[0], pos: last };
  }

  /** The ranks of a token that was asked for over the layers, the first one first; 0 is the likeliest. */
  ranks(at: Labels): number[] {
    return this.rows.labels.map((layer) => this.numberAt("asked_rank", { ...at, layer })).reverse();
  }

  /** The numbers that colour the cells; of ranks minus the logarithm, so that likely is bright. */
  page(color: string, at: Labels): Tensor {
    if (color !== "rank") return this.get(color).slice(at).tensor;
    const { shape, codes, max } = this.get("asked_rank").slice(at).tensor;
    const values = Float32Array.from(codes, (rank) => -Math.log10(1 + rank));
    return new Tensor(shape, values, "float32", -Math.log10(1 + max), 0);
  }
}
