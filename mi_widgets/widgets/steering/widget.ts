import { viewEntry } from "../_shared/entry";
import { Labelled } from "../_shared/labelled";
import { SteeringView } from "./view";
import "./widget.css";

export default viewEntry(Labelled, SteeringView);
