/** The latents in words and in numbers. `words.py` says the sentence in the kernel. */
import { reading } from "../_shared/numbers";
import { table } from "../_shared/table";
import { quoted, shortened } from "../_shared/tokens";
import { type Part, Words } from "../_shared/words";
import type { Selection, Store } from "./store";
import templates from "./words.json";

const LONGEST = 24; // signs of a token in running text
const NAMED = 3; // latents of a tooltip, and of a row of the table
const words = new Words(templates);

/** "Latent 370 (↑ ·Idaho ·Georgia) fires at 2 of 11 tokens, most at 4 ·of: 21.9". */
export function sentence(store: Store, selection: Selection): Part[] {
  const { latent } = selection;
  if (latent === null) {
    const [first] = store.strongest(selection, 1);
    const strongest = first && { strongest: store.titled(first.latent), value: reading(first.value) };
    return words.say("sentence", { where: where(store, selection), ...strongest });
  }
  const values = store.over(selection);
  const real = values.filter((value) => !Number.isNaN(value)).length;
  const n = values.filter((value) => value > 0).length;
  const at = values.reduce((best, value, i) => (value > values[best] || Number.isNaN(values[best]) ? i : best), 0);
  const most = n > 0 && {
    n,
    pos: store.sent.pos[at],
    token: shortened(store.tokens(selection)[at], LONGEST),
    value: reading(values[at]),
  };
  return words.say("sentence", { titled: store.titled(latent), real, ...most });
}

/** "at 4 ·of"; "in the whole text". */
export function where(store: Store, selection: Selection): string {
  const { pos } = selection;
  const token = pos !== null && shortened(store.tokens(selection)[store.sent.pos.indexOf(pos)], LONGEST);
  return words.text("where", { pos, token });
}

/** What the tooltip says of a token: what the selected latent does there, and which fire strongest. */
export function pointedAt(store: Store, selection: Selection, i: number): [string, string][] {
  const pos = store.sent.pos[i];
  const token: [string, string] = ["token", `${pos} ${quoted(store.tokens(selection)[i])}`];
  const { latent } = selection;
  const here: [string, string][] = latent === null ? [] : [[`latent ${latent}`, reading(store.over(selection)[i])]];
  const strongest = store
    .strongest({ batch: selection.batch, pos }, NAMED)
    .map((firing): [string, string] => [reading(firing.value), store.titled(firing.latent)]);
  return [token, ...here, ...strongest];
}

/** Every token with its strongest latents. */
export function tokenTable(store: Store, selection: Selection): HTMLElement {
  const tokens = store.tokens(selection);
  const places = tokens.map((_, i) => i).filter((i) => tokens[i] !== "");
  const rows = places.map((i) => {
    const pos = store.sent.pos[i];
    const found = store.strongest({ batch: selection.batch, pos }, NAMED);
    const cells = Array.from({ length: NAMED }, (_, n) =>
      found[n] ? `${reading(found[n].value)}  ${store.titled(found[n].latent)}` : "",
    );
    return [String(pos), shortened(tokens[i], LONGEST), ...cells];
  });
  const made = table("Every token with its strongest latents", ["pos", "token", "strongest", "second", "third"], rows);
  const at = places.findIndex((i) => store.sent.pos[i] === selection.pos);
  made.querySelectorAll("tbody tr")[at]?.setAttribute("aria-current", "true");
  return made;
}
