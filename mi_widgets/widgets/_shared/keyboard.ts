/** Keys, heard only while the widget has the focus, and kept from the notebook around it. */

export type Keys = Record<string, (event: KeyboardEvent) => void>;

/** The keys that move a selection in a picture. */
export type Direction = "left" | "right" | "up" | "down" | "first" | "last";

export const ARROWS: Record<string, Direction> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Home: "first",
  End: "last",
};

/** Bind keys by `event.key`; letters in lower case. Returns a function that unbinds them. */
export function bindKeys(element: HTMLElement, keys: Keys): () => void {
  const heard = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event)) return;
    const run = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run(event);
  };
  element.addEventListener("keydown", heard);
  return () => element.removeEventListener("keydown", heard);
}

function writing({ target, key }: KeyboardEvent): boolean {
  // A slider uses the arrows and their like, and leaves letters to the widget.
  if (target instanceof HTMLInputElement && target.type === "range") return key.length > 1;
  return target instanceof HTMLElement && ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
