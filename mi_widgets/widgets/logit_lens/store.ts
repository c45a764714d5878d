/** What the displays of one model share: the lens and its control as they were sent, unpacked once. */
import type { Spot } from "../_shared/heat_map";
import type { Model } from "../_shared/model";
import { Sent } from "../_shared/sent";
import type { Label } from "../_shared/step_slider";
import { type Packed, type Tensor, unpack } from "../_shared/wire";
import { Page } from "./page";

export interface Selection {
  batch: Label;
  layer: Label | null;
  pos: Label | null;
}

interface SentCells {
  ranks: Label[];
  token: Packed;
  probability: Packed;
  entropy: Packed;
  kl: Packed;
  top_token: Packed;
  top_probability: Packed;
  asked_rank: Packed | null; // none where no token was asked for
  asked_probability: Packed | null;
}

interface SentLens {
  batch: Label[];
  layers: Label[]; // the last one first
  pos: Label[];
  asked: string[];
  tokens: Packed; // of the prompts, as places in `texts`
  texts: string[];
  cells: SentCells;
  control: SentCells | null;
  control_name: string;
}

export class Store {
  sent!: SentLens;
  private tokens!: Tensor;
  private pages!: Page[];
  private controls?: Page[];
  readonly source: Sent;

  constructor(private model: Model) {
    this.source = new Sent(model, "_lens", () => this.read());
  }

  dispose(): void {
    this.source.dispose();
  }

  page({ batch }: Selection): Page {
    return this.pages[this.sent.batch.indexOf(batch)];
  }

  controlPage({ batch }: Selection): Page | undefined {
    return this.controls?.[this.sent.batch.indexOf(batch)];
  }

  /** The texts of a prompt; "" where it is padded. */
  promptTokens({ batch }: Selection): string[] {
    return Array.from(this.tokens.part(this.sent.batch.indexOf(batch)).codes, (place) => this.sent.texts[place]);
  }

  /** The last position that is no padding; undefined where all of it is. */
  lastReal(selection: Selection): number | undefined {
    const page = this.page(selection);
    const { rows, columns } = page.probability;
    for (let column = columns - 1; column >= 0; column--) {
      for (let row = 0; row < rows; row++) if (page.has(row, column)) return column;
    }
    return undefined;
  }

  /** Where the selected layer and position are. */
  spot({ layer, pos }: Partial<Selection>): Spot {
    const place = (labels: Label[], label?: Label | null) => (label == null ? null : labels.indexOf(label));
    return { row: place(this.sent.layers, layer), column: place(this.sent.pos, pos) };
  }

  /** A layer and a position as a selection names them. */
  labels({ row, column }: Spot): Pick<Selection, "layer" | "pos"> {
    const { layers, pos } = this.sent;
    return { layer: row === null ? null : layers[row], pos: column === null ? null : pos[column] };
  }

  /** A selection that can be shown: a linked view may leave one that cannot. */
  fitting({ batch, layer, pos }: Selection): Selection {
    const { sent } = this;
    const known = (labels: Label[], label: Label | null) => (label !== null && labels.includes(label) ? label : null);
    return {
      batch: sent.batch.includes(batch) ? batch : sent.batch[0],
      layer: known(sent.layers, layer),
      pos: known(sent.pos, pos),
    };
  }

  /** The layers as numbers of an axis, the first one first: their labels, or places where these are texts. */
  get layerNumbers(): number[] {
    const upwards = [...this.sent.layers].reverse();
    return upwards.every((layer) => typeof layer === "number") ? (upwards as number[]) : upwards.map((_, i) => i);
  }

  /** The rank at the dark end of the colours. */
  get worst(): number {
    return this.sent.cells.asked_rank?.max ?? 0;
  }

  private read(): void {
    this.sent = this.model.get("_lens");
    this.tokens = unpack(this.sent.tokens);
    this.pages = this.readPages(this.sent.cells);
    this.controls = this.sent.control ? this.readPages(this.sent.control) : undefined;
  }

  private readPages(cells: SentCells): Page[] {
    const [token, probability, entropy, kl] = [cells.token, cells.probability, cells.entropy, cells.kl].map((p) =>
      unpack(p),
    );
    const [topToken, topProbability] = [unpack(cells.top_token), unpack(cells.top_probability)];
    const [rank, p] = [cells.asked_rank, cells.asked_probability].map((packed) => packed && unpack(packed));
    const asked = (tensor: Tensor | null, batch: number) =>
      tensor ? this.sent.asked.map((_, i) => tensor.part(i, batch)) : [];
    return this.sent.batch.map((_, i) => {
      const parts = {
        token: token.part(i),
        probability: probability.part(i),
        entropy: entropy.part(i),
        kl: kl.part(i),
        topToken: topToken.part(i),
        topProbability: topProbability.part(i),
        askedRank: asked(rank, i),
        askedProbability: asked(p, i),
      };
      return new Page(this.sent.texts, cells.ranks, parts);
    });
  }
}
