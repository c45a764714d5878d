/** The control to go through training: a slider whose stops lie where the checkpoints lie on the axis, and a play button. */
import { untouched } from "../_shared/apart";
import { type AxisScale, nearest } from "../_shared/axis_scale";
import { button, el } from "../_shared/dom";
import { textWidth } from "../_shared/lines";
import { inside } from "../_shared/moving";
import { count } from "../_shared/numbers";

const FINE = 10_000; // places of the slider: enough to tell all checkpoints apart
const THUMB = 14; // pixels; the slider's ends are half a thumb inside
const PACE = 320; // milliseconds a checkpoint
const DENSE = 4; // pixels a checkpoint: with fewer, only those with a number have a stroke

export class Scrubber {
  readonly element: HTMLElement;
  private slider = el("input", { type: "range", class: "mi-slider mi-scrub", min: 0, max: FINE, step: 1 });
  private play: HTMLButtonElement;
  private ticks = el("div", { class: "mi-scrub-ticks", "aria-hidden": "true" });
  private track: HTMLElement;
  private timer?: ReturnType<typeof setInterval>;
  private steps: readonly number[] = [];
  private scale?: AxisScale;
  private at = 0;
  private width = 0;

  /** @param move called with the index of a step. */
  constructor(private move: (index: number) => void) {
    this.slider.setAttribute("aria-label", "training step");
    this.play = button("mi-play", () => this.toggle());
    this.track = el("div", { class: "mi-scrub-track" }, this.slider, this.ticks);
    this.element = el("div", { class: "mi-scrubber" }, this.play, this.track);
    this.slider.addEventListener("input", () => this.dragged());
    this.sayPlaying();
  }

  get playing(): boolean {
    return this.timer !== undefined;
  }

  /** @param from where the axis begins and how long it is, in CSS pixels. */
  draw(steps: readonly number[], scale: AxisScale, at: number, left: number, width: number): void {
    [this.steps, this.scale, this.width] = [steps, scale, width];
    Object.assign(this.track.style, { marginLeft: `${left - THUMB / 2}px`, width: `${width + THUMB}px` });
    this.ticks.style.marginInline = `${THUMB / 2}px`;
    this.mark(at);
  }

  mark(at: number): void {
    this.at = at;
    if (!this.scale) return;
    const step = this.steps[at];
    this.slider.value = String(Math.round(this.scale.place(step) * FINE));
    this.slider.setAttribute("aria-valuetext", `step ${step}`);
    this.drawTicks();
  }

  /** A checkpoint back or on. */
  shift(by: number): void {
    this.pause();
    this.go(this.at + by);
  }

  /** To a checkpoint by its index; the ends where it is beyond them. */
  go(index: number): void {
    const next = inside(index, this.steps.length);
    if (next !== this.at) this.move(next);
  }

  toggle(): void {
    if (this.playing) return this.pause();
    if (this.at === this.steps.length - 1) this.go(0); // from the end it begins anew
    this.timer = setInterval(() => this.next(), PACE);
    this.sayPlaying();
  }

  pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.sayPlaying();
  }

  private next(): void {
    this.go(this.at + 1);
    if (this.at >= this.steps.length - 1) this.pause();
  }

  private dragged(): void {
    this.pause();
    const index = nearest(this.steps, this.scale!, Number(this.slider.value) / FINE);
    this.go(index);
    this.mark(this.at); // the thumb rests on checkpoints alone
  }

  private sayPlaying(): void {
    const what = this.playing ? "pause" : "play";
    this.play.textContent = this.playing ? "❚❚" : "▶";
    this.play.title = `${what} (Space)`;
    this.play.setAttribute("aria-label", what);
  }

  /** A stroke a checkpoint, and the numbers that have room; the selected one always. */
  private drawTicks(): void {
    const n = this.steps.length;
    const places = this.steps.map((step) => this.scale!.place(step));
    const texts = this.steps.map((step, i) => (i === this.at ? String(step) : count(step)));
    const inPixels = places.map((place) => place * this.width);
    const widths = texts.map(textWidth);
    const still = untouched(inPixels, widths, [0, n - 1, ...this.steps.map((_, i) => i)], 8);
    const kept = untouched(inPixels, widths, [this.at, ...still], 8); // the others stay where they are
    const stroked = n * DENSE > this.width ? kept : this.steps.map((_, i) => i);
    this.ticks.replaceChildren(
      ...stroked.map((i) => {
        const tick = el("span", { class: i === this.at ? "mi-tick mi-tick-at" : "mi-tick" });
        tick.style.left = `${places[i] * 100}%`;
        if (kept.includes(i)) tick.append(el("span", {}, texts[i]));
        return tick;
      }),
    );
  }
}
