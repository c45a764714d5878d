import { entry } from "../_shared/entry";
import { View } from "./view";
import "./widget.css";

export default entry(
  () => ({ dispose() {} }), // nothing is unpacked: what is sent is small
  (model, _store, el) => new View(model, el),
);
