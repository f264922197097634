/**
 * Answers as fast as the disk allows until it is killed: `node kill-worker.js <folder> <name> <again...>`. Every act is
 * announced before (`try token`) and after it was acknowledged (`saved token`); `again` are tokens to send once more.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { Ledger, tripletAnswers } from '../../../src/dataset/ledger';
import type { ImageHash } from '../../../src/core/types';

const [folder, name, ...again] = process.argv.slice(2);

function image(text: string): ImageHash {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** A token says all that its act is: odd ones judge a triplet, even ones a pair. */
async function act(ledger: Ledger, token: string): Promise<void> {
  writeSync(1, `try ${token}\n`);
  const images = { anchor: image(`${token} a`), positive: image(`${token} p`), negative: image(`${token} n`) };
  const paths: [string, string] = ['Ordner/ü.jpg', '猫/2.png'];
  const odd = Number(token.split('-').at(-1)) % 2 === 1;
  const { saved } = odd
    ? await ledger.append(tripletAnswers(images, { positive: 'same', negative: 'different' }, { ms: 1 }), { token })
    : await ledger.answer({ a: images.anchor, b: images.positive, relation: 'same', paths }, { token });
  if (!saved) throw new Error(ledger.unsaved?.reason);
  writeSync(1, `saved ${token}\n`);
}

async function main(): Promise<void> {
  const ledger = await Ledger.open(folder, { by: name.split('-')[0] });
  writeSync(1, 'ready\n');
  for (const token of again) await act(ledger, token);
  for (let n = 0; ; n++) await act(ledger, `${name}-${n}`);
}

void main();
