import { viewEntry } from "../_shared/entry";
import { LabelledData } from "../_shared/labelled";
import { SteeringView } from "./view";
import "./widget.css";

export default viewEntry(LabelledData, SteeringView);
