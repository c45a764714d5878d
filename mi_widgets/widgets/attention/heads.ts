/** The patterns in the browser: what was sent, what was asked for since, and asking for what is missing. */
import type { HeadPlace } from "../_shared/heads_off";
import { Labelled } from "../_shared/labelled";
import { listen, type Model } from "../_shared/model";
import { Recent } from "../_shared/recent";
import { Questions } from "../_shared/requests";
import type { Label } from "../_shared/step_slider";
import { unpack, type Bytes, type Packed, type Tensor } from "../_shared/wire";

/** What the pictures of one prompt have along their sides. */
export interface Picture {
  layers: readonly number[];
  heads: readonly number[];
  queryTokens: string[];
  keyTokens: string[];
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
export class Heads extends Labelled implements Picture {
  private fetched = new Recent<Tensor>(KEPT_HEADS);
  private notes = new Map<string, string>();
  private questions: Questions<Question, Tensor>;
  private leave: () => void;
  private begun?: Heads["derived"]; // of what the rest was asked for

  constructor(model: Model) {
    super(model);
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
    this.begin();
    this.source.onChange(() => this.begin()); // before any view hears of it
    this.leave = listen(model, { "msg:custom": (content, buffers) => this.heard(content, buffers) });
  }

  dispose(): void {
    this.leave();
    super.dispose();
  }

  get batch(): number {
    return this.derived.batch;
  }

  get layers(): number[] {
    return this.axis("layer").labels as number[];
  }

  get heads(): number[] {
    return this.axis("head").labels as number[];
  }

  get queryTokens(): string[] {
    return this.axis("query").texts({});
  }

  get keyTokens(): string[] {
    return this.axis("key").texts({});
  }

  /** Whether a step is at hand: all are, or the kernel has sent one. */
  hasStep(step?: Label): boolean {
    return this.derived.step === null || this.derived.step === step;
  }

  thumbnail(place: HeadAtStep): Tensor {
    return this.part("thumbnails", place);
  }

  /** A full head, or a note saying where it is; asks for it if nobody did. */
  full(selected: HeadAtStep): Full {
    const place = this.held(selected);
    const key = keyOf(this.batch, place);
    const tensor = this.derived.alone ? this.fetched.get(key) : this.part("pattern", place);
    if (tensor) return { tensor };
    if (!this.notes.has(key)) this.ask(place);
    return { note: this.notes.get(key) };
  }

  private ask(place: HeadAtStep): void {
    this.notes.set(keyOf(this.batch, place), "loading …");
    this.questions.ask({ ask: "head", batch: this.batch, ...place });
  }

  /** A head at a step that is at hand: while another one is awaited, that which was sent. */
  private held({ layer, head, step }: HeadAtStep): HeadAtStep {
    const shown = this.derived.step ?? step;
    return shown === undefined ? { layer, head } : { step: shown, layer, head };
  }

  private part(variable: string, { step, layer, head }: HeadAtStep): Tensor {
    return this.get(variable).slice({ step, layer, head }).tensor;
  }

  /** Forget what was asked for of other data. */
  private begin(): void {
    if (this.derived === this.begun) return; // it was an answer that came
    this.begun = this.derived;
    this.fetched.clear();
    this.notes.clear();
    const { alone } = this.derived;
    if (alone) this.fetched.put(keyOf(this.batch, this.held(alone)), this.get("pattern").tensor);
  }

  private heard(content: { answer?: number; error?: string; tensor?: Packed }, buffers: Bytes[] = []): void {
    if (typeof content?.answer !== "number") return;
    const answer = content.tensor && unpack(content.tensor, buffers[0]);
    this.questions.answered(content.answer, { answer, error: content.error });
  }
}

function keyOf(batch: number, { step, layer, head }: HeadAtStep): string {
  return JSON.stringify([batch, step, layer, head]);
}
