import { viewEntry } from "../_shared/entry";
import { Spectrum } from "./spectrum";
import { FourierView } from "./view";
import "./widget.css";

export default viewEntry(Spectrum, FourierView);
