/** Which latents the list shows, and in which order. Pure: the same in, the same out. */
import type { Store } from "./store";

/** The number that an order goes by; NaN at the end. */
const VALUES = {
  "label score": (store: Store, latent: number) => store.label(latent).f1,
  peak: (store: Store, latent: number) => store.names.peak(latent),
  density: (store: Store, latent: number) => store.density(latent),
  number: (_: Store, latent: number) => -latent,
};

export type OrderName = keyof typeof VALUES;

/** The orders there are: labels need marks. */
export function orders(store: Store): OrderName[] {
  const names = Object.keys(VALUES) as OrderName[];
  return store.labelled ? names : names.slice(1);
}

export function valueOf(store: Store, by: OrderName, latent: number): number {
  return VALUES[by](store, latent);
}

/** All latents, the largest number first. */
export function ordered(store: Store, by: OrderName): number[] {
  const all = store.names.latents.map((latent) => ({ latent, value: valueOf(store, by, latent) }));
  for (const one of all) if (Number.isNaN(one.value)) one.value = -Infinity;
  return all.sort((a, b) => b.value - a.value || a.latent - b.latent).map(({ latent }) => latent);
}

export interface Found {
  latents: number[];
  near: number; // how many of them, at the end, only stand near the text
}

/**
 * The latents that a text is in: their number, label and promoted tokens, and the tokens at which they fire. What has
 * it only in the text around comes last; the latent of exactly that number comes first.
 */
export function found(store: Store, latents: readonly number[], query: string): Found {
  const text = query.replaceAll("·", " ").replaceAll("⏎", "\n").toLowerCase().trim();
  if (!text) return { latents: [...latents], near: 0 };
  const number = /^#?(\d+)$/.exec(text)?.[1];
  const is = (latent: number) => String(latent) === number;
  const exact = latents.filter(is);
  const own = latents.filter((latent) => !is(latent) && store.text(latent).own.includes(text));
  const taken = new Set([...exact, ...own]);
  const near = latents.filter((latent) => !taken.has(latent) && store.text(latent).near.includes(text));
  return { latents: [...exact, ...own, ...near], near: near.length };
}
