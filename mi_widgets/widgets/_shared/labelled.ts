/** The labelled data of a view, as `labelled.py` packs it: axes with their labels, and variables that are read by them. */
import type { MapName } from "./colour";
import type { Model } from "./model";
import { LRUCache } from "./lru_cache";
import type { ColourScale } from "./scale";
import { SyncedTrait } from "./synced_trait";
import type { Label } from "./step_slider";
import { type PackedTensor, type Tensor, unpack } from "./wire";

/** A label for an axis; for axes of which none is chosen, nothing. */
export type Labels = Record<string, Label | null | undefined>;

interface SentAxis {
  name: string;
  labels: Label[];
  texts: string[] | string[][]; // one list for each label of the axis `by`, where they depend on it
  by: string | null;
  tokens: boolean; // of a model: their whitespace is to be made visible
}

interface SentVariable {
  axes: string[];
  unit: string;
  values: PackedTensor;
  map?: MapName;
  texts?: string[];
}

interface SentData {
  axes: SentAxis[];
  variables: Record<string, SentVariable>;
  derived: Record<string, any>;
}

const KEPT_SLICES = 64; // of a variable, with their levels computed

export class Axis {
  readonly name: string;
  readonly labels: readonly Label[];
  readonly by: string | null;
  readonly tokens: boolean;
  private allTexts: string[] | string[][];
  private places: Map<Label, number>;

  constructor(
    { name, labels, texts, by, tokens }: SentAxis,
    private other?: Axis,
  ) {
    [this.name, this.labels, this.by, this.tokens, this.allTexts] = [name, labels, by, tokens, texts];
    this.places = new Map(labels.map((label, i) => [label, i]));
  }

  /** Where a label is; undefined where there is no such label. */
  place(label: unknown): number | undefined {
    return this.places.get(label as Label);
  }

  /** How the labels are written; those of the label of another axis, where they depend on one. */
  texts(labels: Labels): string[] {
    if (!this.other) return this.allTexts as string[];
    return (this.allTexts as string[][])[this.other.place(labels[this.other.name])!];
  }
}

/** Numbers, or texts, with labelled axes. */
export class Variable {
  private slices = new LRUCache<Variable>(KEPT_SLICES);

  /** @param words of texts, those that the tensor holds the places of. */
  constructor(
    readonly axes: readonly Axis[],
    readonly tensor: Tensor,
    readonly unit: string,
    readonly scale: ColourScale,
    private words?: readonly string[],
  ) {}

  /** The number where every axis has a label; NaN where there is none. */
  at(labels: Labels): number {
    return this.tensor.at(this.axes.reduce((flat, axis) => flat * axis.labels.length + placed(axis, labels), 0));
  }

  /** The text where every axis has a label. */
  text(labels: Labels): string {
    return this.words![this.at(labels)];
  }

  /** What is left where some axes have a label. It shares memory if these come first, and is read once. */
  slice(labels: Labels): Variable {
    const chosen = this.axes.filter(({ name }) => labels[name] != null);
    const key = chosen.map((axis) => `${axis.name} ${placed(axis, labels)}`).join();
    const slice = this.slices.get(key) ?? this.cut(chosen, labels);
    this.slices.put(key, slice);
    return slice;
  }

  private cut(chosen: Axis[], labels: Labels): Variable {
    const left: Axis[] = [];
    let { tensor } = this;
    for (const axis of this.axes) {
      if (chosen.includes(axis)) tensor = tensor.take(left.length, placed(axis, labels));
      else left.push(axis);
    }
    return new Variable(left, tensor, this.unit, this.scale, this.words);
  }
}

function placed(axis: Axis, labels: Labels): number {
  const place = axis.place(labels[axis.name]);
  if (place === undefined) throw new Error(`the axis ${axis.name} has no label ${labels[axis.name]}`);
  return place;
}

/** What the displays of one model share: its data, unpacked once and again whenever it is sent. */
export class LabelledData {
  axes!: Axis[];
  derived!: Record<string, any>;
  private variables!: Map<string, Variable>;
  readonly source: SyncedTrait;

  constructor(model: Model, trait = "_data") {
    this.source = new SyncedTrait(model, trait, () => this.read(model.get(trait)));
  }

  dispose(): void {
    this.source.dispose();
  }

  axis(name: string): Axis {
    return this.axes.find((axis) => axis.name === name)!;
  }

  get(name: string): Variable {
    return this.variables.get(name)!;
  }

  /** A number of a variable where every axis of it has a label; NaN where there is none. */
  numberAt(name: string, at: Labels): number {
    return this.get(name).at(at);
  }

  /** A text, likewise. */
  textAt(name: string, at: Labels): string {
    return this.get(name).text(at);
  }

  has(name: string): boolean {
    return this.variables.has(name);
  }

  private read(sent: SentData): void {
    const plain = new Map(sent.axes.filter(({ by }) => by === null).map((axis) => [axis.name, new Axis(axis)]));
    this.axes = sent.axes.map((axis) => plain.get(axis.name) ?? new Axis(axis, plain.get(axis.by!)));
    this.variables = new Map(Object.entries(sent.variables).map(([name, variable]) => [name, this.unpacked(variable)]));
    this.derived = sent.derived;
  }

  private unpacked({ axes, values, unit, map = "sequential", texts }: SentVariable): Variable {
    const scale = { map, low: values.min, high: values.max };
    return new Variable(
      axes.map((name) => this.axis(name)),
      unpack(values),
      unit,
      scale,
      texts,
    );
  }
}
