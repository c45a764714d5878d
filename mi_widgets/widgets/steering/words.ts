/** What steering does and what it costs, in words. `words.py` says the same in the kernel. */
import { el } from "../_shared/dom";
import { reading, signed } from "../_shared/numbers";

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
  const said = [part("effect: ", effects(figures as Figures))];
  if (cost !== null) said.push(part("cost: loss on ordinary text ", percent(cost)));
  if (control) {
    const more = control.cost === null ? "" : `, ${percent(control.cost)}`;
    said.push(part("control: random direction of the same norm ", `${effects(control)}${more}`));
  }
  return said;
}

function part(name: string, number: string): HTMLElement {
  return el("span", { class: "mi-figure" }, name, el("strong", {}, number));
}

function effects({ probes, kl }: Effects): string {
  const read = probes.map(([name, sigma]) => `${name} probe ${signed(sigma, 1)} σ`);
  return (read.length ? read : [`next token moved by ${reading(kl)} nats`]).join(", ");
}

export function percent(share: number): string {
  return `${signed(100 * share, Math.abs(share) >= 0.0995 ? 0 : 1)} %`;
}
