/** The patterns in the browser: what was sent, what was asked for since, and asking for what is missing. */
import type { HeadPlace } from "../_shared/heads_off";
import { LabelledData } from "../_shared/labelled";
import { listen, type Model } from "../_shared/model";
import { LRUCache } from "../_shared/lru_cache";
import { Questions } from "../_shared/requests";
import type { Label } from "../_shared/step_slider";
import { unpack, type Bytes, type PackedTensor, type Tensor } from "../_shared/wire";

/** A head, and the step it is seen at where there are steps. */
export interface HeadAtStep extends HeadPlace {
  step?: Label;
}

/** A score as it is sent: its numbers, and those of its control, are variables of the data. */
export interface Score {
  name: string;
  short: string;
  values: string;
  control?: string;
  control_name?: string;
}

const KEPT_HEADS = 24;
const SILENT = "the kernel does not answer: this is the thumbnail, enlarged";

/** One for each model; its views share it, so that two views of one widget ask only once. */
export class Heads extends LabelledData {
  private fetched = new LRUCache<Tensor>(KEPT_HEADS);
  private notes = new Map<string, string>(); // why there is no full head yet, for the reader
  private questions: Questions<HeadAtStep & { ask: "head"; batch: number }, Tensor>;
  private leave: () => void;
  private begun?: Heads["derived"]; // of what the rest was asked for

  constructor(model: Model) {
    super(model);
    this.questions = new Questions(
      (message) => model.send(message),
      (question, { answer, silent, error }) => {
        const key = this.key(question);
        if (answer) this.fetched.put(key, answer);
        if (answer) this.notes.delete(key);
        else this.notes.set(key, silent ? SILENT : `not sent: ${error}`);
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

  /** All heads, layer by layer. */
  get places(): HeadPlace[] {
    return this.layers.flatMap((layer) => this.heads.map((head) => ({ layer, head })));
  }

  get queryTokens(): string[] {
    return this.axis("query").texts({});
  }

  get keyTokens(): string[] {
    return this.axis("key").texts({});
  }

  get scores(): Score[] {
    return this.derived.scores;
  }

  /** The number of a head in a variable of scores; one that was measured once is the same at all steps. */
  score(variable: string, { step, layer, head }: HeadAtStep): number {
    return this.get(variable).at({ step, layer, head });
  }

  /** Whether a step is at hand: all are, or the kernel has sent one. */
  hasStep(step?: Label): boolean {
    return this.derived.step === null || this.derived.step === step;
  }

  thumbnail({ step, layer, head }: HeadAtStep): Tensor {
    return this.get("thumbnails").slice({ step, layer, head }).tensor;
  }

  /** A full head, or a note saying where it is; asks for it if nobody did. */
  full(selected: HeadAtStep): { tensor?: Tensor; note?: string } {
    const place = this.held(selected);
    const key = this.key(place);
    const tensor = this.derived.alone ? this.fetched.get(key) : this.get("pattern").slice({ ...place }).tensor;
    if (tensor) return { tensor };
    if (!this.notes.has(key)) {
      this.notes.set(key, "loading …");
      this.questions.ask({ ask: "head", batch: this.batch, ...place });
    }
    return { note: this.notes.get(key) };
  }

  /** A head at a step that is at hand: while another one is awaited, that which was sent. */
  private held({ layer, head, step }: HeadAtStep): HeadAtStep {
    const shown = this.derived.step ?? step;
    return shown === undefined ? { layer, head } : { step: shown, layer, head };
  }

  /** Forget what was asked for of other data. */
  private begin(): void {
    if (this.derived === this.begun) return; // it was an answer that came
    this.begun = this.derived;
    this.fetched.clear();
    this.notes.clear();
    const { alone } = this.derived;
    if (alone) this.fetched.put(this.key(this.held(alone)), this.get("pattern").tensor);
  }

  private heard(content: { answer?: number; error?: string; tensor?: PackedTensor }, buffers: Bytes[] = []): void {
    if (typeof content?.answer !== "number") return;
    const answer = content.tensor && unpack(content.tensor, buffers[0]);
    this.questions.answered(content.answer, { answer, error: content.error });
  }

  private key({ batch = this.batch, step, layer, head }: HeadAtStep & { batch?: number }): string {
    return JSON.stringify([batch, step, layer, head]);
  }
}
