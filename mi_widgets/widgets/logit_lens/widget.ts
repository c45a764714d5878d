import { viewEntry } from "../_shared/entry";
import { Store } from "./store";
import { LogitLensView } from "./view";
import "./widget.css";

export default viewEntry(Store, LogitLensView);
