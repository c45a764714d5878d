import { describe, expect, it } from "vitest";
import { el } from "./dom";
import { EVIL } from "./fakes";
import { fill, textOf, Words } from "./words";

const html = (template: string, facts: Parameters<typeof fill>[1]) => el("p", {}, ...fill(template, facts)).innerHTML;

describe("sentences", () => {
  it("have marks that become elements", () => {
    expect(html("*{a}* is #{b}#, `{c}`[~ ({d})~]", { a: "L1.H3", b: "0.9", c: "·the", d: "0.1" })).toBe(
      '<strong>L1.H3</strong> is <strong class="mi-mono">0.9</strong>, <code>·the</code><span class="mi-faint"> (0.1)</span>',
    );
    expect(html("~*off*~", {})).toBe('<span class="mi-faint"><strong>off</strong></span>');
  });

  it("have facts that become text, whatever is in them", () => {
    const parts = fill("`{token}` and {token}", { token: EVIL });
    const paragraph = el("p", {}, ...parts);
    expect(paragraph.querySelectorAll("img, script")).toHaveLength(0);
    expect(paragraph.textContent).toBe(`${EVIL} and ${EVIL}`);
    expect(html("{a}", { a: "*x* [{b}|`y`]" })).toBe("*x* [{b}|`y`]");
  });

  it("may contain what was said before", () => {
    const words = new Words({ all: "all: {each}[ of {none}]", one: "#{n}#" });
    const parts = words.say("all", { each: words.each("one", [{ n: 1 }, { n: 2 }], ", "), none: [] });
    expect(el("p", {}, ...parts).querySelectorAll("strong")).toHaveLength(2);
    expect(textOf(parts)).toBe("all: 1, 2");
    expect(words.text("one", { n: 0 })).toBe("0");
  });

  it("are refused where a fact is missing outside of a group", () => {
    expect(() => fill("{name}: {value}", { name: "loss" })).toThrow('no fact "value"');
  });
});
