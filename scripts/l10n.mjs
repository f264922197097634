// @ts-check
// Writes l10n/bundle.l10n.json: every string that the code passes to `t`, for translators to start from.
//
//   node scripts/l10n.mjs            writes the file
//   node scripts/l10n.mjs --check    fails where it is not what the code says
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '..');
const file = path.join(root, 'l10n/bundle.l10n.json');

/**
 * The first arguments of all calls of `t`, and the places where it is no plain string: those cannot be translated.
 * @returns {{ strings: string[], opaque: string[] }}
 */
export function stringsOf() {
  const strings = new Set();
  /** @type {string[]} */
  const opaque = [];
  for (const source of sources()) {
    const tree = ts.createSourceFile(source, readFileSync(source, 'utf8'), ts.ScriptTarget.Latest, true);
    /** @param {ts.Node} node */
    const visit = node => {
      if (ts.isCallExpression(node) && /(^|\bl10n\.)t$/.test(node.expression.getText(tree))) {
        const [first] = node.arguments;
        if (first && ts.isStringLiteralLike(first)) strings.add(first.text);
        else opaque.push(`${path.relative(root, source)}:${tree.getLineAndCharacterOfPosition(node.pos).line + 1}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
  }
  return { strings: [...strings].sort(), opaque };
}

/** @returns {string[]} */
function sources() {
  const found = ts.sys.readDirectory(
    root,
    ['.ts'],
    ['node_modules', 'dist'],
    ['src/host', 'src/extension.ts', 'webview'],
  );
  return found.filter(name => !name.endsWith('.d.ts') && !name.endsWith(path.join('ui', 'text.ts')));
}

export function bundle() {
  return `${JSON.stringify(Object.fromEntries(stringsOf().strings.map(text => [text, text])), null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) {
  if (!process.argv.includes('--check')) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bundle());
  } else if (readFileSync(file, 'utf8') !== bundle()) {
    console.error('l10n/bundle.l10n.json is behind the code: run `npm run l10n`');
    process.exit(1);
  }
}
