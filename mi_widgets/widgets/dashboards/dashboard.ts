/** One latent: what it is called, where it fires, how often, what it says, and what is like it. */
import { BarList, type BarRow } from "../_shared/bar_list";
import type { Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { bindKeys } from "../_shared/keyboard";
import { walked } from "../_shared/moving";
import { numberText } from "../_shared/numbers";
import type { Lines } from "../_shared/result_view";
import { highest } from "../_shared/scale";
import { visible } from "../_shared/tokens";
import { activations, densities, Histogram } from "./charts";
import { Contexts } from "./contexts";
import type { Layout } from "./layout";
import type { Effect, Store } from "./store";
import { percent, pointedAt, scoresText } from "./words";

export class Dashboard {
  readonly element = el("div", { class: "mi-dashboard" });
  private title = el("h3", { class: "mi-latent-title" });
  private facts = el("p", { class: "mi-facts mi-latent-facts" });
  private contexts: Contexts;
  private activations: Histogram;
  private densities: Histogram;
  private promotes = new BarList("tokens that it promotes");
  private suppresses = new BarList("tokens that it suppresses");
  private near: BarList;
  private neighbours: number[] = [];
  private nearAt?: number; // the neighbour that the keys are on

  constructor(
    private store: Store,
    go: (latent: number) => void,
    tip: (event: PointerEvent, lines?: Lines) => void,
  ) {
    this.contexts = new Contexts((event, context, i) =>
      tip(event, i !== undefined && context.tokens[i] ? pointedAt(context, store.place, i) : undefined),
    );
    this.activations = new Histogram("Activations", tip);
    this.densities = new Histogram("Density", tip);
    const goNear = (i: number) => go(this.neighbours[i]);
    this.near = new BarList("nearest latents", { pick: goNear, hover: (row, event) => tip(event, row?.tip) });
    this.near.element.classList.add("mi-near");
    bindKeys(this.near.element, {
      up: () => this.walkNear(-1),
      down: () => this.walkNear(1),
      open: () => this.nearAt !== undefined && goNear(this.nearAt),
    });
    const effects = "on the logits, in nats, of its direction alone for an activation of 1";
    this.element.append(
      el("header", { class: "mi-latent-head" }, this.title, this.facts),
      this.contexts.element,
      el("div", { class: "mi-charts" }, this.activations.element, this.densities.element),
      el(
        "div",
        { class: "mi-three" },
        figure("Promotes", "nats", effects, this.promotes.element),
        figure("Suppresses", "nats", effects, this.suppresses.element),
        figure("Nearest", "cosine", "of the directions", this.near.element),
      ),
    );
  }

  /** @param changed what is done to the latent now, in words; "" for nothing. */
  draw(latent: number, layout: Layout, theme: Theme, changed: string): void {
    const { store } = this;
    const change = changed ? [" ", el("span", { class: "mi-changed" }, changed)] : [];
    this.title.replaceChildren(...store.names.title(latent), ...change);
    this.facts.textContent = factsOf(store, latent).join(" · ");
    this.contexts.draw(store, latent, theme);
    this.activations.draw(activations(store, latent), layout.chart);
    this.densities.draw(densities(store, latent), layout.chart);
    const [up, down] = [store.effects("promoted", latent), store.effects("suppressed", latent)];
    const reach = highest([...up, ...down].map(({ by }) => Math.abs(by)));
    this.promotes.draw({ rows: up.map(effectRow), reach, theme, signed: true });
    this.suppresses.draw({ rows: down.map(effectRow), reach, theme, signed: true });
    const near = store.nearest(latent);
    this.nearAt = undefined;
    this.neighbours = near.map((other) => other.latent);
    const rows = near.map(({ latent: other, cosine }): BarRow => {
      const bar = store.names.bar(other, cosine, "cosine");
      return { ...bar, said: `latent ${other}, ${bar.name}: cosine ${bar.text}` };
    });
    this.near.draw({ rows, reach: 1, theme });
  }

  private walkNear(by: number): void {
    if (!this.neighbours.length) return;
    this.nearAt = walked(this.nearAt, by, this.neighbours.length);
    this.near.mark(this.nearAt);
  }
}

/** What is said beneath the name. */
function factsOf(store: Store, latent: number): string[] {
  const [{ label }, scores, density] = [store.label(latent), scoresText(store, latent), store.density(latent)];
  const guess = label && !store.names.label(latent) ? `best label ${label}, ${scores}` : scores;
  const fires = [`fires at ${percent(density)} of tokens`, `peak ${numberText(store.names.peak(latent))}`];
  return [...(guess ? [guess] : []), ...(density ? fires : [])];
}

function effectRow({ token, by }: Effect): BarRow {
  return { name: visible(token), value: by, text: numberText(by), said: `${visible(token)}: ${numberText(by)}` };
}

function figure(title: string, unit: string, more: string, element: HTMLElement): HTMLElement {
  const caption = el("figcaption", { title: more }, el("strong", {}, title), el("span", { class: "mi-facts" }, unit));
  return el("figure", {}, caption, element);
}
