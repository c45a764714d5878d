/** Which labels of an axis are written, so that none touch. `thinning.py` says the same in the kernel. */

/** Which of n labels to write, `step` pixels apart and each needing `room`; those in `always` win over neighbours. */
export function thinned(n: number, step: number, room: number, always: readonly number[] = []): number[] {
  const every = everyNth(n, step, room);
  const lit = always.filter((i) => i >= 0 && i < n);
  const kept: number[] = [];
  for (let i = 0; i < n; i += every) {
    if (!lit.some((l) => l !== i && Math.abs(l - i) * step < room)) kept.push(i);
  }
  return [...new Set([...kept, ...lit])].sort((a, b) => a - b);
}

/** 1, 2, 5, 10, 20 … : the first that leaves a label room. */
export function everyNth(n: number, step: number, room: number): number {
  for (let scale = 1; ; scale *= 10) {
    for (const k of [scale, 2 * scale, 5 * scale]) {
      if (k * step >= room || k >= n) return k;
    }
  }
}
