// Builds everything into dist/: WebAssembly kernels, host, engine and its workers, CLI, pages. Then reports sizes against
// the budget and fails on a bundle over it. `--watch` rebuilds on change; `--release` minifies; `--out DIR` builds elsewhere.
import { build, context } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync, cpSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { bundles, copies, wasmModules, budgets } from './bundles.mjs';

const root = path.resolve(import.meta.dirname, '..');
const outFlag = process.argv.indexOf('--out');
const dist = outFlag < 0 ? path.join(root, 'dist') : path.resolve(process.argv[outFlag + 1]);
const watch = process.argv.includes('--watch');
const release = process.argv.includes('--release');

for (const [name, { entryPoints }] of Object.entries(bundles)) {
  const absent = entryPoints.filter(
    entry => !existsSync(path.join(root, typeof entry === 'string' ? entry : entry.in)),
  );
  // Before anything is deleted: a build that cannot succeed must leave the last one.
  if (absent.length > 0) throw new Error(`bundle ${name}: no such entry point: ${absent.join(', ')}`);
}
if (!watch) rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

for (const { source, out, flags } of wasmModules) {
  const asc = path.join(root, 'node_modules/assemblyscript/bin/asc.js');
  execFileSync(process.execPath, [asc, source, '--outFile', path.join(dist, out), ...flags], {
    cwd: root,
    stdio: 'inherit',
  });
}
for (const { from, to } of copies) cpSync(path.join(root, from), path.join(dist, to), { recursive: true });

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const common = {
  bundle: true,
  define: { __MARGIN_VERSION__: JSON.stringify(version) },
  sourcemap: !release,
  minify: release,
  metafile: true,
  logLevel: 'warning',
  absWorkingDir: root,
};

/** The options that say where a bundle goes, with `dist/` in them turned into the folder that is built. */
function inDist(options) {
  const place = file => path.join(dist, path.relative('dist', file));
  return {
    ...(options.outfile && { outfile: place(options.outfile) }),
    ...(options.outdir && { outdir: place(options.outdir) }),
  };
}

/** The folder of the npm package that a file belongs to, from the repository's root; undefined for our own files. */
function packageOf(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.replaceAll('\\', '/'))?.[0];
}

const results = [];
for (const [name, options] of Object.entries(bundles)) {
  const all = { ...common, ...options, ...inDist(options) };
  if (watch) await (await context({ ...all, logLevel: 'info' })).watch();
  else results.push([name, (await build(all)).metafile]);
}

if (!watch) {
  const rows = results.flatMap(([name, meta]) =>
    Object.entries(meta.outputs)
      .filter(([file]) => !file.endsWith('.map'))
      .map(([file, { bytes, inputs }]) => ({
        name,
        file: path.join('dist', path.relative(dist, path.join(root, file))),
        bytes,
        inputs,
      })),
  );
  let failed = false;
  for (const { file, bytes } of rows) {
    const budget = budgets[file];
    const over = release && budget !== undefined && bytes > budget * 1024;
    failed ||= over;
    console.log(
      `${file.padEnd(34)} ${(bytes / 1024).toFixed(0).padStart(6)} KiB${budget === undefined ? '' : ` of ${budget}`}${over ? '  OVER BUDGET' : ''}`,
    );
  }
  const report = rows.map(({ file, bytes, inputs }) => ({
    file,
    bytes,
    budget: budgets[file] === undefined ? null : budgets[file] * 1024,
    largest: Object.entries(inputs)
      .map(([input, { bytesInOutput }]) => ({ input, bytes: bytesInOutput }))
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 10),
  }));
  writeFileSync(path.join(dist, 'bundle-report.json'), JSON.stringify(report, null, 1));
  // Which packages' code is inside, for the third-party notices.
  const packages = rows
    .flatMap(({ inputs }) => Object.keys(inputs).map(packageOf))
    .concat(copies.map(({ from }) => packageOf(from)));
  writeFileSync(
    path.join(dist, 'bundled-packages.json'),
    JSON.stringify([...new Set(packages.filter(Boolean))].sort(), null, 1),
  );
  if (failed) {
    console.error('a bundle is over its budget: see dist/bundle-report.json');
    process.exit(1);
  }
}
