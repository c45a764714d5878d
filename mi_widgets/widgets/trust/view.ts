/** One display of the widget: whether there is anything to beware of, and the checks beneath. */
import type { Help } from "../_shared/keys";
import { el } from "../_shared/dom";
import { type Action, Frame } from "../_shared/frame";
import { bindKeys } from "../_shared/keyboard";
import { onHover, sayHover } from "../_shared/linked";
import { listen, type Model } from "../_shared/model";
import { MARKS, spoken } from "./rows";
import type { Label, Store } from "./store";
import { Tree } from "./tree";

const KEYS: Help = [
  [["up", "down"], "the check above, the check below"],
  [["first", "last"], "the first and the last line"],
  [["open", "toggle"], "open or close the checks that held"],
  [["right", "left"], "open them, close them"],
  [["nothing"], "select no check"],
];

export class View {
  private frame: Frame;
  private summary = el("p", { class: "mi-summary" });
  private tree = new Tree({ pick: (label) => this.select(label), hover: (label) => this.hover(label) });
  private lit?: Label; // the check under the pointer

  constructor(
    private model: Model,
    private store: Store,
    element: HTMLElement,
  ) {
    const code = () => void this.frame.copy(this.model.get("_code"));
    const copy: Action = { label: "copy code", key: "code", hint: "copy the Python that makes this view", run: code };
    this.frame = new Frame(element, [copy], KEYS, () => this.draw());
    this.frame.root.classList.add("mi-trust");
    this.frame.body.append(this.summary, this.tree.element);
    this.frame.footer.hidden = true; // the lines say it all
    this.fill();
    this.listen();
    this.frame.followWidth();
  }

  dispose(): void {
    this.frame.dispose();
  }

  private fill(): void {
    const { title, model, checks, warnings } = this.model.get("_header");
    this.frame.say({ title, facts: [model], warnings, checks });
    const { report } = this.store;
    const mark = el("span", { class: "mi-mark", "aria-hidden": "true" }, MARKS[warnings.length ? "warning" : "ok"]);
    this.summary.replaceChildren(mark, report.summary);
    this.summary.hidden = !report.summary;
    this.summary.classList.toggle("mi-is-warning", warnings.length > 0);
    this.tree.fill(report);
  }

  private listen(): void {
    this.frame.until(
      bindKeys(this.frame.root, {
        up: () => this.tree.move(-1),
        down: () => this.tree.move(1),
        first: () => this.tree.move(-Infinity),
        last: () => this.tree.move(Infinity),
        nothing: () => this.select(null),
      }),
      listen(this.model, { "change:selection": () => this.draw() }),
      this.store.source.onChange(() => {
        this.fill();
        this.draw();
      }),
      onHover(this.model, ({ check }) => this.tree.light(check)),
    );
  }

  private select(check: Label | null): void {
    if (check === this.model.get("selection").check) return;
    this.model.set("selection", { check });
    this.model.save_changes();
  }

  private hover(check: Label | undefined): void {
    if (check === this.lit) return;
    this.lit = check;
    sayHover(this.model, check === undefined ? {} : { check });
  }

  private draw(): void {
    if (!this.frame.width) return; // not shown yet
    const { check: label } = this.model.get("selection");
    const chosen = this.store.report.checks.find((check) => check.label === label);
    this.tree.select(chosen ? label : null);
    if (chosen && !this.tree.hasFocus) this.frame.announce(spoken(chosen)); // the focus reads it out already
    requestAnimationFrame(() => this.frame.painted());
  }
}
