/** The list, the dashboard of the selected latent, and the words. */
import { el } from "../_shared/dom";
import type { Help } from "../_shared/keys";
import { changeOf, ChangesNote, switchAction } from "../_shared/latent_changes";
import { numberText } from "../_shared/numbers";
import { ResultView } from "../_shared/result_view";
import { Dashboard } from "./dashboard";
import { layout } from "./layout";
import { List } from "./list";
import type { Store } from "./store";
import { latentTable, sentence } from "./words";

type Selection = Record<string, number>;

export class DashboardView extends ResultView<Store, Selection> {
  protected readonly name = "dashboards";
  protected readonly traits = ["_changes"];
  private list = new List(
    this.data,
    (latent) => this.go(latent),
    () => this.drawWords(),
  );
  private dashboard = new Dashboard(
    this.data,
    (latent) => this.go(latent),
    (event, lines) => this.point({}, event, lines),
  );
  private both = el("div", { class: "mi-list-and-one" }, this.list.element, this.dashboard.element);
  private changes = new ChangesNote(this.model);
  private before: number[] = []; // the latents that were shown before this one
  private shown?: number;

  protected readonly table = {
    name: "the latents in numbers",
    hint: "the latents of the list in numbers",
    make: () => latentTable(this.data, this.list.latents, this.selection.latent),
  };

  protected parts() {
    this.until(this.data.source.onChange(() => this.list.read()));
    return { body: [this.both, this.numbers], footer: [this.words, this.changes.element] };
  }

  protected actions() {
    return [switchAction(this.model, () => this.selection.latent)];
  }

  protected keys() {
    return {
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
    };
  }

  protected help(): Help {
    return [
      [["up", "down"], "the latent above, the latent below in the list"],
      [["pageUp", "pageDown"], "a page of the list"],
      [["first", "last"], "the first and the last of the list"],
      [["write"], "filter the list; Enter goes to it"],
      [["nothing"], "show all of the list again"],
      [["order"], "the next order of the list"],
      [["open"], "among the nearest latents, where ↑ ↓ move too: go there"],
      [["back"], "back to the latent before"],
    ];
  }

  protected facts({ model }: Record<string, string>): string[] {
    return [model];
  }

  private go(latent: number): void {
    this.point({}); // what was done is shown, not what the pointer happens to be on
    this.select({ latent });
  }

  private back(): void {
    const latent = this.before.pop();
    if (latent === undefined) return;
    this.go(latent);
    this.before.pop(); // the one that was left is not to be come back to
  }

  protected paint(): void {
    const place = layout(this.frame.width);
    const { latent } = this.selection;
    if (this.shown !== undefined && latent !== this.shown) this.before.push(this.shown);
    this.shown = latent;
    this.both.classList.toggle("mi-narrow", place.narrow);
    this.both.style.gridTemplateColumns = place.narrow ? "minmax(0, 1fr)" : `${place.list}px minmax(0, 1fr)`;
    const change = changeOf(this.model, latent);
    const changed = change ? (change.value === null ? "out" : `held at ${numberText(change.value)}`) : "";
    this.dashboard.draw(latent, place, this.theme, changed);
    this.list.draw(latent); // when the dashboard says how high it is
    this.changes.draw();
  }

  protected sentence() {
    return sentence(this.data, this.selection.latent);
  }
}
