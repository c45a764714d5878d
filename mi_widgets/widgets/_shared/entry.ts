/** What anywidget loads: a store for each model, a view for each display, and the model's links. */
import { joinLinks } from "./linked";
import type { Model } from "./model";

interface Disposable {
  dispose(): void;
}

interface Context {
  model: Model;
  el: HTMLElement;
}

/**
 * @param read what a model's displays share: what was sent, unpacked once.
 * @param show one display of it.
 */
export function entry<S extends Disposable>(
  read: (model: Model) => S,
  show: (model: Model, store: S, el: HTMLElement) => Disposable,
) {
  return () => {
    let store: S | undefined;
    return {
      initialize({ model }: Context) {
        store = read(model);
        const leave = joinLinks(model);
        return () => {
          leave();
          store?.dispose();
        };
      },
      render({ model, el }: Context) {
        store ??= read(model); // a static page may render without having initialised
        const view = show(model, store, el);
        return () => view.dispose();
      },
    };
  };
}

/** A widget whose views are made of the data of a model, as `ResultView` is. */
export function viewEntry<D extends Disposable>(
  read: new (model: Model) => D,
  View: new (model: Model, data: D) => Disposable & { open(element: HTMLElement): void },
) {
  return entry(
    (model) => new read(model),
    (model, data, element) => {
      const view = new View(model, data);
      view.open(element);
      return view;
    },
  );
}
