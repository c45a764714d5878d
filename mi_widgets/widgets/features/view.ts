/** One display of the widget: the list, the dashboard of the selected latent, and the words. */
import type { Help } from "../_shared/keys";
import { el } from "../_shared/dom";
import { type Action, Frame } from "../_shared/frame";
import { bindKeys } from "../_shared/keyboard";
import { changeOf, ChangesNote, described, setChange } from "../_shared/latent_changes";
import { listen, type Model } from "../_shared/model";
import { Dashboard } from "./dashboard";
import { layout } from "./layout";
import { List } from "./list";
import type { Store } from "./store";
import { latentTable, sentence } from "./words";

const KEYS: Help = [
  [["up", "down"], "the latent above, the latent below in the list"],
  [["pageUp", "pageDown"], "a page of the list"],
  [["first", "last"], "the first and the last of the list"],
  [["write"], "filter the list; Enter goes to it"],
  [["nothing"], "show all of the list again"],
  [["order"], "the next order of the list"],
  [["open"], "among the nearest latents, where ↑ ↓ move too: go there"],
  [["back"], "back to the latent before"],
];

export class View {
  private frame: Frame;
  private list: List;
  private dashboard: Dashboard;
  private parts: HTMLElement;
  private sentence = el("p", { class: "mi-sentence" });
  private changes: ChangesNote;
  private numbers = el("div", {
    class: "mi-numbers",
    tabindex: 0,
    role: "region",
    "aria-label": "the latents in numbers",
  });
  private before: number[] = []; // the latents that were shown before this one
  private shown?: number;

  constructor(
    private model: Model,
    private store: Store,
    element: HTMLElement,
  ) {
    this.frame = new Frame(element, this.actions(), KEYS, () => this.draw());
    this.frame.root.classList.add("mi-features");
    this.numbers.hidden = true;
    this.list = new List(
      store,
      (at) => this.go(store.latents[at]),
      () => this.drawTable(),
    );
    this.dashboard = new Dashboard(store, {
      go: (latent) => this.go(latent),
      tip: (event, lines) => (lines ? this.frame.tip(event, lines) : this.frame.tooltip.hide()),
    });
    this.changes = new ChangesNote(model);
    this.parts = el("div", { class: "mi-list-and-one" }, this.list.element, this.dashboard.element);
    this.frame.body.append(this.parts, this.numbers);
    this.frame.footer.append(this.sentence, this.changes.element);
    this.listenToPeople();
    this.listenToModel();
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  private actions(): Action[] {
    return [
      {
        label: "take out",
        key: "switchOff",
        hint: "take the selected latent out, or put it back: view.intervention",
        run: () => this.switch(),
      },
      { label: "as table", key: "table", hint: "the latents of the list in numbers", run: () => this.toggleTable() },
      {
        label: "copy code",
        key: "code",
        hint: "copy the Python that makes this view",
        run: () => void this.frame.copy(this.model.get("_code")),
      },
    ];
  }

  private listenToPeople(): void {
    this.frame.until(
      bindKeys(this.frame.root, {
        up: () => this.list.walk(-1),
        down: () => this.list.walk(1),
        pageUp: () => this.list.turnPage(-1),
        pageDown: () => this.list.turnPage(1),
        first: () => this.list.walk(-Infinity),
        last: () => this.list.walk(Infinity),
        write: () => this.list.find(),
        nothing: () => this.list.clear(),
        order: () => this.list.nextOrder(),
        back: () => this.back(),
      }),
    );
  }

  private listenToModel(): void {
    const draw = () => this.draw();
    this.frame.until(
      listen(this.model, { "change:selection": draw, "change:_changes": draw, "change:_header": draw }),
      this.store.source.onChange(() => {
        this.list.read();
        this.draw();
      }),
    );
  }

  /** The place of the selected latent; a linked view may leave one that is not here. */
  private get at(): number {
    const { latent } = this.model.get("selection");
    return this.store.names.place(latent) ?? this.store.names.place(this.shown ?? NaN) ?? 0;
  }

  // -- gestures -----------------------------------------------------------------------------------------------------

  private go(latent: number): void {
    if (latent === this.store.latents[this.at]) return;
    this.frame.tooltip.hide();
    this.model.set("selection", { latent });
    this.model.save_changes();
  }

  private back(): void {
    const latent = this.before.pop();
    if (latent === undefined) return;
    this.go(latent);
    this.before.pop(); // the one that was left is not to be come back to
  }

  private switch(): void {
    if (!this.model.get("_changeable")) return;
    const latent = this.store.latents[this.at];
    setChange(this.model, latent, changeOf(this.model, latent) ? undefined : null);
  }

  private toggleTable(): void {
    this.numbers.hidden = !this.numbers.hidden;
    this.drawWords();
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const { title, model, warnings } = this.model.get("_header");
    const place = layout(this.frame.width);
    const latent = this.store.latents[this.at];
    if (this.shown !== undefined && latent !== this.shown) this.before.push(this.shown);
    this.shown = latent;
    this.frame.say({ title, facts: [model], warnings });
    this.parts.classList.toggle("mi-narrow", place.narrow);
    this.parts.style.gridTemplateColumns = place.narrow ? "minmax(0, 1fr)" : `${place.list}px minmax(0, 1fr)`;
    const change = changeOf(this.model, latent);
    const changed = change ? (change.value === null ? "out" : described(change).replace(/^.* at/, "held at")) : "";
    this.dashboard.draw(this.at, place, this.frame.theme, changed);
    this.list.draw(this.at); // when the dashboard says how high it is
    this.drawWords();
    requestAnimationFrame(() => this.frame.painted());
  }

  private drawWords(): void {
    const out = changeOf(this.model, this.store.latents[this.at]) !== undefined;
    this.sentence.replaceChildren(...sentence(this.store, this.at));
    this.frame.announce(this.sentence.textContent!);
    this.frame.label("switchOff", out ? "put back" : "take out", {
      pressed: out,
      hidden: !this.model.get("_changeable"),
    });
    this.frame.label("table", "as table", { pressed: !this.numbers.hidden });
    this.changes.draw();
    this.drawTable();
  }

  private drawTable(): void {
    if (!this.numbers.hidden) this.numbers.replaceChildren(latentTable(this.store, this.list.places, this.at));
  }
}
