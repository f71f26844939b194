// Bundles the front end: `make bundle`, which every start runs when a source has changed.
//
//   core/web/static/src/app.js, app.css, theme.js, console.css → core/web/static/dist/
//   plugins/<name>/static/src/<file>.js|css  → plugins/<name>/static/dist/   (names that begin with _ are only imported)
//   the outline icons of Tabler              → core/web/static/dist/icons.json  (name → the markup inside <svg>)
//
// Every entry is an ES module of its own, loaded by the page from its own address. What lies under /static/ at run time
// is left as it is written, so that a plugin's module may import the application's: import { … } from "/static/app.js".

import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const core = join(root, "core/web/static");

const options = {
  absWorkingDir: root,
  bundle: true,
  entryNames: "[name]",
  assetNames: "assets/[name]-[hash]",
  external: ["/static/*"],
  format: "esm",
  legalComments: "linked",
  loader: Object.fromEntries([".woff", ".woff2", ".svg", ".png", ".webp", ".ogg"].map((ending) => [ending, "file"])),
  logLevel: "warning",
  metafile: true,
  minify: true,
  sourcemap: true,
  target: "es2022",
};

/** The folders that hold sources, each with the entries in it that exist. */
async function* bundles() {
  const app = ["app.js", "app.css", "theme.js", "console.css"].map((name) => join(core, "src", name)).filter((file) => existsSync(file));
  yield { folder: core, entries: app };
  const plugins = await readdir(join(root, "plugins"), { withFileTypes: true });
  for (const plugin of plugins.filter((entry) => entry.isDirectory())) {
    const folder = join(root, "plugins", plugin.name, "static");
    if (!existsSync(join(folder, "src"))) continue;
    const names = await readdir(join(folder, "src"));
    const entries = names.filter((name) => /^[^_.].*\.(js|css)$/.test(name)).map((name) => join(folder, "src", name));
    yield { folder, entries };
  }
}

/** Removes what an earlier run wrote and this one did not. */
async function removeStale(folder, written) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const file = join(entry.parentPath ?? entry.path, entry.name);
    if (!written.has(file)) await rm(file);
  }
}

/** The inner markup of every outline icon: the page writes the <svg> around it, so an icon takes the text's colour. */
async function iconMarkup() {
  const file = join(root, "node_modules/@tabler/icons/tabler-nodes-outline.json");
  const icons = JSON.parse(await readFile(file, "utf8"));
  const attributes = (values) => Object.entries(values).map(([name, value]) => ` ${name}="${value}"`).join("");
  const markup = (nodes) => nodes.map(([tag, values]) => `<${tag}${attributes(values)}/>`).join("");
  return Object.fromEntries(Object.entries(icons).map(([name, nodes]) => [name, markup(nodes)]));
}

async function bundle({ folder, entries }) {
  const dist = join(folder, "dist");
  await mkdir(dist, { recursive: true });
  // What is generated is never committed, wherever a plugin lies.
  const written = new Set([join(dist, ".gitignore")]);
  await writeFile(join(dist, ".gitignore"), "*\n");
  if (entries.length > 0) {
    const result = await esbuild.build({ ...options, entryPoints: entries, outdir: dist });
    for (const file of Object.keys(result.metafile.outputs)) written.add(join(root, file));
  }
  if (folder === core) {
    written.add(join(dist, "icons.json"));
    await writeFile(join(dist, "icons.json"), JSON.stringify(await iconMarkup()));
  }
  await removeStale(dist, written);
  const names = entries.map((file) => basename(file)).join(", ") || "nothing yet";
  console.log(`${relative(root, dist)}: ${names}`);
}

try {
  for await (const each of bundles()) await bundle(each);
} catch (error) {
  // esbuild has already printed what is wrong in a source, with its file and line.
  if (!error.errors) console.error(error);
  process.exitCode = 1;
}
