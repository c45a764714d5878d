/** What a view needs of anywidget's model; written out so that nothing is imported for a type. */
export interface Model {
  get(name: string): any;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: (...args: any[]) => void): void;
  off(event: string, listener: (...args: any[]) => void): void;
  send(content: unknown): void;
}

/** Listen to several traits at once, and get one function that stops it all. */
export function listen(model: Model, listeners: Record<string, (...args: any[]) => void>): () => void {
  const entries = Object.entries(listeners);
  for (const [event, listener] of entries) model.on(event, listener);
  return () => {
    for (const [event, listener] of entries) model.off(event, listener);
  };
}
