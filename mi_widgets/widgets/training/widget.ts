import { viewEntry } from "../_shared/entry";
import { Measures } from "./store";
import { TrainingView } from "./view";
import "./widget.css";

export default viewEntry(Measures, TrainingView);
