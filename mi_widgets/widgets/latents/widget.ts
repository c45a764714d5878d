import { viewEntry } from "../_shared/entry";
import { Store } from "./store";
import { LatentsView } from "./view";
import "./widget.css";

export default viewEntry(Store, LatentsView);
