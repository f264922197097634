import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldLine } from '../../../src/dataset/ledger/decode';
import { faultOf } from '../../../src/dataset/ledger/events';
import { Field, type FieldName, LineScanner, parseTime, Value } from '../../../src/dataset/ledger/scan';
import { LedgerState } from '../../../src/dataset/ledger/state';
import { Random } from '../../../src/core/random';
import { Ledger } from '../../../src/dataset/ledger';
import { answerLine, image, temporaryFolder, writeLedger } from './helpers';

const names = Object.keys(Field) as FieldName[];

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What the scanner notes must be what JSON.parse finds. */
function compare(text: string): void {
  const bytes = Buffer.from(`xx${text}yy`);
  const scanner = new LineScanner();
  const outcome = scanner.scan(bytes, 2, bytes.length - 2);
  const parsed = parse(text);
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  if (outcome === 'slow') return;
  const spanOf = (name: FieldName) =>
    bytes.toString('utf8', scanner.spans[Field[name] * 2], scanner.spans[Field[name] * 2 + 1]);
  // Hashes are only measured; who reads them finds out, see below.
  const measured = (['a', 'b'] as const).filter(name => scanner.kinds[Field[name]] === Value.text).map(spanOf);
  if (outcome === 'ok' && measured.some(hash => hash.length === 71 && !/^sha256:[0-9a-f]{64}$/.test(hash))) return;
  expect(`${text} ${outcome}`).toBe(`${text} ${isObject ? 'ok' : 'bad'}`);
  if (!isObject) return;
  for (const name of names) {
    const value = Object.hasOwn(parsed, name) ? (parsed as Record<string, unknown>)[name] : undefined;
    const kind = scanner.kinds[Field[name]];
    const span = spanOf(name);
    if (value === undefined) expect(kind).toBe(Value.absent);
    else if (typeof value === 'string') expect([kind, span]).toEqual([Value.text, value]);
    else if (typeof value === 'number') expect([kind, Number(span)]).toEqual([Value.number, value]);
    else expect(kind).toBe(Value.other);
  }
}

/** JSON that is often an event, often nearly one. */
const almost = fc.oneof(
  fc.json(),
  fc
    .dictionary(fc.constantFrom(...names, 'why', 'x', 'as', 'kin', 'é'), fc.jsonValue())
    .map(value => JSON.stringify(value)),
  fc.constant(answerLine('1', image(1), image(2), { with: 'g', repeat: true }).trim()),
);

describe('the line scanner', () => {
  it('agrees with JSON.parse on JSON', () => {
    fc.assert(fc.property(almost, compare), { numRuns: 500 });
  });

  it('agrees with JSON.parse on JSON with a byte put in, taken out or changed', () => {
    const byte = fc.constantFrom(...'{}[]",:\\u0123-+.eEtfn \t\u0001é'.split(''));
    const edit = fc.record({ at: fc.nat(), cut: fc.nat(2), byte: fc.option(byte, { nil: '' }) });
    fc.assert(
      fc.property(almost, edit, (text, { at, cut, byte: put }) => {
        const place = at % (text.length + 1);
        compare(text.slice(0, place) + put + text.slice(place + cut));
      }),
      { numRuns: 3000 },
    );
  });

  it('takes the last of doubled fields and leaves escapes in known ones to JSON.parse', () => {
    compare('{"id":"1","id":2}');
    const slow = (text: string) => new LineScanner().scan(Buffer.from(text), 0, Buffer.byteLength(text));
    expect(slow('{"id":"\\u0041"}')).toBe('slow');
    expect(slow('{"\\u0069d":"A"}')).toBe('slow');
    expect(slow(`{"x":${'['.repeat(1000)}`)).toBe('slow');
  });
});

describe('folding a line', () => {
  const fold = (text: string) => {
    const state = new LedgerState();
    const bytes = Buffer.from(text);
    return { state, fault: foldLine(state, bytes, 0, bytes.length, 0) };
  };

  it('takes and refuses what the events say, whatever a byte does to an answer', () => {
    const line = answerLine('1', image(1), image(2), { with: 'g', by: 'ü"', why: undefined }).trim();
    const byte = fc.constantFrom(...'{}[]",:\\0af1-+.A \u0001é'.split(''));
    fc.assert(
      fc.property(fc.nat(line.length - 1), fc.nat(1), byte, (at, cut, put) => {
        const text = line.slice(0, at) + put + line.slice(at + cut);
        const parsed = parse(text);
        const fault =
          typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
            ? faultOf(parsed as Record<string, unknown>)
            : 'is no JSON object';
        const folded = fold(text);
        expect(`${text}: ${folded.fault}`).toBe(`${text}: ${fault}`);
        if (fault !== undefined) expect(folded.state.events).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same whether a line has our order of fields or another', () => {
    const event = JSON.parse(answerLine('1', image(1), image(2), { with: 'g', repeat: true })) as Record<
      string,
      unknown
    >;
    const shuffled = Object.fromEntries(Object.entries(event).reverse());
    const [ours, theirs] = [fold(JSON.stringify(event)), fold(JSON.stringify(shuffled, null, 1))];
    expect(ours.fault).toBeUndefined();
    expect([...theirs.state.standing()]).toEqual([...ours.state.standing()]);
    expect([...ours.state.standing()][0]).toMatchObject([{ id: '1', ms: 842, repeat: true, relation: 'same' }]);
  });
});

describe('a file of many lines', () => {
  it('says what its lines say one by one, wherever undos, doubled, later and torn ones lie among them', async () => {
    const random = new Random(7);
    const kinds = [
      () => answerLine(`${random.below(1500)}`, image(random.below(30)), image(30 + random.below(30))),
      () => {
        const relation = ['same', 'different', 'incomparable'][random.below(3)];
        const at = new Date(1.7e12 + random.below(1000)).toISOString();
        const group = random.below(3) === 0 ? { with: `g${random.below(200)}` } : {};
        const by = ['ada', 'bob'][random.below(2)];
        const more = { relation, at, by, ...group, repeat: random.below(5) === 0 ? true : undefined };
        return answerLine(`${random.below(1500)}`, image(random.below(60)), image(60 + random.below(9)), more);
      },
      () =>
        `{"v":1,"id":"u${random.below(300)}","at":"2026-11-22T10:00:00.000Z","by":"ada","kind":"undo","of":"${random.below(1500)}"}\n`,
      () => answerLine(`${random.below(1500)}`, image(3), image(3)),
      () => answerLine(`${random.below(1500)}`, image(1), image(2)).slice(random.below(300)),
      () => '{"v":2,"id":"later","kind":"more"}\n',
    ];
    const lines = Array.from({ length: 3000 }, () => kinds[Math.min(random.below(12), random.below(6))]());
    const folder = temporaryFolder();
    writeLedger(folder, lines.join(''));
    const { state, problems } = await Ledger.open(folder, { by: 'ada' });

    const expected = new LedgerState();
    const reasons: string[] = [];
    let offset = 0;
    for (const line of Buffer.from(lines.join('')).toString().trimEnd().split('\n')) {
      const bytes = Buffer.from(line);
      const reason = foldLine(expected, bytes, 0, bytes.length, offset);
      if (reason !== undefined) reasons.push(reason);
      offset += bytes.length + 1;
    }
    const all = (of: LedgerState) => ({
      standing: [...of.standing()],
      last: ['ada', 'bob'].map(by => [of.lastOf(by), of.givenBy(by), of.latestTime(by)]),
      places: Array.from({ length: 1500 }, (_, id) => of.lineOf(`${id}`)),
      events: [of.events, of.answers, of.passedOver],
    });
    expect(state.answers).toBeGreaterThan(300);
    expect(all(state)).toEqual(all(expected));
    expect(problems.map(({ reason }) => reason)).toEqual(reasons);
  });
});

describe('times', () => {
  it('are what Date.parse says, or left to it', () => {
    const date = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, moment => {
        const bytes = Buffer.from(moment.toISOString());
        expect(parseTime(bytes, 0, bytes.length)).toBe(moment.getTime());
      }),
    );
    for (const odd of ['2026-11-22T10:00:00Z', '2026-13-22T10:00:00.000Z', '2026-11-22T25:00:00.000Z', '2026-11-22']) {
      const bytes = Buffer.from(odd);
      expect(parseTime(bytes, 0, bytes.length)).toBeNaN();
    }
  });
});
