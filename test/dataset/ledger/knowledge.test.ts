import { describe, expect, it } from 'vitest';
import { Knowledge, type KnowledgeChange, Ledger, tripletAnswers } from '../../../src/dataset/ledger';
import { answerLine, image, temporaryFolder, writeLedger } from './helpers';

const [A, B, C, D] = [image('a'), image('b'), image('c'), image('d')];
const by = 'ada@example.org';

describe('knowledge', () => {
  it('follows answers, undo, other processes and a replaced file', async () => {
    const folder = temporaryFolder();
    const ledger = await Ledger.open(folder, { by });
    const knowledge = new Knowledge(ledger);
    const changes: KnowledgeChange[] = [];
    knowledge.onChange(change => changes.push(change));

    await ledger.append(
      tripletAnswers({ anchor: A, positive: B, negative: C }, { positive: 'same', negative: 'different' }),
    );
    expect(knowledge.graph.known(B, C)).toMatchObject({ relation: 'different', from: 'implied' });
    const other = await Ledger.open(folder, { by: 'bob' });
    await other.answer({ a: B, b: C, relation: 'same' });
    await ledger.refresh();
    expect(changes.at(-1)?.relations).toMatchObject({ contradictions: [[A, C]] });
    expect(knowledge.graph.isContradicted(A)).toBe(true);
    await ledger.undo();
    expect(knowledge.graph.known(A, C)).toBeUndefined();
    expect(new Knowledge(await Ledger.open(folder, { by })).graph.counts()).toEqual(knowledge.graph.counts());

    writeLedger(folder, answerLine('x', C, D));
    await ledger.refresh();
    expect(changes.at(-1)?.relations).toBe('all');
    expect(knowledge.graph.known(B, C)).toBeUndefined();
    expect(knowledge.graph.known(C, D)?.relation).toBe('same');
    const heard = changes.length;
    knowledge.dispose();
    await ledger.answer({ a: A, b: D, relation: 'same' });
    expect(changes).toHaveLength(heard);
  });
});
