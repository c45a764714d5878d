/** The numbers in the browser: how the features lie at every instance. Places of instances and features are indices. */
import { LabelledData } from "../_shared/labelled";
import type { Points } from "../_shared/plane";
import type { Label } from "../_shared/step_slider";
import type { Tensor } from "../_shared/wire";

export type Selection = Record<string, Label | null> & {
  instance: number;
  feature: number;
};

type DerivedData = {
  sparsities: string[];
  x: number[]; // where an instance stands in the curve
  by_sparsity: boolean; // whether x is 1/(1 − S)
  curves: number[]; // the places of features whose dimensionality is drawn as a line
  levels: [string, number][];
  reach: number;
  orders: number[][]; // the places of features in the grid
};

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

export class Instances extends LabelledData {
  declare derived: DerivedData;

  get instances(): number[] {
    return this.axis("instance").labels as number[];
  }

  get features(): number[] {
    return this.axis("feature").labels as number[];
  }

  get perFeature(): ArrayLike<number> {
    return this.get("dimensions_per_feature").tensor.codes;
  }

  get inPlane(): boolean {
    return this.has("W");
  }

  /** The indices of the selected instance and feature. */
  place({ instance, feature }: Selection): [number, number] {
    return [this.instances.indexOf(instance), this.features.indexOf(feature)];
  }

  feature(instance: number, i: number): Feature {
    const at = { instance: this.instances[instance], feature: this.features[i] };
    const group = this.get("group").slice({ instance: at.instance }).tensor;
    const number = (name: string) => this.get(name).at(at);
    return {
      label: at.feature,
      importance: number("importance"),
      length: number("length"),
      dimensionality: number("dimensionality"),
      represented: number("represented") > 0,
      figure: this.get("figure").text(at),
      // One that is not represented has no group: NaN, which is not itself.
      fellows: this.features.filter((_, j) => j !== i && group.at(j) === group.at(i)),
    };
  }

  /** All features of an instance. */
  all(instance: number): Feature[] {
    return this.features.map((_, i) => this.feature(instance, i));
  }

  /** Where the features end in the plane. */
  tips(instance: number): Points {
    const { tensor } = this.get("W").slice({ instance: this.instances[instance] });
    return { x: tensor.part(0).codes, y: tensor.part(1).codes };
  }

  /** The dimensionality of a feature at every instance. */
  curve(i: number): ArrayLike<number> {
    return this.get("dimensionality").slice({ feature: this.features[i] }).tensor.codes;
  }

  /** Wᵀ W of an instance, its features in the order of the grid. */
  grid(instance: number): Tensor {
    const { tensor } = this.get("interference").slice({ instance: this.instances[instance] });
    const order = this.derived.orders[instance];
    const places = order.flatMap((row) => order.map((column) => row * order.length + column));
    return tensor.with(tensor.codes.map((_, i) => tensor.codes[places[i]]));
  }
}
