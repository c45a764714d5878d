/** Whether there is anything to beware of, and the checks beneath. */
import { el } from "../_shared/dom";
import type { Help } from "../_shared/keys";
import { ResultView } from "../_shared/result_view";
import type { Report } from "./checks";
import { SYMBOLS, spoken } from "./rows";
import { Tree } from "./tree";

export class TrustView extends ResultView<Report> {
  protected readonly name = "trust";
  protected readonly escape = "select no check";
  private summary = el("p", { class: "mi-summary" });
  private tree = new Tree({
    pick: (check) => this.select({ check }),
    hover: (check) => this.point(check === undefined ? {} : { check }),
  });

  protected parts() {
    return { body: [this.summary, this.tree.element] }; // the lines say it all
  }

  protected keys() {
    return {
      up: () => this.tree.move(-1),
      down: () => this.tree.move(1),
      first: () => this.tree.move(-Infinity),
      last: () => this.tree.move(Infinity),
    };
  }

  protected help(): Help {
    return [
      [["up", "down"], "the check above, the check below"],
      [["first", "last"], "the first and the last line"],
      [["open", "toggle"], "open or close the checks that held"],
      [["right", "left"], "open them, close them"],
    ];
  }

  protected facts({ model }: Record<string, string>): string[] {
    return [model];
  }

  /** What was opened stays open until there are other checks. */
  protected fill(): void {
    const { data, header } = this;
    const warned = header.warnings.length > 0;
    const mark = el("span", { class: "mi-mark", "aria-hidden": "true" }, SYMBOLS[warned ? "warning" : "ok"]);
    this.summary.replaceChildren(mark, data.summary);
    this.summary.hidden = !data.summary;
    this.summary.classList.toggle("mi-is-warning", warned);
    this.tree.fill(data);
  }

  protected paint(): void {
    this.tree.select(this.selection.check);
  }

  protected light(): void {
    this.tree.light(this.hovered.check);
  }

  /** The selected check, for who does not see it; what has the focus is read out already. */
  protected sentence(): string[] {
    const chosen = this.data.checks.find(({ label }) => label === this.selection.check);
    return chosen && !this.tree.hasFocus ? [spoken(chosen)] : [];
  }
}
