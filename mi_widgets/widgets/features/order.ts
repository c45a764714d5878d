/** Which latents the list shows, and in which order. Pure: the same in, the same out. */
import type { Store } from "./store";

export type OrderName = "label score" | "density" | "peak" | "number";

/** The orders there are: labels need marks. */
export function orders(store: Store): OrderName[] {
  return [...(store.labelled ? (["label score"] as const) : []), "peak", "density", "number"];
}

/** The number that an order goes by; NaN at the end. */
export function valueOf(store: Store, by: OrderName, at: number): number {
  if (by === "density") return store.density(at);
  if (by === "peak") return store.names.peaks.at(at);
  return by === "number" ? -store.latents[at] : store.label(at).f1;
}

/** The places of all latents, the largest number first. */
export function ordered(store: Store, by: OrderName): number[] {
  const values = store.latents.map((_, at) => valueOf(store, by, at));
  const key = (at: number) => (Number.isNaN(values[at]) ? -Infinity : values[at]);
  return store.latents.map((_, at) => at).sort((a, b) => key(b) - key(a) || store.latents[a] - store.latents[b]);
}

export interface Found {
  places: number[];
  near: number; // how many of them, at the end, only stand near the text
}

/**
 * The latents that a text is in: their number, label and promoted tokens, and the tokens at which they fire. What has
 * it only in the text around comes last; the latent of exactly that number comes first.
 */
export function found(store: Store, places: readonly number[], query: string): Found {
  const text = query.replaceAll("·", " ").replaceAll("⏎", "\n").toLowerCase().trim();
  if (!text) return { places: [...places], near: 0 };
  const number = /^#?(\d+)$/.exec(text)?.[1];
  const is = (at: number) => String(store.latents[at]) === number;
  const own = places.filter((at) => store.text(at).own.includes(text) || is(at));
  const taken = new Set(own);
  const near = places.filter((at) => !taken.has(at) && store.text(at).near.includes(text));
  const exact = own.filter(is);
  return { places: [...exact, ...own.filter((at) => !is(at)), ...near], near: near.length };
}
