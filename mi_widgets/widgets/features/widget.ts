import { entry } from "../_shared/entry";
import { Store } from "./store";
import { View } from "./view";
import "./widget.css";

export default entry(
  (model) => new Store(model),
  (model, store, el) => new View(model, store, el),
);
