import { viewEntry } from "../_shared/entry";
import { Report } from "./checks";
import { TrustView } from "./view";
import "./widget.css";

export default viewEntry(Report, TrustView);
