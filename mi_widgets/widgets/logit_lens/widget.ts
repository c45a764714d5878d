import { viewEntry } from "../_shared/entry";
import { Lens } from "./store";
import { LogitLensView } from "./view";
import "./widget.css";

export default viewEntry(Lens, LogitLensView);
