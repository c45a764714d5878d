import { viewEntry } from "../_shared/entry";
import { Cells } from "./cells";
import { HeatmapView } from "./view";
import "./widget.css";

export default viewEntry(Cells, HeatmapView);
