/**
 * Views that kernel-side `mi.views.link` has joined share their selection and what the pointer is on.
 *
 * It travels through the page, not through the kernel: linked pictures then follow a drag at once, and also where
 * there is no kernel. Each widget is a bundle of its own, so what they have in common is the document and its events.
 */
import { listen, type Model } from "./model";

export type LinkedLabels = Record<string, unknown>;

interface LinkMessage {
  from: Model;
  links: string[];
  labels: LinkedLabels;
}

const SELECTED = "mi-linked-selection";
const HOVERED = "mi-linked-hover";
const SHOWN = "mi-linked-shown"; // what is selected anyway: nobody follows it
const ASKED = "mi-linked-asked"; // … what that is
// Two names of one thing: a token that is worked on.
const SAME: Record<string, string> = { query: "pos", pos: "query" };

/** What a linked view's labels change in ours: keys of the same name, with labels that we have too. */
export function changesFromLinked(
  theirs: LinkedLabels,
  ours: LinkedLabels,
  choices: Record<string, unknown[]>,
): LinkedLabels {
  const found: LinkedLabels = {};
  for (const [key, label] of Object.entries(ours)) {
    const name = key in theirs ? key : SAME[key];
    if (!(name in theirs) || theirs[name] === label || !choices[key]?.includes(theirs[name])) continue;
    found[key] = theirs[name];
  }
  return found;
}

/** Let a model's selection follow, and lead, those it is linked with. Once for each model, displayed or not. */
export function joinLinks(model: Model): () => void {
  const hearing = hear(SELECTED, model, (labels) => {
    const ours = model.get("selection");
    const change = changesFromLinked(labels, ours, model.get("_choices"));
    if (!Object.keys(change).length) return;
    model.set("selection", { ...ours, ...change });
    model.save_changes();
  });
  const show = () => tell(SHOWN, model, model.get("selection"));
  const listening = listen(model, {
    "change:selection": () => tell(SELECTED, model, model.get("selection")),
    "change:_links": show,
  });
  return all(hearing, hear(ASKED, model, show), listening);
}

/**
 * Hear what is selected in linked views, now and whenever it changes, of what can be seen here but not selected.
 *
 * @param seen the labels of each key; a key that no linked view has is left out, or undefined.
 */
export function onSelected(
  model: Model,
  heard: (labels: LinkedLabels) => void,
  seen: () => Record<string, unknown[]>,
): () => void {
  let selected: LinkedLabels = {};
  const take = (theirs: LinkedLabels) => {
    for (const [key, labels] of Object.entries(seen())) {
      if (key in theirs) selected[key] = labels.includes(theirs[key]) ? theirs[key] : undefined;
    }
    heard(selected);
  };
  const ask = () => {
    selected = {};
    heard(selected);
    tell(ASKED, model, {});
  };
  const stop = all(hear(SELECTED, model, take), hear(SHOWN, model, take), listen(model, { "change:_links": ask }));
  ask();
  return stop;
}

/** What stops all of them. */
function all(...stops: (() => void)[]): () => void {
  return () => stops.forEach((stop) => stop());
}

/** Tell linked views what the pointer is on; an empty object when it is on nothing. */
export function sayHover(model: Model, labels: LinkedLabels): void {
  tell(HOVERED, model, labels);
}

/**
 * Hear what the pointer is on in a linked view, in our own keys; an empty object when it is on nothing we have.
 *
 * @param more labels that can be pointed at here, though not selected.
 */
export function onHover(
  model: Model,
  heard: (labels: LinkedLabels) => void,
  more: () => Record<string, unknown[]> = () => ({}),
): () => void {
  return hear(HOVERED, model, (labels) => {
    const choices: Record<string, unknown[]> = { ...more(), ...model.get("_choices") };
    const nowhere = Object.fromEntries(Object.keys(choices).map((key) => [key, undefined]));
    heard(changesFromLinked(labels, nowhere, choices));
  });
}

function tell(event: string, from: Model, labels: LinkedLabels): void {
  const links: string[] = from.get("_links") ?? [];
  if (!links.length) return;
  document.dispatchEvent(new CustomEvent<LinkMessage>(event, { detail: { from, links, labels } }));
}

function hear(event: string, model: Model, heard: (labels: LinkedLabels) => void): () => void {
  const listener = (happened: Event) => {
    const { from, links, labels } = (happened as CustomEvent<LinkMessage>).detail;
    const ours: string[] = model.get("_links") ?? [];
    if (from !== model && links.some((name) => ours.includes(name))) heard(labels);
  };
  document.addEventListener(event, listener);
  return () => document.removeEventListener(event, listener);
}
