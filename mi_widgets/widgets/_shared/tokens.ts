/** How a token is written for a reader: whitespace made visible. `tokens.py` says the same in the kernel. */

const VISIBLE: Record<string, string> = { " ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍" };

export function visible(token: string): string {
  return token.replace(/[ \n\t\r]|\p{C}|[\p{Zl}\p{Zp}]/gu, (sign) => VISIBLE[sign] ?? "□");
}

/** At most `length` signs, cut between two of them. */
export function cut(text: string, length: number): string {
  const signs = [...text];
  return signs.length <= length ? text : signs.slice(0, length - 1).join("") + "…";
}

/** A token as a label: whitespace visible, at most `length` signs. */
export function shortened(token: string, length = 14): string {
  return cut(visible(token), length);
}

/** A token in quotation marks, for tooltips. */
export function quoted(token: string): string {
  return `"${visible(token)}"`;
}
