import { viewEntry } from "../_shared/entry";
import { Terms } from "./store";
import { AttributionView } from "./view";
import "./widget.css";

export default viewEntry(Terms, AttributionView);
