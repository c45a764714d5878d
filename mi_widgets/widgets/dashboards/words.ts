/** A dashboard in words and in numbers. */
import { fixed, numberText } from "../_shared/numbers";
import type { Lines } from "../_shared/result_view";
import { table } from "../_shared/table";
import { quoted, visible } from "../_shared/tokens";
import { type Part, Words } from "../_shared/words";
import type { Context, Store } from "./store";
import templates from "./words.json";

const TOKENS = 3;
const MOST_ROWS = 1000; // of the table
const words = new Words(templates);

/** "Latent 336 · register comment (F1 0.97, AUC 1.00) · fires at 2.0 % of tokens, up to 13.9, most at ·x · …". */
export function sentence(store: Store, latent: number): Part[] {
  const [most] = store.contexts(latent);
  const tokens = (name: "promoted" | "suppressed") => {
    const first = store.effects(name, latent).slice(0, TOKENS);
    return first.map(({ token }) => visible(token)).join(" ");
  };
  const fires = words.say("fires", {
    share: percent(store.density(latent)),
    peak: numberText(store.names.peak(latent)),
    token: most && visible(most.tokens[store.place.indexOf(0)]),
    promoted: tokens("promoted"),
    suppressed: tokens("suppressed"),
  });
  const { label } = store.label(latent);
  const labelled = label && words.text("label", { label, scores: scoresText(store, latent) });
  return words.say("sentence", { latent, label: labelled, silent: !store.density(latent), fires });
}

/** "F1 0.97, AUC 1.00"; "" where there are none. */
export function scoresText(store: Store, latent: number): string {
  const { f1, auc } = store.label(latent);
  const known = (score: number) => !Number.isNaN(score) && numberText(score);
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
  return `${numberText(peak)} at ${quoted(tokens[middle])}: ${tokens.join("")}`;
}

/** What the tooltip says of a token of a context. */
export function pointedAt({ tokens, activations }: Context, place: number[], i: number): Lines {
  const away = place[i];
  const where: Lines = away ? [["place", `${away > 0 ? "+" : "−"}${Math.abs(away)}`]] : [];
  return [["token", quoted(tokens[i])], ["activation", numberText(activations.at(i))], ...where];
}

/** The latents of the list in numbers, in its order. */
export function latentTable(store: Store, latents: readonly number[], chosen: number): HTMLElement {
  const shown = latents.slice(0, MOST_ROWS);
  const rows = shown.map((latent) => {
    const { label, f1, auc } = store.label(latent);
    const scores = store.labelled ? [label, numberText(f1), numberText(auc)] : [];
    const [density, peak] = [percent(store.density(latent)), numberText(store.names.peak(latent))];
    return [String(latent), density, peak, ...scores, store.names.promotes(latent)];
  });
  const head = ["latent", "density", "peak", ...(store.labelled ? ["label", "F1", "AUC"] : []), "promotes"];
  const which = shown.length < latents.length ? `The first ${shown.length} of ${latents.length}` : `${latents.length}`;
  return table(`${which} latents, in the order of the list`, head, rows, shown.indexOf(chosen));
}
