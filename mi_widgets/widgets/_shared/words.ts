/**
 * Sentences, written once for both languages: templates in a view's `words.json`, into which facts are filled.
 *
 * `words.py`, which does the same in the kernel, says what a template may have in it. Here its marks become elements:
 * `*strong*`, `#number#`, `` `token` `` and `~quiet~`. Facts become text nodes, and are never read as templates.
 */
import { el } from "./dom";

export type Part = string | HTMLElement;
/** A text, a whole number, something that was said, or whether something is so. */
export type Fact = string | number | boolean | null | undefined | readonly Part[];
export type Facts = Record<string, Fact>;

const GROUP = /\[([^[\]]*)\]/g;
const FACT = /\{(\??)(\w+)\}/g;
const MARKED = /([*#`~])(.*?)\1/g;
const ELEMENTS: Record<string, (...parts: Part[]) => HTMLElement> = {
  "*": (...parts) => el("strong", {}, ...parts),
  "#": (...parts) => el("strong", { class: "mi-mono" }, ...parts),
  "`": (...parts) => el("code", {}, ...parts),
  "~": (...parts) => el("span", { class: "mi-faint" }, ...parts),
};

/** The sentences of a view. */
export class Words<Name extends string> {
  constructor(private templates: Record<Name, string>) {}

  /** One of the sentences, or a part of one. */
  say(name: Name, facts: Facts = {}): Part[] {
    return fill(this.templates[name], facts);
  }

  /** The same for several things, one after the other. */
  each(name: Name, several: readonly Facts[], joint = ""): Part[] {
    return several.flatMap((facts, i) => (i && joint ? [joint, ...this.say(name, facts)] : this.say(name, facts)));
  }

  /** As a plain text, for labels and for readers of the screen. */
  text(name: Name, facts: Facts = {}): string {
    return textOf(this.say(name, facts));
  }
}

/** A template with its facts. */
export function fill(template: string, facts: Facts): Part[] {
  const complete = (part: string) => [...part.matchAll(FACT)].every(([, , name]) => !isMissing(facts[name]));
  let [before, flat] = ["", template];
  while (before !== flat) {
    before = flat; // from the innermost outwards
    flat = flat.replace(GROUP, (_, group: string) => group.split("|").find(complete) ?? "");
  }
  const parts = marked(flat.replace(/^\^/, ""), facts);
  if (template.startsWith("^")) capitalise(parts);
  return parts;
}

/** What was said, as a plain text. */
export function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
}

function marked(template: string, facts: Facts): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const { 0: whole, 1: delimiter, 2: inside, index } of template.matchAll(MARKED)) {
    parts.push(...filled(template.slice(end, index), facts), ELEMENTS[delimiter](...marked(inside, facts)));
    end = index + whole.length;
  }
  return [...parts, ...filled(template.slice(end), facts)].filter((part) => part !== "");
}

function filled(template: string, facts: Facts): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const { 0: whole, 1: condition, 2: name, index } of template.matchAll(FACT)) {
    const fact = facts[name];
    if (fact === undefined || fact === null) throw new Error(`there is no fact "${name}" for "${template}"`);
    parts.push(template.slice(end, index));
    if (!condition) parts.push(...(typeof fact === "object" ? fact : [String(fact)]));
    end = index + whole.length;
  }
  return [...parts, template.slice(end)];
}

function isMissing(fact: Fact): boolean {
  return (
    fact === undefined || fact === null || fact === false || (typeof fact === "object" ? !fact.length : fact === "")
  );
}

function capitalise(parts: Part[]): void {
  const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  const [first] = parts;
  if (first === undefined) return;
  if (typeof first === "string") {
    parts[0] = capital(first);
    return;
  }
  let node: Node = first;
  while (node.firstChild) node = node.firstChild;
  node.nodeValue = capital(node.nodeValue ?? "");
}
