/** The numbers in the browser: how the features lie at every instance, unpacked once for all displays. */
import type { Model } from "../_shared/model";
import { Sent } from "../_shared/sent";
import { type Packed, Tensor, unpack } from "../_shared/wire";

export interface Selection {
  instance: number;
  feature: number;
}

export interface SentInstances {
  instances: number[];
  features: number[];
  hidden: number;
  sparsities: string[];
  importances: number[];
  x: number[]; // where an instance stands in the curve
  by_sparsity: boolean; // whether x is 1/(1 − S)
  dimensionality: Packed; // (instance, feature), as are lengths and represented
  lengths: Packed;
  represented: Packed;
  groups: number[][];
  names: string[]; // of figures …
  figures: number[][]; // … and which of them a feature is part of
  vectors: Packed | null; // (instance, 2, feature)
  interference: Packed; // (instance, feature, other)
  per_feature: Packed; // (instance)
  curves: number[]; // the places of features whose dimensionality is drawn as a line
  levels: [string, number][];
  reach: number;
  orders: number[][]; // the places of features in the grid
}

/** One feature at one instance. */
export interface Feature {
  label: number;
  importance: number;
  length: number;
  dimensionality: number;
  represented: boolean;
  figure: string;
  fellows: number[]; // labels of the others of its figure
}

export class Instances {
  sent!: SentInstances;
  perFeature!: Float32Array;
  readonly source: Sent;
  private dimensionality!: Tensor;
  private lengths!: Tensor;
  private represented!: Tensor;
  private vectors?: Tensor;
  private interference!: Tensor;

  constructor(private model: Model) {
    this.source = new Sent(model, "_instances", () => this.read());
  }

  dispose(): void {
    this.source.dispose();
  }

  get inPlane(): boolean {
    return this.vectors !== undefined;
  }

  /** Whether a selection, perhaps linked from another widget, is one that can be shown. */
  fits({ instance, feature }: Selection): boolean {
    return this.sent.instances.includes(instance) && this.sent.features.includes(feature);
  }

  get first(): Selection {
    const { instances, features } = this.sent;
    return { instance: instances[instances.length - 1], feature: features[0] };
  }

  /** The indices of the selected instance and feature. */
  place({ instance, feature }: Selection): [number, number] {
    return [this.sent.instances.indexOf(instance), this.sent.features.indexOf(feature)];
  }

  feature(instance: number, i: number): Feature {
    const { features, importances, groups, names, figures } = this.sent;
    const group = groups[instance];
    const fellow = (j: number) => group[i] >= 0 && group[j] === group[i] && j !== i;
    return {
      label: features[i],
      importance: importances[i],
      length: this.lengths.value(instance, i),
      dimensionality: this.dimensionality.value(instance, i),
      represented: this.represented.value(instance, i) > 0,
      figure: names[figures[instance][i]],
      fellows: features.filter((_, j) => fellow(j)),
    };
  }

  /** All features of an instance. */
  all(instance: number): Feature[] {
    return this.sent.features.map((_, i) => this.feature(instance, i));
  }

  /** Where the features end in the plane. */
  tips(instance: number): { x: ArrayLike<number>; y: ArrayLike<number> } {
    return { x: this.vectors!.part(instance, 0).codes, y: this.vectors!.part(instance, 1).codes };
  }

  /** The dimensionality of a feature at every instance. */
  curve(i: number): Float32Array {
    return Float32Array.from(this.sent.instances, (_, instance) => this.dimensionality.value(instance, i));
  }

  /** Wᵀ W of an instance, its features in the order of the grid. */
  grid(instance: number): Tensor {
    const { shape, codes, dtype, min, max } = this.interference.part(instance);
    const order = this.sent.orders[instance];
    const ordered = codes.slice();
    order.forEach((i, row) =>
      order.forEach((j, column) => (ordered[row * order.length + column] = codes[i * order.length + j])),
    );
    return new Tensor(shape, ordered, dtype, min, max);
  }

  private read(): void {
    this.sent = this.model.get("_instances");
    const { dimensionality, lengths, represented, vectors, interference, per_feature } = this.sent;
    this.dimensionality = unpack(dimensionality);
    this.lengths = unpack(lengths);
    this.represented = unpack(represented);
    this.vectors = vectors ? unpack(vectors) : undefined;
    this.interference = unpack(interference);
    this.perFeature = unpack(per_feature).codes as Float32Array;
  }
}
