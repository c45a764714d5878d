/** What a view of a Result may declare, each with its default. `result_view.ts` says what is done with it. */
import { el } from "./dom";
import type { Action, Frame } from "./frame";
import type { Direction, Keys } from "./keyboard";
import type { Help } from "./keys";
import type { Labels } from "./labelled";
import type { Model } from "./model";
import type { Page } from "./pages";
import type { Selection } from "./selection";
import type { Data } from "./synced_trait";

/** Lines of a tooltip. */
export type Lines = [string, string][];

/** What an action's button says now. */
export interface State {
  label?: string;
  pressed?: boolean;
  hidden?: boolean;
}

export interface ViewAction extends Action {
  state?(): State;
}

/** Where the parts of a view stand. */
export interface Parts {
  body: Node[];
  footer?: Node[]; // without it there is none
  extras?: Node[]; // in the header, after the controls of the pages
}

/** The table that says what the pictures show. */
export interface Table {
  name: string; // of the region, for readers who do not see it
  hint: string;
  make(): Node;
}

/** What a view is made of: the view declares it, or leaves it at the default. */
export abstract class DeclaredView<D extends Data, S extends Selection> {
  protected frame!: Frame;
  protected selection = {} as S; // one that can be shown
  protected hovered: Labels = {}; // what the pointer is on, here or in a linked view
  protected controlShown = false;
  protected readonly words = el("p", { class: "mi-sentence" });
  protected readonly numbers = el("div", { class: "mi-numbers", tabindex: 0, role: "region" });

  constructor(
    protected readonly model: Model,
    protected readonly data: D,
  ) {}

  /** Of its folder and its class in CSS, without "mi-". */
  protected abstract readonly name: string;

  /** The view's own elements, with `words` and `numbers` among them. Called once. */
  protected abstract parts(): Parts;

  /** Draw what is selected. */
  protected abstract paint(): void;

  /** The picture in words. */
  protected abstract sentence(): (Node | string)[];

  /** Whether all that is selected has come from the kernel: what is drawn counts as painted. */
  protected get complete(): boolean {
    return true;
  }

  /** Make what depends on the data alone; `arrange` follows. Not called again before other data has come. */
  protected fill(): void {}

  /** Fit the pictures to the width, the theme and the data; `paint` follows. */
  protected arrange(): void {}

  /** Show what the pointer is on; nothing else changes. */
  protected light(): void {}

  /** Whether readers of the screen are told the sentence: not while it changes by itself. */
  protected get spoken(): boolean {
    return true;
  }

  /** Tell readers of a picture what the sentence says, and draw what depends on it. */
  protected describe(_said: string): void {}

  /** What the header says after the title; `header` is the trait. */
  protected facts({ model, unit }: Record<string, any>): string[] {
    return [model, unit];
  }

  /** Synced traits of the view's own; a change of one is drawn. */
  protected readonly traits: string[] = [];

  protected actions(): ViewAction[] {
    return [];
  }

  protected readonly table?: Table = undefined;

  /** Whether the table is shown where nobody has asked. */
  protected get tableFits(): boolean {
    return false;
  }

  /** Keys that are heard anywhere in the view, besides those of pages, actions, and Escape. */
  protected keys(): Keys {
    return {};
  }

  /** What the arrows do anywhere in the view, and the keys to either end. */
  protected arrow?(to: Direction): void;

  /** What the help says of keys other than those of pages and actions. */
  protected help(): Help {
    return [];
  }

  /** What Escape does, for the help. */
  protected readonly escape: string = "select nothing";

  protected pages(): Page[] {
    return [];
  }

  /** What another page changes in the selection besides the page. */
  protected turning(_key: string): Partial<S> {
    return {};
  }

  /** Labels that can be pointed at here, though not selected. */
  protected seen(): Record<string, unknown[]> {
    return {};
  }
}
