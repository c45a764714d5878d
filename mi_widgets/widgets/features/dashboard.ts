/** One latent: what it is called, where it fires, how often, what it says, and what is like it. */
import { BarList, type BarRow } from "../_shared/bar_list";
import type { Theme } from "../_shared/colour";
import { el } from "../_shared/dom";
import { bindKeys } from "../_shared/keyboard";
import { reading } from "../_shared/numbers";
import { visible } from "../_shared/tokens";
import { Charts } from "./charts";
import { Contexts } from "./contexts";
import type { Layout } from "./layout";
import type { Context, Effect, Store } from "./store";
import { percent, pointedAt, scoresText } from "./words";

export interface Gestures {
  go(latent: number): void;
  tip(event: PointerEvent, lines: [string, string][] | undefined): void;
}

export class Dashboard {
  readonly element = el("div", { class: "mi-dashboard" });
  private title = el("h3", { class: "mi-latent-title" });
  private facts = el("p", { class: "mi-facts mi-latent-facts" });
  private contexts: Contexts;
  private charts: Charts;
  private promotes = new BarList("tokens that it promotes");
  private suppresses = new BarList("tokens that it suppresses");
  private near: BarList;
  private neighbours: number[] = [];
  private nearAt?: number; // the neighbour that the keys are on

  constructor(
    private store: Store,
    private on: Gestures,
  ) {
    this.contexts = new Contexts((context, i, event) => this.pointed(context, i, event));
    this.charts = new Charts((event, lines) => on.tip(event, lines));
    this.near = new BarList("nearest latents", {
      pick: (i) => on.go(this.neighbours[i]),
      hover: (row, event) => on.tip(event, row?.tip),
    });
    this.near.element.classList.add("mi-near");
    bindKeys(this.near.element, {
      up: () => this.walkNear(-1),
      down: () => this.walkNear(1),
      open: () => this.nearAt !== undefined && on.go(this.neighbours[this.nearAt]),
    });
    const effects = "on the logits, in nats, of its direction alone for an activation of 1";
    this.element.append(
      el("header", { class: "mi-latent-head" }, this.title, this.facts),
      this.contexts.element,
      this.charts.element,
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
  draw(at: number, layout: Layout, theme: Theme, changed: string): void {
    const { store } = this;
    this.drawHead(at, changed);
    this.contexts.draw(store, at, theme);
    this.charts.draw(store, at, layout.chart);
    const [up, down] = [store.promoted(at), store.suppressed(at)];
    const reach = Math.max(...[...up, ...down].map(({ by }) => Math.abs(by)));
    this.promotes.draw({ rows: up.map(effectRow), reach, theme, signed: true });
    this.suppresses.draw({ rows: down.map(effectRow), reach, theme, signed: true });
    const near = store.nearest(at).filter(({ latent }) => store.names.place(latent) !== undefined);
    this.nearAt = undefined;
    this.neighbours = near.map(({ latent }) => latent);
    this.near.draw({ rows: near.map((other) => this.neighbour(other)), reach: 1, theme });
  }

  private walkNear(by: number): void {
    const last = this.neighbours.length - 1;
    this.nearAt = Math.max(0, Math.min(last, (this.nearAt ?? (by > 0 ? -1 : last + 1)) + by));
    this.near.mark(last < 0 ? undefined : this.nearAt);
  }

  private drawHead(at: number, changed: string): void {
    const { store } = this;
    const latent = store.latents[at];
    const { label } = store.label(at);
    const named = store.names.isLabelled(latent);
    const children: (string | Node)[] = [`Latent ${latent}`];
    if (named) children.push(" ", el("span", { class: "mi-latent-label" }, label));
    if (changed) children.push(" ", el("span", { class: "mi-changed" }, changed));
    this.title.replaceChildren(...children);
    const scores = scoresText(store, at);
    const guess = label && !named ? `best label ${label}, ${scores}` : scores;
    const density = store.density(at);
    const fires = density
      ? [`fires at ${percent(density)} of tokens`, `peak ${reading(store.names.peaks.at(at))}`]
      : [];
    this.facts.textContent = [...(guess ? [guess] : []), ...fires].join(" · ");
  }

  private neighbour({ latent, cosine }: { latent: number; cosine: number }): BarRow {
    const name = this.store.names.name(latent);
    return {
      name,
      aside: String(latent),
      plain: this.store.names.isLabelled(latent),
      value: cosine,
      text: reading(cosine),
      said: `latent ${latent}, ${name}: cosine ${reading(cosine)}`,
      tip: [
        ["latent", String(latent)],
        ["", name],
        ["cosine", reading(cosine)],
      ],
    };
  }

  private pointed(context: Context | undefined, i: number, event: PointerEvent): void {
    this.on.tip(event, context && context.tokens[i] ? pointedAt(context, this.store.place, i) : undefined);
  }
}

function effectRow({ token, by }: Effect): BarRow {
  return { name: visible(token), value: by, text: reading(by), said: `${visible(token)}: ${reading(by)}` };
}

function figure(title: string, unit: string, more: string, element: HTMLElement): HTMLElement {
  return el(
    "figure",
    {},
    el("figcaption", { title: more }, el("strong", {}, title), el("span", { class: "mi-facts" }, unit)),
    element,
  );
}
