/**
 * Questions to the kernel, the latest wins: one under way, and only the newest of those that came meanwhile.
 * `answers.py` answers each, with an error frame if need be; a kernel that says nothing is given up on for now,
 * and heard if it answers late.
 */

export interface Outcome<A> {
  answer?: A;
  error?: string;
  /** No answer came in time; one may still come. */
  silent?: boolean;
}

export class Questions<Q extends object, A> {
  private under?: { id: number; timer: ReturnType<typeof setTimeout> };
  private pending?: Q;
  private inFlight = new Map<number, Q>();
  private count = 0;

  constructor(
    private send: (message: Q & { id: number }) => void,
    private told: (question: Q, outcome: Outcome<A>) => void,
    private patience = 4000,
  ) {}

  ask(question: Q): void {
    if (this.under) this.pending = question;
    else this.start(question);
  }

  /** Hand over an answer; an answer to a question of somebody else's is ignored. */
  answered(id: number, outcome: Outcome<A>): void {
    const question = this.inFlight.get(id);
    if (!question) return;
    this.inFlight.delete(id);
    if (this.under?.id === id) this.finish();
    this.told(question, outcome);
    this.next();
  }

  private start(question: Q): void {
    const id = ++this.count;
    this.inFlight.set(id, question);
    this.under = { id, timer: setTimeout(() => this.gaveUp(id, question), this.patience) };
    try {
      this.send({ ...question, id });
    } catch {
      this.gaveUp(id, question); // the kernel is gone, and the channel to it is closed
    }
  }

  private gaveUp(id: number, question: Q): void {
    if (this.under?.id !== id) return;
    this.finish();
    this.told(question, { silent: true });
    this.next();
  }

  private finish(): void {
    clearTimeout(this.under!.timer);
    this.under = undefined;
  }

  private next(): void {
    const question = this.pending;
    this.pending = undefined;
    if (question && !this.under) this.start(question);
  }
}
