/** Scores of heads, as sent by the kernel, and the orders they put the heads in. */
import type { HeadPlace } from "../_shared/heads_off";
import { unpack, type Packed, type Tensor } from "../_shared/wire";
import type { Picture } from "./heads";

export interface Score {
  name: string;
  short: string;
  values: Tensor;
  control?: Tensor;
  controlName: string;
}

interface Sent {
  name: string;
  short: string;
  values: Packed;
  control: Packed | null;
  control_name: string;
}

/** Below it a score is not worth a label on a thumbnail. */
export const WORTH_A_LABEL = 0.4;

export function readScores(sent: Sent[]): Score[] {
  return sent.map(({ name, short, values, control, control_name }) => ({
    name,
    short,
    values: unpack(values),
    control: control ? unpack(control) : undefined,
    controlName: control_name,
  }));
}

/** The scores at one step, by its place; a score that was measured once is the same at all. */
export function scoresAt(scores: Score[], step: number): Score[] {
  const at = (tensor: Tensor) => (tensor.shape.length > 2 ? tensor.part(step) : tensor);
  return scores.map((score) => ({ ...score, values: at(score.values), control: score.control && at(score.control) }));
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
