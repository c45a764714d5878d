import { entry } from "../_shared/entry";
import { Cells } from "./cells";
import { View } from "./view";
import "./widget.css";

export default entry(
  (model) => new Cells(model),
  (model, cells, el) => new View(model, cells, el),
);
