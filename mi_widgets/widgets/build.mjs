// Bundles every widget: each folder with a widget.ts becomes _bundles/<folder>.js and .css.
// One file each, because anywidget loads a widget from one string: it cannot import a sibling.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const folders = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(here, entry.name, "widget.ts")))
  .map((entry) => entry.name)
  .sort();

const options = {
  absWorkingDir: here,
  entryPoints: folders.map((name) => ({ in: `${name}/widget.ts`, out: name })),
  outdir: "_bundles",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, logLevel: "info" });
  await context.watch();
} else {
  await esbuild.build(options);
}
