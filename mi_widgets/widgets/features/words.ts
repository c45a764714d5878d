/** A dashboard in words and in numbers. */
import { fixed, reading } from "../_shared/numbers";
import { table } from "../_shared/table";
import { quoted, visible } from "../_shared/tokens";
import { type Part, Words } from "../_shared/words";
import type { Context, Effect, Store } from "./store";
import templates from "./words.json";

const TOKENS = 3;
const MOST_ROWS = 1000; // of the table
const words = new Words(templates);

/** "Latent 336 · register comment (F1 0.97, AUC 1.00) · fires at 2.0 % of tokens, up to 13.9, most at ·x · …". */
export function sentence(store: Store, at: number): Part[] {
  const [most] = store.contexts(at);
  const tokens = (effects: Effect[]) => effects.slice(0, TOKENS).map(({ token }) => visible(token));
  const fires = words.say("fires", {
    share: percent(store.density(at)),
    peak: reading(store.names.peaks.at(at)),
    token: most && visible(most.tokens[store.place.indexOf(0)]),
    promoted: tokens(store.promoted(at)).join(" "),
    suppressed: tokens(store.suppressed(at)).join(" "),
  });
  const silent = !store.density(at);
  return words.say("sentence", { latent: store.latents[at], label: labelText(store, at), silent, fires });
}

/** "register comment (F1 0.97, AUC 1.00)"; "" without a label. */
export function labelText(store: Store, at: number): string {
  const { label } = store.label(at);
  return label && words.text("label", { label, scores: scoresText(store, at) });
}

/** "F1 0.97, AUC 1.00"; "" where there are none. */
export function scoresText(store: Store, at: number): string {
  const { f1, auc } = store.label(at);
  const known = (score: number) => !Number.isNaN(score) && reading(score);
  return words.text("scores", { f1: known(f1), auc: known(auc) });
}

/** "2.0 %", "0.030 %", "12 %": two digits that count. */
export function percent(share: number): string {
  const number = 100 * share;
  if (number === 0) return "0 %";
  return `${fixed(number, number >= 9.95 ? 0 : number >= 0.995 ? 1 : number >= 0.0995 ? 2 : 3)} %`;
}

/** A context for a reader of the screen: "13.9 at "·x": the whole text". */
export function contextText({ tokens, peak }: Context, middle: number): string {
  return `${reading(peak)} at ${quoted(tokens[middle])}: ${tokens.join("")}`;
}

/** What the tooltip says of a token of a context. */
export function pointedAt({ tokens, activations }: Context, place: number[], i: number): [string, string][] {
  const away = place[i];
  const where: [string, string][] = away ? [["place", `${away > 0 ? "+" : "−"}${Math.abs(away)}`]] : [];
  return [["token", quoted(tokens[i])], ["activation", reading(activations.at(i))], ...where];
}

/** The latents of the list in numbers, in its order. */
export function latentTable(store: Store, places: readonly number[], chosen: number): HTMLElement {
  const shown = places.slice(0, MOST_ROWS);
  const rows = shown.map((at) => {
    const { label, f1, auc } = store.label(at);
    const scores = store.labelled ? [label, reading(f1), reading(auc)] : [];
    return [
      String(store.latents[at]),
      percent(store.density(at)),
      reading(store.names.peaks.at(at)),
      ...scores,
      store.names.says[at],
    ];
  });
  const head = ["latent", "density", "peak", ...(store.labelled ? ["label", "F1", "AUC"] : []), "promotes"];
  const which = shown.length < places.length ? `The first ${shown.length} of ${places.length}` : `${places.length}`;
  const made = table(`${which} latents, in the order of the list`, head, rows);
  made.querySelectorAll("tbody tr")[shown.indexOf(chosen)]?.setAttribute("aria-current", "true");
  return made;
}
