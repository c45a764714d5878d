/** The patterns in the browser: what was sent, what was asked for since, and asking for what is missing. */
import type { HeadPlace } from "../_shared/heads_off";
import type { Model } from "../_shared/model";
import { Recent } from "../_shared/recent";
import { Questions } from "../_shared/requests";
import { Sent } from "../_shared/sent";
import type { Label } from "../_shared/step_slider";
import { unpack, type Bytes, type Packed, Tensor } from "../_shared/wire";

export interface Picture {
  batch: number;
  steps?: Label[]; // those that the tensors begin with, where there are steps: all, or only the one at hand
  layers: number[];
  heads: number[];
  queryTokens: string[];
  keyTokens: string[];
  thumbnails: Tensor;
  all?: Tensor; // every full head, where they were small enough to send at once
}

export interface Full {
  tensor?: Tensor;
  /** Why there is none yet, for the reader. */
  note?: string;
}

/** A head, and the step it is seen at where there are steps. */
export interface HeadAtStep extends HeadPlace {
  step?: Label;
}

interface Question extends HeadAtStep {
  ask: "head";
  batch: number;
}

const KEPT_HEADS = 24;

/** One for each model; its views share it, so that two views of one widget ask only once. */
export class Heads {
  picture!: Picture;
  private fetched = new Recent<Tensor>(KEPT_HEADS);
  private notes = new Map<string, string>();
  private questions: Questions<Question, Tensor>;
  readonly source: Sent;

  constructor(private model: Model) {
    this.questions = new Questions<Question, Tensor>(
      (message) => model.send(message),
      (question, outcome) => {
        const key = keyOf(question.batch, question);
        if (outcome.answer) this.fetched.put(key, outcome.answer);
        const silent = "the kernel does not answer: this is the thumbnail, enlarged";
        if (outcome.answer) this.notes.delete(key);
        else this.notes.set(key, outcome.silent ? silent : `not sent: ${outcome.error}`);
        this.source.tell();
      },
    );
    this.source = new Sent(model, "_picture", () => this.read(), {
      "msg:custom": (content, buffers) => this.heard(content, buffers),
    });
  }

  thumbnail(place: HeadAtStep): Tensor {
    return this.picture.thumbnails.part(...this.indices(place));
  }

  /** A full head, or a note saying where it is; asks for it if nobody did. */
  full(selected: HeadAtStep): Full {
    const place = this.held(selected);
    const key = keyOf(this.picture.batch, place);
    const tensor = this.fetched.get(key) ?? this.picture.all?.part(...this.indices(place));
    if (tensor) {
      this.fetched.put(key, tensor);
      return { tensor };
    }
    const note = this.notes.get(key);
    if (note === undefined) this.ask(place);
    return { note: this.notes.get(key) };
  }

  /** Ask again for what was given up on. */
  ask(selected: HeadAtStep): void {
    const [batch, place] = [this.picture.batch, this.held(selected)];
    this.notes.set(keyOf(batch, place), "loading …");
    this.questions.ask({ ask: "head", batch, ...place });
  }

  /** A head at a step that is at hand: while another one is awaited, the first. */
  private held({ layer, head, step }: HeadAtStep): HeadAtStep {
    const { steps } = this.picture;
    if (!steps) return { layer, head };
    return { step: steps.includes(step!) ? step : steps[0], layer, head };
  }

  dispose(): void {
    this.source.dispose();
  }

  private read(): void {
    const sent = this.model.get("_picture");
    this.fetched.clear();
    this.notes.clear();
    const full = unpack(sent.full.tensor);
    this.picture = {
      batch: sent.batch,
      steps: sent.steps ?? undefined,
      layers: sent.layers,
      heads: sent.heads,
      queryTokens: sent.query_tokens,
      keyTokens: sent.key_tokens,
      thumbnails: unpack(sent.thumbnails),
      all: sent.full.all ? full : undefined,
    };
    if (!sent.full.all) this.fetched.put(keyOf(sent.batch, this.held(sent.full)), full);
  }

  private heard(content: { answer?: number; error?: string; tensor?: Packed }, buffers: Bytes[] = []): void {
    if (typeof content?.answer !== "number") return;
    const answer = content.tensor && unpack(content.tensor, buffers[0]);
    this.questions.answered(content.answer, { answer, error: content.error });
  }

  private indices(selected: HeadAtStep): number[] {
    const { step, layer, head } = this.held(selected);
    const { steps, layers, heads } = this.picture;
    return [...(steps ? [steps.indexOf(step!)] : []), layers.indexOf(layer), heads.indexOf(head)];
  }
}

function keyOf(batch: number, { step, layer, head }: HeadAtStep): string {
  return JSON.stringify([batch, step, layer, head]);
}
