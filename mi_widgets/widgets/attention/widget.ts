import { entry } from "../_shared/entry";
import { Heads } from "./heads";
import { View } from "./view";
import "./widget.css";

export default entry(
  (model) => new Heads(model),
  (model, heads, el) => new View(model, heads, el),
);
