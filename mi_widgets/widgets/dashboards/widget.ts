import { viewEntry } from "../_shared/entry";
import { Store } from "./store";
import { DashboardView } from "./view";
import "./widget.css";

export default viewEntry(Store, DashboardView);
