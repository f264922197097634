import type { ManifestFormat, WriteResult } from './formats';
import type { BuiltRows, RowChoice, RowData } from './rows';
import { ManifestError } from './types';

/** @throws ManifestError `empty-part` that names the part and says why it is empty */
export function requireRows(built: BuiltRows, request: RowChoice & { data: RowData }): void {
  for (const [i, part] of built.parts.entries()) {
    if (part.rows.length > 0) continue;
    const inPart = request.data.images.filter(image => built.plan.partOf.get(image.hash) === i);
    const classes = new Set(inPart.map(image => image.class).filter(name => name !== undefined));
    const crossing = built.leftOut['crosses-parts'] ?? 0;
    const why =
      request.from.includes('classes') && classes.size === 1
        ? `it holds one class only ("${[...classes][0]!}"), so nothing in it can be a negative`
        : crossing > 0
          ? `of the rows, ${crossing} have images in two parts`
          : `its ${inPart.length} images make no ${request.shape}`;
    throw new ManifestError(
      'empty-part',
      `The part "${part.name}" would be empty: ${why}. Ask for fewer or larger parts, ` +
        'for no split, or tick more sources.',
    );
  }
}

/** @throws ManifestError `unsupported-rows` when the format had to drop everything of a part */
export function requireFiles(result: WriteResult, format: ManifestFormat): void {
  const rows = result.files.filter(file => file.rows > 0);
  const empty = result.files.find(file => file.rows === 0 && !file.side);
  if (rows.length > 0 && !empty) return;
  const why = Object.entries(result.leftOut).map(([reason, count]) => `${reason} (${count})`);
  throw new ManifestError(
    'unsupported-rows',
    `${format.title} can carry none of the rows${empty ? ` of ${empty.name}` : ''}: ${why.join(', ') || 'there are none'}. ` +
      'Choose another format, or tick other sources.',
  );
}
