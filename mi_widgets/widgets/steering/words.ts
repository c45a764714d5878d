/** What steering does and what it costs, in words. */
import { el } from "../_shared/dom";
import type { LabelledData } from "../_shared/labelled";
import { numberText, signed } from "../_shared/numbers";
import { type Part, Words } from "../_shared/words";
import templates from "./words.json";

const words = new Words(templates);

/** Effect, cost, and the same of a random direction; nothing where nothing is known. */
export function effectInWords(data: LabelledData): HTMLElement[] {
  if (!data.has("kl")) return [];
  const [given, random] = ["given", "random"].map((push) => facts(data, push));
  return [words.say("effect", given), words.say("cost", given), words.say("control", random)]
    .filter((parts) => parts.length)
    .map((parts) => el("span", { class: "mi-figure" }, ...parts));
}

function facts(data: LabelledData, push: string) {
  const cost = data.get("cost").at({ push });
  return { effects: effects(data, push), cost: !Number.isNaN(cost) && percent(cost) };
}

/** What the probes read, or how far the next token moved where there is none; nothing where nothing is known. */
function effects(data: LabelledData, push: string): Part[] {
  const kl = data.get("kl").at({ push });
  if (Number.isNaN(kl)) return [];
  const probes = data.axis("probe")?.labels ?? [];
  const moved = (probe: number | string) => signed(data.get("read").at({ push, probe }), 1);
  const unit = data.has("read") && data.get("read").unit === "nats" ? "nats" : "σ"; // without texts nobody knows σ
  const read = probes.map((name) => ({ name, moved: moved(name), unit }));
  return read.length ? words.each("probe", read, ", ") : words.say("moved", { kl: numberText(kl) });
}

export function percent(share: number): string {
  return `${signed(100 * share, Math.abs(share) >= 0.0995 ? 0 : 1)} %`;
}
