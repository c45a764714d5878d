import { entry } from "../_shared/entry";
import { Instances } from "./instances";
import { View } from "./view";
import "./widget.css";

export default entry(
  (model) => new Instances(model),
  (model, instances, el) => new View(model, instances, el),
);
