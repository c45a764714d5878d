// Counts the syntax nodes of TypeScript files, given one a line on standard input; prints {file: nodes}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.argv[2]}/package.json`);
const ts = require("typescript");

function count(node) {
  let nodes = 1;
  ts.forEachChild(node, (child) => {
    nodes += count(child);
  });
  return nodes;
}

const files = readFileSync(0, "utf8").split("\n").filter(Boolean);
const counted = files.map((file) => {
  const text = readFileSync(file, "utf8");
  return [file, count(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, false))];
});
console.log(JSON.stringify(Object.fromEntries(counted)));
