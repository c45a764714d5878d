/**
 * What each key means, in every view: one key, one meaning.
 *
 * Keys are bound, shown on buttons and listed in the help by what they mean, so that no view can give one another sense.
 */
export const KEYS = {
  left: "ArrowLeft",
  right: "ArrowRight",
  up: "ArrowUp",
  down: "ArrowDown",
  first: "Home",
  last: "End",
  pageUp: "PageUp",
  pageDown: "PageDown",
  open: "Enter", // or press, what has the focus
  nothing: "Escape", // is selected any more; what was typed is left
  stepBefore: ",", // of the training, or of the only other axis with pages in an order
  stepAfter: ".",
  promptBefore: "[",
  promptAfter: "]",
  toggle: " ", // what opens and closes, or plays and pauses
  write: "/", // where there is a text to write
  zero: "0",
  switchOff: "a", // a head, a latent: view.intervention
  back: "b",
  code: "c",
  logarithmic: "l",
  order: "o",
  pin: "p",
  reset: "r",
  stop: "s",
  table: "t",
  control: "u",
  colour: "v",
  sweep: "w",
  help: "?",
} as const;

export type Meaning = keyof typeof KEYS;

/** Lines of the help: keys by what they mean, and what that is in this view. */
export type Help = [keys: Meaning[], hint: string][];

const LABELS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageUp: "PgUp",
  PageDown: "PgDn",
  Escape: "Esc",
  " ": "Space",
};

/** A key as it is written for a reader. */
export function keyLabel(meaning: Meaning): string {
  const key = KEYS[meaning];
  return LABELS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
