import path from 'node:path';
import { writeAtomically } from '../dataset';
import { csvRecord } from '../manifest/csv';
import type { GuessInfo } from '../rpc/engine-protocol';
import { EngineError, messageOf } from './errors';

const COLUMNS = ['path', 'class', 'guess', 'nearest', 'distance', 'agreement', 'near_tie'] as const;

/** @throws EngineError for a file whose name says none of the two formats */
export function refuseGuessesFile(file: string): void {
  if (formatOf(file)) return;
  throw new EngineError(
    'bad-choice',
    `“${path.basename(file)}” ends neither in .csv nor in .jsonl, so there is no saying what to write.`,
    'Give the file one of these endings.',
  );
}

/**
 * Writes what images were guessed to be, one a line: JSON with the fields of `GuessInfo`, or CSV with a header
 * (`path,class,guess,nearest,distance,agreement,near_tie`; UTF-8), as the file's name says.
 * @throws EngineError where that cannot be written
 */
export async function writeGuesses(file: string, guesses: readonly GuessInfo[]): Promise<void> {
  refuseGuessesFile(file);
  const lines =
    formatOf(file) === 'csv'
      ? [
          csvRecord(COLUMNS),
          ...guesses.map(({ path: at, class: own, guess, nearest, distance, agreement, nearTie }) =>
            csvRecord([at, own ?? null, guess, nearest, distance, agreement, nearTie]),
          ),
        ]
      : guesses.map(guess => `${JSON.stringify(guess)}\n`);
  try {
    await writeAtomically(file, lines);
  } catch (error) {
    throw new EngineError('not-writable', `${file} cannot be written: ${messageOf(error)}`, 'Name another file.', {
      cause: error,
    });
  }
}

function formatOf(file: string): 'csv' | 'jsonl' | undefined {
  const ending = path.extname(file).toLowerCase();
  return ending === '.csv' ? 'csv' : ending === '.jsonl' ? 'jsonl' : undefined;
}
