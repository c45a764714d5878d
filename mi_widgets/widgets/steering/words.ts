/** What steering does and what it costs, in words. */
import { el } from "../_shared/dom";
import { reading, signed } from "../_shared/numbers";
import { type Part, Words } from "../_shared/words";
import templates from "./words.json";

const words = new Words(templates);

interface Effects {
  probes: [string, number][];
  kl: number;
  cost: number | null;
}

export interface Figures extends Effects {
  control: Effects | null;
}

export function figuresInWords(figures: Figures | Record<string, never>): HTMLElement[] {
  if (!("probes" in figures)) return [];
  const { cost, control } = figures as Figures;
  const said = [words.say("effect", { effects: effects(figures as Figures) })];
  if (cost !== null) said.push(words.say("cost", { cost: percent(cost) }));
  if (control) {
    const cost = control.cost !== null && percent(control.cost);
    said.push(words.say("control", { effects: effects(control), cost }));
  }
  return said.map((parts) => el("span", { class: "mi-figure" }, ...parts));
}

function effects({ probes, kl }: Effects): Part[] {
  const read = probes.map(([name, sigma]) => ({ name, sigma: signed(sigma, 1) }));
  return read.length ? words.each("probe", read, ", ") : words.say("moved", { kl: reading(kl) });
}

export function percent(share: number): string {
  return `${signed(100 * share, Math.abs(share) >= 0.0995 ? 0 : 1)} %`;
}
