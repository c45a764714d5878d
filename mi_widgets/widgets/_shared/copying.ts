/** Copy the code of a view: what was sent, or what the kernel says when it is asked. */
import type { Frame } from "./frame";
import { listen, type Model } from "./model";

const waiting = new WeakSet<Frame>(); // for the kernel's answer; who asks again meanwhile is given it once

/** Which weights a model in memory has is found out only for who asks: the code is empty until then. */
export function copyCode(model: Model, frame: Frame): void {
  const sent: string = model.get("_code");
  if (sent) return void frame.copy(sent);
  model.send({ do: "code" });
  if (waiting.has(frame)) return;
  waiting.add(frame);
  const stop = listen(model, {
    "change:_code": () => {
      stop();
      waiting.delete(frame);
      void frame.copy(model.get("_code"));
    },
  });
  frame.until(stop);
}
