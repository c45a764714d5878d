import { viewEntry } from "../_shared/entry";
import { Heads } from "./heads";
import { AttentionView } from "./view";
import "./widget.css";

export default viewEntry(Heads, AttentionView);
