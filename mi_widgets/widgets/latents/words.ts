/** The latents in words and in numbers. `words.py` says the sentence in the kernel. */
import { numberText } from "../_shared/numbers";
import type { Lines } from "../_shared/result_view";
import { table } from "../_shared/table";
import { quoted, shortened } from "../_shared/tokens";
import { type Part, Words } from "../_shared/words";
import type { Selection, Store } from "./store";
import templates from "./words.json";

const LONGEST = 24; // characters of a token in running text
const NAMED = 3; // latents of a tooltip, and of a row of the table
const words = new Words(templates);

/** "Latent 370 (↑ ·Idaho ·Georgia) fires at 2 of 11 tokens, most at 4 ·of: 21.9". */
export function sentence(store: Store, selection: Selection): Part[] {
  const { latent } = selection;
  if (latent === null) {
    const [first] = store.strongest(selection, 1);
    const strongest = first && { strongest: store.titled(first.latent), value: numberText(first.value) };
    return words.say("sentence", { where: where(store, selection), ...strongest });
  }
  const values = store.over(selection);
  const real = values.filter((value) => !Number.isNaN(value));
  const n = real.filter((value) => value > 0).length;
  const value = Math.max(...real);
  const at = values.indexOf(value);
  const token = shortened(store.tokens(selection)[at] ?? "", LONGEST);
  const most = n > 0 && { n, pos: store.positions[at], token, value: numberText(value) };
  return words.say("sentence", { titled: store.titled(latent), real: real.length, ...most });
}

/** "at 4 ·of"; "in the whole text". */
export function where(store: Store, selection: Selection): string {
  const { pos } = selection;
  const token = pos !== null && shortened(store.tokens(selection)[store.axis("pos").place(pos)!], LONGEST);
  return words.text("where", { pos, token });
}

/** What the tooltip says of a token: what the selected latent does there, and which fire strongest. */
export function pointedAt(store: Store, selection: Selection, i: number): Lines {
  const { batch, latent } = selection;
  const pos = store.positions[i];
  const here: Lines = latent === null ? [] : [[`latent ${latent}`, numberText(store.over(selection)[i])]];
  const strongest = store.strongest({ batch, pos }, NAMED);
  return [
    ["token", `${pos} ${quoted(store.tokens(selection)[i])}`],
    ...here,
    ...strongest.map((firing): Lines[0] => [numberText(firing.value), store.titled(firing.latent)]),
  ];
}

/** Every token with its strongest latents. */
export function tokenTable(store: Store, selection: Selection): HTMLElement {
  const { batch } = selection;
  const tokens = store.tokens(selection);
  const positions = store.positions.filter((_, i) => tokens[i] !== "");
  const rows = positions.map((pos) => {
    const found = store.strongest({ batch, pos }, NAMED);
    const cells = found.map(({ latent, value }) => `${numberText(value)}  ${store.titled(latent)}`);
    const token = shortened(tokens[store.axis("pos").place(pos)!], LONGEST);
    return [String(pos), token, ...cells, ...Array(NAMED - cells.length).fill("")];
  });
  const head = ["pos", "token", "strongest", "second", "third"];
  return table("Every token with its strongest latents", head, rows, positions.indexOf(selection.pos!));
}
