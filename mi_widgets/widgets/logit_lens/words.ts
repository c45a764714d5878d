/** The picture in words and in numbers. */
import { el } from "../_shared/dom";
import type { Labels } from "../_shared/labelled";
import { fixed, probability, numberText } from "../_shared/numbers";
import { table } from "../_shared/table";
import { quoted, shortened, visible } from "../_shared/tokens";
import { type Part, Words } from "../_shared/words";
import type { Lens } from "./store";
import templates from "./words.json";

/** What the words are about. */
export interface LensState {
  lens: Lens;
  selection: Labels;
  color: string;
  pinned: string | null;
}

const words = new Words(templates);

/** "L11 at pos 13 ·to: ·Mary 0.71 (untrained: ·the 0.0004) · ·Mary is rank 0 from layer 7 on" */
export function sentence(shown: LensState): Part[] {
  const { lens, selection } = shown;
  const at = lens.describedCell(selection);
  const several = lens.axis("batch").labels.length > 1;
  return words.say("sentence", { batch: several && selection.batch, cell: at && cell(shown, at) });
}

function cell({ lens, color, pinned }: LensState, at: Labels): Part[] {
  const place = { layer: at.layer, position: position(lens, at) };
  if (lens.padded(at)) return words.say("cell", place);
  /** What a control has to say in brackets, where there is one. */
  const baseline = (say: (at: Labels) => string) =>
    lens.control ? { control: lens.control, baseline: say({ ...at, line: 1 }) } : {};
  const token = (at: Labels) => ({ token: visible(lens.textAt("token", at)), p: read(lens, "probability", at) });
  const likeliest = { ...token(at), ...baseline((at) => words.text("likeliest", token(at))) };
  const value = (at: Labels) => read(lens, color, at);
  const inNats = color === "entropy" || color === "kl";
  const ranks = (at: Labels) => lens.ranks({ ...at, token_asked: pinned });
  return words.say("cell", {
    ...place,
    likeliest: words.say("likeliest", likeliest),
    nats: inNats && words.say("nats", { measure: lens.colours[color].label, value: value(at), ...baseline(value) }),
    pinned:
      pinned !== null &&
      words.say("pinned", {
        token: visible(pinned),
        fate: fate(ranks(at), [...lens.rows.labels].reverse()),
        ...baseline((at) => String(ranks(at).at(-1))),
      }),
  });
}

/**
 * "is rank 0 from layer 7 on": when a token becomes the likeliest, and whether it stays so.
 *
 * @param ranks one a layer, the first layer first, as in `layers`.
 */
export function fate(ranks: readonly number[], layers: readonly (number | string)[]): string {
  const last = ranks.length - 1;
  const start = ranks.findLastIndex((rank) => rank !== 0) + 1; // of the zeros at the end
  const best = ranks.lastIndexOf(Math.min(...ranks));
  return words.text("fate", {
    only: last === 0,
    always: start === 0,
    alone: start === last,
    start: layers[start],
    zero: ranks[best] === 0,
    lowest: best < last && ranks[best],
    best: layers[best],
    rank: ranks[last],
    last: layers[last],
  });
}

/** What the colours show. */
export function colouredBy(color: string, pinned: string | null): string {
  return words.text(`by ${color}` as keyof typeof templates, { token: visible(pinned ?? "") });
}

/** "pos 13 ·to" */
export function position(lens: Lens, at: Labels): string {
  return words.text("position", { pos: at.pos, token: visible(lens.promptToken(at)) });
}

function read(lens: Lens, name: string, at: Labels): string {
  return numberText(lens.numberAt(name, at));
}

/** What the tooltip says of a cell, a layer or a position, of the lens or of its control. */
export function pointedAt({ lens, pinned }: LensState, at: Labels): [string, string][] {
  const lines: [string, string][] = [];
  if (at.layer !== null) lines.push(["layer", `L${at.layer}`]);
  if (at.pos !== null) lines.push(["pos", `${at.pos} ${quotedOrPadding(lens.promptToken(at))}`]);
  if (at.layer === null || at.pos === null || lens.padded(at)) return lines;
  lines.push(["entropy", `${read(lens, "entropy", at)} nats`], ["KL", `${read(lens, "kl", at)} nats`]);
  if (pinned !== null) {
    lines.push([shortened(pinned), `rank ${lens.numberAt("asked_rank", { ...at, token_asked: pinned })}`]);
  }
  return lines;
}

function quotedOrPadding(token: string): string {
  return token === "" ? "padding" : quoted(token);
}

/** The likeliest tokens of a cell with their ranks and probabilities; a control may have fewer. */
function likeliest(lens: Lens, at: Labels, write: (token: string) => string): string[][] {
  const [token, share] = [lens.get("top_token"), lens.get("top_probability")];
  const all = lens.axis("rank").labels.map((rank) => ({ ...at, rank }));
  const there = all.filter((at) => !Number.isNaN(share.at(at)));
  const { resolution } = share.tensor;
  return there.map((at) => [String(at.rank), write(token.text(at)), probability(share.at(at), resolution)]);
}

/** The likeliest tokens of a cell, in two columns for the tooltip; nothing where no cell is pointed at. */
export function likeliestBox(lens: Lens, at: Labels): HTMLElement | undefined {
  if (at.layer === null || at.pos === null || lens.padded(at)) return undefined;
  const rows = likeliest(lens, at, shortened).map(([rank, ...rest]) =>
    el("div", {}, el("span", { class: "mi-tooltip-name" }, rank), ...rest.map((text) => el("span", {}, text))),
  );
  const box = el("div", { class: "mi-lens-likeliest" }, ...rows);
  box.style.gridTemplateRows = `repeat(${Math.ceil(rows.length / 2)}, auto)`;
  return box;
}

/** Everything at one position: a row a layer, and the likeliest tokens of the cell that is spoken of. */
export function tables({ lens, selection, pinned }: LensState): HTMLElement[] {
  const at = lens.describedCell(selection);
  if (!at) return [el("p", {}, "no tokens here")];
  const where = position(lens, at);
  const layers = layerTable(lens, at, `Every layer at ${where}`, pinned);
  layers.querySelectorAll("tbody tr")[lens.rows.place(at.layer)!].setAttribute("aria-current", "true");
  if (lens.padded(at)) return [layers];
  const name = `The likeliest tokens of L${at.layer} at ${where}`;
  return [layers, table(name, ["rank", "token", "probability"], likeliest(lens, at, visible))];
}

function layerTable(lens: Lens, at: Labels, caption: string, pinned: string | null): HTMLTableElement {
  type Column = [head: string, line: number, write: (at: Labels) => string];
  const { control } = lens;
  const number = (name: string) => (at: Labels) => read(lens, name, at);
  const token = (at: Labels) => visible(lens.textAt("token", at));
  const rank = (at: Labels) => fixed(lens.numberAt("asked_rank", at), 0);
  const ofPinned = (...columns: Column[]) => (pinned === null ? [] : columns);
  const name = shortened(pinned ?? "");
  const columns: Column[] = [
    ["layer", 0, ({ layer }) => `L${layer}`],
    ["likeliest", 0, token],
    ["probability", 0, number("probability")],
    ["entropy", 0, number("entropy")],
    ["KL", 0, number("kl")],
    ...ofPinned([`rank of ${name}`, 0, rank], [`p of ${name}`, 0, number("asked_probability")]),
  ];
  if (control) columns.push([`${control}: likeliest`, 1, token], ...ofPinned([`${control}: rank`, 1, rank]));
  return table(
    caption,
    columns.map(([head]) => head),
    lens.rows.labels.map((layer) =>
      columns.map(([, line, write]) => write({ ...at, layer, line, token_asked: pinned })),
    ),
  );
}
