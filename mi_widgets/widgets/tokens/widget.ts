import { viewEntry } from "../_shared/entry";
import { Texts } from "./store";
import { TokensView } from "./view";
import "./widget.css";

export default viewEntry(Texts, TokensView);
