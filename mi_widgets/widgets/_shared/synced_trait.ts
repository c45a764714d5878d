/** What the kernel sent in a trait: read at once and whenever it is sent again, and those told who draw it. */
import { listen, type Model } from "./model";

export class SyncedTrait {
  readonly dispose: () => void;
  private listeners = new Set<() => void>();

  /** @param read unpacks the trait; @param more other events of the model to listen to. */
  constructor(model: Model, trait: string, read: () => void, more: Record<string, (...args: any[]) => void> = {}) {
    read();
    const again = () => {
      read();
      this.tell();
    };
    this.dispose = listen(model, { [`change:${trait}`]: again, ...more });
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** What the displays of one model share. */
export interface Data {
  readonly source: SyncedTrait;
  dispose(): void;
}
