/** The pictures in words: a sentence, what the pointer is on, and a table of the instance. */
import type { Lines } from "../_shared/declared_view";
import { numberText } from "../_shared/numbers";
import { table } from "../_shared/table";
import { type Part, Words } from "../_shared/words";
import type { Feature, Instances, Selection } from "./instances";
import templates from "./words.json";

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
    each: numberText(instances.perFeature[instance]),
  });
}

/** "0.40 of a dimension, pentagon with 0, 1, 2, 4"; "not represented, length 0.02". */
export function described({ represented, dimensionality, length, figure, fellows }: Feature): string {
  return words.text("described", {
    represented,
    share: numberText(dimensionality),
    figure,
    other: figure === "other",
    fellows: few(fellows),
    length: numberText(length),
  });
}

function few(labels: number[]): string {
  const isFew = labels.length <= FEW;
  return words.text("fellows", { few: isFew && labels.join(", "), many: !isFew && labels.length });
}

const FACTS = ["feature", "importance", "length", "of a dimension", "figure", "with"];

/** What is known of a feature, in the order of `FACTS`. */
function facts({ label, importance, length, dimensionality, figure, fellows }: Feature): string[] {
  return [String(label), ...[importance, length, dimensionality].map(numberText), figure, few(fellows)];
}

export function featureTip(feature: Feature): Lines {
  const known = feature.fellows.length ? FACTS : FACTS.slice(0, -1);
  const texts = facts(feature);
  return known.map((name, i) => [name, texts[i]]);
}

export function instanceTip(instances: Instances, instance: number): Lines {
  const { sparsities, by_sparsity, x } = instances.derived;
  const over: Lines = by_sparsity ? [["1/(1 − S)", numberText(x[instance])]] : [];
  return [["sparsity S", sparsities[instance]], ...over, ["m/‖W‖²", numberText(instances.perFeature[instance])]];
}

/** A row a feature, at the selected instance. */
export function featureTable(instances: Instances, selection: Selection): HTMLElement {
  const [instance, at] = instances.place(selection);
  const caption = `Every feature at S = ${instances.derived.sparsities[instance]}`;
  return table(caption, FACTS, instances.all(instance).map(facts), at);
}
