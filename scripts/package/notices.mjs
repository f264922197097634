// @ts-check
// THIRD-PARTY-NOTICES.txt: every package whose code is in the VSIX, with its licence.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * @param {string[]} folders of packages, each with its package.json
 * @returns {string}
 */
export function notices(folders) {
  /** @type {Map<string, { title: string, place: string }[]>} licence text → packages under it */
  const byText = new Map();
  for (const folder of folders) {
    const { name, version, license, repository, homepage } = JSON.parse(
      readFileSync(path.join(folder, 'package.json'), 'utf8'),
    );
    const where = typeof repository === 'string' ? repository : (repository?.url ?? homepage ?? '');
    const kind = typeof license === 'string' ? license : (license?.type ?? 'licence not stated');
    const text = licenceText(folder) ?? `No licence file is in the package. It is under ${kind}; see ${where}`;
    const place = where.replace(/^git\+/, '').replace(/\.git$/, '');
    byText.set(text, [...(byText.get(text) ?? []), { title: `${name} ${version} (${kind})`, place }]);
  }
  const parts = [...byText].map(([text, packages]) => {
    const list = packages.map(({ title, place }) => `${title}\n    ${place}`).sort();
    return `${'='.repeat(100)}\n${list.join('\n')}\n${'-'.repeat(100)}\n${text.trim()}\n`;
  });
  return (
    'Margin contains the work of others, under the licences below. What is unchanged and separate (sharp, libvips) lies in\n' +
    'dist/node_modules and can be replaced there; libvips and its libraries are listed in the README.md of each of its packages.\n\n' +
    parts.sort().join('\n')
  );
}

/** @param {string} folder */
function licenceText(folder) {
  const files = readdirSync(folder)
    .filter(file => /^(licen[cs]e|copying|notice)/i.test(file))
    .sort();
  if (!files.length) return undefined;
  return files.map(file => readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()).join('\n\n');
}
