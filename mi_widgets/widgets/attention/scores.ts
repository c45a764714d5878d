/** Scores of heads at one step, and the orders they put the heads in. */
import type { HeadPlace } from "../_shared/heads_off";
import type { Labelled } from "../_shared/labelled";
import type { Label } from "../_shared/step_slider";
import type { Tensor } from "../_shared/wire";
import type { Picture } from "./heads";

export interface Score {
  name: string;
  short: string;
  values: Tensor;
  control?: Tensor;
  controlName: string;
}

/** Below it a score is not worth a label on a thumbnail. */
export const WORTH_A_LABEL = 0.4;

/** The scores at a step; one that was measured once is the same at all. */
export function scoresAt(data: Labelled, step?: Label): Score[] {
  const at = (name: string) => data.get(name).slice({ step }).tensor;
  const sent: { name: string; short: string; control_name: string }[] = data.derived.scores;
  return sent.map(({ name, short, control_name }, i) => ({
    name,
    short,
    values: at(`score ${i}`),
    control: data.has(`control ${i}`) ? at(`control ${i}`) : undefined,
    controlName: control_name,
  }));
}

export function scoreOf(tensor: Tensor, picture: Picture, place: HeadPlace): number {
  return tensor.value(picture.layers.indexOf(place.layer), picture.heads.indexOf(place.head));
}

/** All heads, layer by layer, or by falling score. */
export function orderOf(picture: Picture, by?: Score): HeadPlace[] {
  const places = picture.layers.flatMap((layer) => picture.heads.map((head) => ({ layer, head })));
  if (!by) return places;
  const score = (place: HeadPlace) => {
    const value = scoreOf(by.values, picture, place);
    return Number.isNaN(value) ? -Infinity : value;
  };
  return places.sort((a, b) => score(b) - score(a)); // sort is stable: equals keep the model's order
}

/** The scores of a head that deserve a label, the highest first. */
export function labelled(scores: Score[], picture: Picture, place: HeadPlace): { short: string; value: number }[] {
  return scores
    .map((score) => ({ short: score.short, value: scoreOf(score.values, picture, place) }))
    .filter(({ value }) => value > WORTH_A_LABEL)
    .sort((a, b) => b.value - a.value);
}
