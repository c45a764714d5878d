/** Scores of heads: which of them deserve a label, and the orders they put the heads in. */
import type { HeadPlace } from "../_shared/heads_off";
import type { HeadAtStep, Heads } from "./heads";

/** Below it a score is not worth a label on a thumbnail. */
const WORTH_A_LABEL = 0.4;

/** The highest score of a head, where it deserves a label. */
export function bestScore(heads: Heads, place: HeadAtStep): { short: string; value: number } | undefined {
  return heads.scores
    .map(({ short, values }) => ({ short, value: heads.score(values, place) }))
    .filter(({ value }) => value > WORTH_A_LABEL)
    .sort((a, b) => b.value - a.value)[0];
}

/** Heads by falling score; equals keep their order, and those without a score come last. */
export function ranked(places: readonly HeadPlace[], score: (place: HeadPlace) => number): HeadPlace[] {
  const key = (place: HeadPlace) => (Number.isNaN(score(place)) ? -Infinity : score(place));
  return [...places].sort((a, b) => key(b) - key(a));
}
