/** How a token is written for a reader: whitespace made visible. `tokens.py` says the same in the kernel. */

const VISIBLE: Record<string, string> = { " ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍" };

// What counts as a letter or a character, and yet draws nothing, is listed as `tokens.py` lists it.
const UNSEEN = /[\p{Z}\p{C}\u034f\u115f\u1160\u2800\u3164\uffa0]/gu;

/** Its spaces, newlines and tabs as visible characters, and all else that would not be seen as a box. */
export function visible(token: string): string {
  return token.replace(UNSEEN, (character) => VISIBLE[character] ?? "□");
}

/** At most `length` characters, the last of them "…" where some are left out. */
export function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : characters.slice(0, length - 1).join("") + "…";
}

/** A token as a label: whitespace visible, at most `length` characters. */
export function shortened(token: string, length = 14): string {
  return cut(visible(token), length);
}

/** A token in quotation marks, its whitespace visible. */
export function quoted(token: string): string {
  return `"${visible(token)}"`;
}
