/** The entry that anywidget loads: one store of heads for each model, one view for each display. */
import type { Model } from "../_shared/model";
import { Heads } from "./heads";
import { View } from "./view";
import "./widget.css";

interface Context {
  model: Model;
  el: HTMLElement;
}

export default () => {
  let heads: Heads | undefined;
  return {
    initialize({ model }: Context) {
      heads = new Heads(model);
      return () => heads?.dispose();
    },
    render({ model, el }: Context) {
      heads ??= new Heads(model); // a static page may render without having initialised
      const view = new View(model, heads, el);
      return () => view.dispose();
    },
  };
};
