import { entry } from "../_shared/entry";
import { Spectrum } from "./spectrum";
import { View } from "./view";
import "./widget.css";

export default entry(
  (model) => new Spectrum(model),
  (model, spectrum, el) => new View(model, spectrum, el),
);
