import { viewEntry } from "../_shared/entry";
import { Store } from "./store";
import { AttributionView } from "./view";
import "./widget.css";

export default viewEntry(Store, AttributionView);
