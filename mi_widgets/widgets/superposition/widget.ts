import { viewEntry } from "../_shared/entry";
import { Instances } from "./instances";
import { SuperpositionView } from "./view";
import "./widget.css";

export default viewEntry(Instances, SuperpositionView);
