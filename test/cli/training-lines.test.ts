import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { progressLines } from '../../src/cli/progress';
import { judgedLines, startLines } from '../../src/cli/training-lines';
import type { TrainResult } from '../../src/engine/api';

const result = (over: Partial<TrainResult>) => ({ resumedFrom: 0, heldOutBy: 'none', ...over }) as TrainResult;

describe('what the command line says of a training', () => {
  it('is once, as it begins, from which epoch it goes on, or that it is begun anew', () => {
    const err = new PassThrough();
    const { report } = progressLines(err);
    const training = { epoch: 7, epochs: 9, loss: 1, imagesPerSecond: 1, history: [], measure: 'auc' } as const;
    for (const done of [1, 2])
      report({ stage: 'train', done, total: 9, training: { ...training, history: [], resumedFrom: 6 } });
    expect((err.read() as Buffer).toString().match(/resumed from epoch 6/g)).toHaveLength(1);
    // The epochs before it went on are not told again, and count for what is best.
    const course = [0.4, 0.9, 0.5].map((heldOut, i) => ({ epoch: i + 5, loss: 1, heldOut }));
    report({ stage: 'train', done: 3, total: 9, training: { ...training, history: course, resumedFrom: 6 } });
    const told = (err.read() as Buffer).toString();
    expect(told).toMatch(/epoch 7 of 9.*best 90\.0 % \(epoch 6\)/);
    expect(told).not.toMatch(/^epoch [56] /m);
    expect(startLines(result({ otherData: 4 }))[0]).toMatch(/begun anew.*epoch 4/);
    expect(startLines(result({}))).toEqual([]);
  });

  it('names the answers still violated up to a number, and why nothing can be said', () => {
    const pair = { a: 'x.png', b: 'y.png', relation: 'same', before: 0.8, after: 0.9 } as const;
    const compared = {
      ...{ model: 'starter', violatedBefore: 14, nowEasy: 2, stillViolated: 12, newlyViolated: 1 },
      thresholds: { before: 0.5, after: 0.5 },
    };
    const counts = { judged: 30, same: 20, different: 10 };
    const answers = { ...counts, violated: 13, compared, stillViolated: new Array<typeof pair>(12).fill(pair) };
    const lines = judgedLines(result({ answers }));
    expect(lines[0]).toMatch(/13 of 30.*“starter” violated 14: 2 .*12 are still violated.*1 are newly/);
    expect(
      lines.filter(line => line.includes('x.png and y.png: answered same, distance 0.800 before, 0.900 now')),
    ).toHaveLength(10);
    expect(lines.at(-1)).toMatch(/and 2 more/);
    const one = { judged: 3, same: 0, different: 3, unsaid: 'one-kind' } as const;
    expect(judgedLines(result({ answers: one }))[0]).toMatch(/all 3 say different/);
    expect(judgedLines(result({ heldOutWhy: 'Nothing could be held out.' }))).toEqual(['Nothing could be held out.']);
  });
});
