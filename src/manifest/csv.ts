/** Comma-separated values as RFC 4180 has them, with `\n` line ends when written and any line end when read. */

export type CsvValue = string | number | boolean | null;

/** One record with its line end. An empty string is quoted, so that it stays apart from null. */
export function csvRecord(values: readonly CsvValue[]): string {
  return `${values.map(csvField).join(',')}\n`;
}

function csvField(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  if (value === '' || /[",\n\r]|^\s|\s$/u.test(value)) return `"${value.replaceAll('"', '""')}"`;
  return value;
}

export interface CsvRecord {
  /** 1-based line on which the record begins */
  line: number;
  /** null for an empty field without quotes */
  values: (string | null)[];
}

/** What is wrong with a file, and where. */
export class CsvError extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
    this.name = 'CsvError';
  }
}

/**
 * Reads records from text in pieces, so that a file larger than a string may be is no obstacle. Quotes may hold
 * separators and line ends; blank lines are passed over; a byte-order mark is dropped.
 * @throws CsvError on a quote that never closes, or text after a closing quote
 */
export async function* readCsv(
  chunks: AsyncIterable<string> | Iterable<string>,
  separator = ',',
): AsyncGenerator<CsvRecord> {
  const parser = new CsvParser(separator);
  for await (const chunk of chunks) yield* parser.push(chunk);
  yield* parser.end();
}

/** Reads a whole text; see `readCsv`. */
export function parseCsv(text: string, separator = ','): CsvRecord[] {
  const parser = new CsvParser(separator);
  return [...parser.push(text), ...parser.end()];
}

class CsvParser {
  private field = '';
  private values: (string | null)[] = [];
  /** where the reader stands in the field now */
  private state: 'start' | 'plain' | 'quoted' | 'closed' = 'start';
  private line = 1;
  private recordLine = 1;
  private quoteLine = 1;
  private afterReturn = false;
  private first = true;

  constructor(private readonly separator: string) {}

  *push(chunk: string): Generator<CsvRecord> {
    let i = 0;
    if (this.first && chunk.length > 0) {
      this.first = false;
      if (chunk.charCodeAt(0) === 0xfeff) i = 1;
    }
    for (; i < chunk.length; i++) {
      const char = chunk[i]!;
      const secondOfLineEnd = this.afterReturn && char === '\n';
      this.afterReturn = char === '\r';
      if ((char === '\n' || char === '\r') && !secondOfLineEnd) this.line++;
      if (this.state === 'quoted') {
        if (char === '"') this.state = 'closed';
        else this.field += char;
      } else if (char === '"' && this.state === 'start') {
        this.state = 'quoted';
        this.quoteLine = this.line;
      } else if (char === '"' && this.state === 'closed') {
        // a doubled quote: the field goes on
        this.field += '"';
        this.state = 'quoted';
      } else if (char === this.separator) {
        this.endField();
      } else if (char === '\n' || char === '\r') {
        if (!secondOfLineEnd) yield* this.endRecord();
        this.recordLine = this.line;
      } else if (this.state === 'closed') {
        throw new CsvError(this.line, `text follows a closing quote: "${char}"`);
      } else {
        this.field += char;
        this.state = 'plain';
      }
    }
  }

  *end(): Generator<CsvRecord> {
    if (this.state === 'quoted') throw new CsvError(this.quoteLine, 'a quote opens here and never closes');
    if (this.state !== 'start' || this.values.length > 0) yield* this.endRecord();
  }

  private endField(): void {
    this.values.push(this.state === 'start' ? null : this.field);
    this.field = '';
    this.state = 'start';
  }

  private *endRecord(): Generator<CsvRecord> {
    const blank = this.state === 'start' && this.values.length === 0;
    this.endField();
    const { values } = this;
    this.values = [];
    if (!blank) yield { line: this.recordLine, values };
  }
}
