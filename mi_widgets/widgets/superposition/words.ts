/** The pictures in words: a sentence, what the pointer is on, and a table of the instance. */
import { reading } from "../_shared/numbers";
import { table } from "../_shared/table";
import { type Part, Words } from "../_shared/words";
import type { Feature, Instances, Selection } from "./instances";
import templates from "./words.json";

type Lines = [string, string][];

const FEW = 9; // features of a figure that are named
const words = new Words(templates);

/** "S = 0.90 · feature 3: 0.40 of a dimension, pentagon with 0, 1, 2, 4 · 5 of 5 features represented, m/‖W‖² = 0.33". */
export function sentence(instances: Instances, selection: Selection): Part[] {
  const [instance, feature] = instances.place(selection);
  return words.say("sentence", {
    sparsity: instances.derived.sparsities[instance],
    feature: selection.feature,
    described: described(instances.feature(instance, feature)),
    count: instances.all(instance).filter(({ represented }) => represented).length,
    features: instances.features.length,
    each: reading(instances.perFeature[instance]),
  });
}

/** "0.40 of a dimension, pentagon with 0, 1, 2, 4"; "not represented, length 0.02". */
export function described({ represented, dimensionality, length, figure, fellows }: Feature): string {
  return words.text("described", {
    represented,
    share: reading(dimensionality),
    figure,
    other: figure === "other",
    fellows: few(fellows),
    length: reading(length),
  });
}

function few(labels: number[]): string {
  const isFew = labels.length <= FEW;
  return words.text("fellows", { few: isFew && labels.join(", "), many: !isFew && labels.length });
}

export function featureTip(feature: Feature): Lines {
  const { label, importance, length, dimensionality, figure, fellows } = feature;
  return [
    ["feature", String(label)],
    ["importance", reading(importance)],
    ["length", reading(length)],
    ["of a dimension", reading(dimensionality)],
    ["figure", figure],
    ...(fellows.length ? [["with", few(fellows)] as [string, string]] : []),
  ];
}

export function instanceTip(instances: Instances, instance: number): Lines {
  const { sparsities, by_sparsity, x } = instances.derived;
  const over: Lines = by_sparsity ? [["1/(1 − S)", reading(x[instance])]] : [];
  return [["sparsity S", sparsities[instance]], ...over, ["m/‖W‖²", reading(instances.perFeature[instance])]];
}

/** A row a feature, at the selected instance. */
export function featureTable(instances: Instances, selection: Selection): HTMLElement {
  const [instance, at] = instances.place(selection);
  const rows = instances
    .all(instance)
    .map((feature) => [
      String(feature.label),
      reading(feature.importance),
      reading(feature.length),
      reading(feature.dimensionality),
      feature.figure,
      few(feature.fellows),
    ]);
  const head = ["feature", "importance", "length", "of a dimension", "figure", "with"];
  return table(`Every feature at S = ${instances.derived.sparsities[instance]}`, head, rows, at);
}
