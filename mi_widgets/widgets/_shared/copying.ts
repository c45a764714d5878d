/** Copy the code of a view: what was sent, or what the kernel says when it is asked. */
import type { Frame } from "./frame";
import { listen, type Model } from "./model";

/** Which weights a model in memory has is found out only for who asks: the code is empty until then. */
export function copyCode(model: Model, frame: Frame): void {
  const sent: string = model.get("_code");
  if (sent) return void frame.copy(sent);
  const stop = listen(model, {
    "change:_code": () => {
      stop();
      void frame.copy(model.get("_code"));
    },
  });
  frame.until(stop);
  model.send({ do: "code" });
}
