/** Labels that never overlap: moved a little where they must be written, left out where they need not be. */

export interface Wish {
  at: number; // where the label would like its middle to be
  must: boolean;
}

/**
 * Where to put labels along a line.
 *
 * @param wishes the most important first: where there is no room for all, the last are left out.
 * @param room how far apart the middles of two labels must be.
 * @returns a place for each, or undefined where it is not written.
 */
export function spread(wishes: readonly Wish[], room: number, low: number, high: number): (number | undefined)[] {
  const places: (number | undefined)[] = wishes.map(() => undefined);
  const fitting = Math.floor((high - low) / room) + 1;
  const must = wishes
    .map((wish, i) => ({ ...wish, i }))
    .filter((wish) => wish.must && Number.isFinite(wish.at))
    .slice(0, fitting)
    .sort((a, b) => a.at - b.at);
  let end = -Infinity;
  for (const { at, i } of must) places[i] = end = Math.max(at, low, end + room);
  end = high + room;
  for (const { i } of [...must].reverse()) places[i] = end = Math.min(places[i]!, end - room);
  wishes.forEach(({ at, must: forced }, i) => {
    if (forced || !(at >= low && at <= high)) return;
    const free = places.every((taken) => taken === undefined || Math.abs(taken - at) >= room);
    if (free) places[i] = at;
  });
  return places;
}

/** Which labels of given widths to write at fixed places: in the order given, each that touches none before it. */
export function untouched(
  places: readonly number[],
  widths: readonly number[],
  order: readonly number[],
  gap: number,
): number[] {
  const kept: number[] = [];
  for (const i of order) {
    if (kept.includes(i)) continue;
    if (kept.every((k) => Math.abs(places[k] - places[i]) >= (widths[k] + widths[i]) / 2 + gap)) kept.push(i);
  }
  return kept.sort((a, b) => a - b);
}
