/** A view in which something is written that a panel answers: the field for it, and what is said of the answer. */
import { Ask } from "./ask";
import type { Keys } from "./keyboard";
import type { Help } from "./keys";
import type { LabelledData } from "./labelled";
import { ResultView, type ViewAction } from "./result_view";
import type { Selection } from "./selection";
import type { Data } from "./synced_trait";

export abstract class PromptView<D extends Data = LabelledData, S extends Selection = Selection> extends ResultView<
  D,
  S
> {
  protected readonly ask = new Ask(this.model, () => this.frame.root.focus());

  /** Whether there is somebody who answers what is written. */
  protected get answered(): boolean {
    return this.model.get("prompt") !== null;
  }

  protected keys(): Keys {
    return this.answered ? { write: () => this.ask.focus() } : {};
  }

  protected help(): Help {
    return this.answered ? [[["write"], "write another text; Esc leaves it"]] : [];
  }

  /** Offered while something is being done; `busy` may say what. */
  protected stopAction(hint: string, run: () => void): ViewAction {
    const state = () => {
      const { busy } = this.model.get("_said");
      return { label: typeof busy === "string" ? `stop ${busy}` : "stop", hidden: !busy || !this.answered };
    };
    return { label: "stop", key: "stop", hint, run, state };
  }

  /** What the kernel says of what was written. */
  protected sayWrong(): void {
    const { error } = this.model.get("_said");
    this.ask.say(error);
    this.frame.root.classList.toggle("mi-behind", !!error);
  }
}
