// @ts-check
// Makes the one universal VSIX: a release build, the runtime packages for every platform, licences, nothing else.
//   node scripts/package.mjs [--out margin.vsix]
import vsce from '@vscode/vsce';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BUDGET_MB, checkContents, sizeByPart } from './package/contents.mjs';
import { unpack } from './package/fetch.mjs';
import { notices } from './package/notices.mjs';
import { runtimePackages } from './package/runtime-packages.mjs';
import { cache, root } from './vscode-host/hosts.mjs';

const { createVSIX, listFiles, PackageManager } = vsce;
const manifest = readJson('package.json');
const { values } = parseArgs({
  options: { out: { type: 'string', default: `${manifest.name}-${manifest.version}.vsix` } },
});
const vsix = path.resolve(values.out);
const stage = path.join(cache, 'package');
const inStage = (/** @type {string} */ file) => path.join(stage, file);

rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });

execFileSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--release', '--out', inStage('dist')], {
  stdio: 'inherit',
});
const bundled = /** @type {string[]} */ (JSON.parse(readFileSync(inStage('dist/bundled-packages.json'), 'utf8')));

// What the extension needs at run time lies beside its bundles, so that plain `require` finds it there.
const runtime = runtimePackages(readJson('package-lock.json'));
for (const each of runtime) unpack(each, inStage(`dist/${each.place}`));

for (const file of [
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'media',
  'l10n',
  ...readdirSync(root).filter(name => /^package\.nls.*\.json$/.test(name)),
]) {
  if (existsSync(path.join(root, file))) cpSync(path.join(root, file), inStage(file), { recursive: true });
}
cpSync(path.join(root, '.vscodeignore'), inStage('.vscodeignore'));
writeFileSync(inStage('package.json'), JSON.stringify(published(manifest), null, 2));
const compiler = 'node_modules/assemblyscript'; // its runtime is compiled into the kernels
writeFileSync(
  inStage('THIRD-PARTY-NOTICES.txt'),
  notices([
    ...[...bundled, compiler].map(place => path.join(root, place)),
    ...runtime.map(({ place }) => inStage(`dist/${place}`)),
  ]),
);

const files = (await listFiles({ cwd: stage, packageManager: PackageManager.None })).map(file =>
  file.replaceAll('\\', '/'),
);
const wrong = checkContents(files);
await createVSIX({
  cwd: stage,
  packagePath: vsix,
  dependencies: false,
  rewriteRelativeLinks: false,
  allowMissingRepository: true,
});

const sizes = sizeByPart(files.map(file => ({ file, bytes: statSync(inStage(file)).size })));
for (const { part, bytes } of sizes) if (bytes > 20_000) console.log(`${part.padEnd(44)} ${megabytes(bytes)}`);
const packed = statSync(vsix).size;
const unpacked = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
console.log(`${'unpacked'.padEnd(44)} ${megabytes(unpacked)} in ${files.length} files`);
console.log(`${path.basename(vsix).padEnd(44)} ${megabytes(packed)} of ${BUDGET_MB}.00`);
if (packed > BUDGET_MB * 1e6)
  wrong.push(
    `the package is ${megabytes(packed).trim()} MB, its budget ${BUDGET_MB} MB (scripts/package/contents.mjs)`,
  );
if (wrong.length) {
  console.error(`the package is not right:\n  ${wrong.join('\n  ')}`);
  process.exit(1);
}

/**
 * The manifest without what only this repository needs.
 * @param {Record<string, unknown>} full
 */
function published(full) {
  const own = new Set(['devDependencies', 'dependencies', 'optionalDependencies', 'scripts', 'private']);
  return Object.fromEntries(Object.entries(full).filter(([key]) => !own.has(key)));
}

/** @param {string} file from the root */
function readJson(file) {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(2).padStart(7);
}
