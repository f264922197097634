// @ts-check
// What may be in the VSIX, what must be, and how large it may get.
import { NATIVE_PLATFORMS } from './runtime-packages.mjs';

/** MB of the packed file, decimal. Measured plus a little: raise it knowingly. */
export const BUDGET_MB = 44;

const FORBIDDEN = [
  { why: 'source', pattern: /^(src|webview|scripts|test)\// },
  { why: 'TypeScript', pattern: /\.[cm]?tsx?$/ },
  { why: 'source map', pattern: /\.map$/ },
  {
    why: 'cache or report',
    pattern: /(^|\/)(\.cache|\.margin|coverage|test-results|bundle-report\.json|bundled-packages\.json)/,
  },
  { why: 'development file', pattern: /(^|\/)(tsconfig.*\.json|package-lock\.json|\.eslintrc.*|eslint\.config\..*)$/ },
  { why: "tfjs-node, which only a person's own install may bring", pattern: /tfjs-node/ },
];

const REQUIRED = [
  'package.json',
  'README.md',
  'LICENSE',
  'THIRD-PARTY-NOTICES.txt',
  'dist/extension.cjs',
  'dist/engine.cjs',
  'dist/cli.cjs',
  'dist/node_modules/sharp/package.json',
  'dist/node_modules/@img/sharp-wasm32/package.json',
  ...NATIVE_PLATFORMS.map(platform => `dist/node_modules/@img/sharp-${platform}/package.json`),
];

/**
 * @param {string[]} files of the package, relative, forward slashes
 * @returns {string[]} what is wrong, one line each
 */
export function checkContents(files) {
  const have = new Set(files);
  return [
    ...REQUIRED.filter(file => !have.has(file)).map(file => `missing: ${file}`),
    ...files.flatMap(file => FORBIDDEN.filter(({ pattern }) => pattern.test(file)).map(({ why }) => `${why}: ${file}`)),
  ];
}

/**
 * Unpacked bytes by part of the package, largest first.
 * @param {{ file: string, bytes: number }[]} files
 */
export function sizeByPart(files) {
  /** @type {Map<string, number>} */
  const parts = new Map();
  for (const { file, bytes } of files) {
    const runtime = /^dist\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
    const part =
      runtime ??
      (file.startsWith('dist/') ? file.split('/').slice(0, 2).join('/') : /** @type {string} */ (file.split('/')[0]));
    parts.set(part, (parts.get(part) ?? 0) + bytes);
  }
  return [...parts].map(([part, bytes]) => ({ part, bytes })).sort((a, b) => b.bytes - a.bytes);
}
