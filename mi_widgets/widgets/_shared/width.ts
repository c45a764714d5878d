/** Following the width of an element, so that a picture fits the room it has. */

/** Call `changed` with the width in whole CSS pixels, now and whenever it changes; returns what stops it. */
export function watchWidth(element: HTMLElement, changed: (width: number) => void): () => void {
  let width = 0;
  const observer = new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now === width || now === 0) return; // 0: not shown
    width = now;
    changed(now);
  });
  observer.observe(element);
  return () => observer.disconnect();
}
