/** Keys, heard only while the widget has the focus, and kept from the notebook around it. */
import { KEYS, type Meaning } from "./keys";

export type Keys = Partial<Record<Meaning, (event: KeyboardEvent) => void>>;

/** The keys that move a selection in a picture. */
const DIRECTIONS = ["left", "right", "up", "down", "first", "last"] as const;

export type Direction = (typeof DIRECTIONS)[number];

/** All keys that move a selection, bound to one function. */
export function arrows(move: (to: Direction) => void): Keys {
  return Object.fromEntries(DIRECTIONS.map((to) => [to, () => move(to)]));
}

/** Bind keys by what they mean. Returns a function that unbinds them. */
export function bindKeys(element: HTMLElement, keys: Keys): () => void {
  const bound = new Map(Object.entries(keys).map(([meaning, run]) => [KEYS[meaning as Meaning] as string, run]));
  const heard = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || taken(event, element)) return;
    const run = bound.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run(event);
  };
  element.addEventListener("keydown", heard);
  return () => element.removeEventListener("keydown", heard);
}

/** Whether what has the focus needs the key itself; what is bound on it alone goes first. */
function taken({ target, key }: KeyboardEvent, element: HTMLElement): boolean {
  if (target === element || !(target instanceof HTMLElement)) return false;
  if (key === " " && target.closest("button")) return true;
  // A slider uses the arrows and their like, and leaves letters to the widget.
  if (target instanceof HTMLInputElement && target.type === "range") return key.length > 1;
  return ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
