import { viewEntry } from "../_shared/entry";
import { Store } from "./store";
import { FeatureView } from "./view";
import "./widget.css";

export default viewEntry(Store, FeatureView);
