import type { ImageHash, Relation, TripletVerdict } from '../../../src/core/types';
import type { Engine } from '../../../src/host/engineClient';
import type { EngineProtocol, Item, LabelWindow } from '../../../src/rpc/engine-protocol';
import { RpcError } from '../../../src/rpc/rpc';

type Calls = EngineProtocol['calls'];
type Verdict = Relation | TripletVerdict;

export function hash(n: number): ImageHash {
  return `sha256:${n.toString(16).padStart(64, '0')}`;
}

export function pair(n: number): Item {
  return {
    kind: 'pair',
    id: `pair-${String(n)}`,
    lane: 'hard-negatives',
    a: { hash: hash(2 * n), path: `cats/${String(n)}.jpg`, class: 'cats' },
    b: { hash: hash(2 * n + 1), path: `dogs/${String(n)}.jpg`, class: 'dogs' },
    distance: 0.25 + n / 1000,
  };
}

export function triplet(n: number): Item {
  return {
    kind: 'triplet',
    id: `triplet-${String(n)}`,
    lane: 'hard-triplets',
    anchor: { hash: hash(3 * n), path: `cats/${String(n)}a.jpg`, class: 'cats' },
    positive: { hash: hash(3 * n + 1), path: `cats/${String(n)}p.jpg`, class: 'cats' },
    negative: { hash: hash(3 * n + 2), path: `dogs/${String(n)}n.jpg`, class: 'dogs' },
    positiveDistance: 0.5,
    negativeDistance: 0.25,
  };
}

/**
 * The engine's part of the labelling protocol over one lane in memory: what a test needs to see what reached "the disk",
 * to hold an answer back, and to make it fail. The real engine is tested in its own room and end to end.
 */
export class ScriptedEngine implements Engine {
  readonly ledger: { itemId: string; verdict: Verdict; token: string }[] = [];
  readonly calls: string[] = [];
  /** what stands beside the items in the windows to come; settling, accepting or leaving it takes it away */
  beside: Pick<LabelWindow, 'contradiction' | 'offer' | 'unsaved' | 'timeLeft' | 'chanceOfChange' | 'elsewhere'> = {};
  /** what was settled, accepted or left */
  readonly acts: Record<string, unknown>[] = [];
  /** awaited before an answer is written */
  gate: Promise<void> = Promise.resolve();
  /** thrown by the next call of that name */
  readonly failures = new Map<string, Error>();
  thumbnail: (hash: ImageHash, size: number) => Promise<Calls['thumbnail']['result']> = (asked, size) =>
    Promise.resolve({ hash: asked, bytes: Buffer.from([1, 2, 3]), mime: 'image/png', width: size, height: size });
  #items: Item[];

  constructor(items: Item[]) {
    this.#items = items;
  }

  call: Engine['call'] = async (method, params) => {
    this.calls.push(method);
    const failure = this.failures.get(method);
    if (failure) {
      this.failures.delete(method);
      throw failure;
    }
    return (await this.#answer(method, params)) as never;
  };

  restart(): void {
    this.calls.push('restart');
  }

  async #answer(method: string, params: unknown): Promise<unknown> {
    switch (method) {
      case 'window':
        return this.#window((params as Calls['window']['params']).count);
      case 'answer': {
        const { itemId, verdict, token } = params as Calls['answer']['params'];
        await this.gate;
        if (!this.#items.some(item => item.id === itemId)) throw new RpcError('no-item', `no item ${itemId}`);
        if (!this.ledger.some(event => event.token === token)) {
          this.#remove(itemId);
          this.ledger.push({ itemId, verdict, token });
        }
        return this.#window(9);
      }
      case 'undo': {
        const last = this.ledger.pop();
        const undone = this.#items.find(item => item.id === last?.itemId);
        return { ...this.#window(9), ...(undone && { undone }) };
      }
      case 'flag': {
        const { image } = params as Calls['flag']['params'];
        this.#items = this.#items.filter(item => !JSON.stringify(item).includes(image));
        return this.#window(9);
      }
      case 'settle': {
        const { a, b, relation } = params as Calls['settle']['params'];
        await this.gate;
        this.acts.push({ a, b, relation });
        delete this.beside.contradiction;
        return this.#window(9);
      }
      case 'later': {
        const { what } = params as Calls['later']['params'];
        this.acts.push({ later: what });
        if (what === 'offer') delete this.beside.offer;
        else delete this.beside.contradiction;
        return this.#window(9);
      }
      case 'acceptOffer': {
        const { kind } = params as Calls['acceptOffer']['params'];
        this.acts.push({ kind });
        delete this.beside.offer;
        return this.#window(9);
      }
      case 'takeUpContradictions':
        return { count: this.beside.contradiction ? 1 : 0 };
      case 'thumbnail': {
        const asked = params as Calls['thumbnail']['params'];
        return this.thumbnail(asked.hash, asked.size);
      }
      default:
        throw new RpcError('unknown-method', method);
    }
  }

  #remove(itemId: string): void {
    const at = this.ledger.findIndex(event => event.itemId === itemId);
    if (at >= 0) this.ledger.splice(at, 1);
  }

  #window(count: number): LabelWindow {
    const first = this.#items[0];
    const verdicts = new Map(this.ledger.map(event => [event.itemId, event.verdict]));
    const open = this.#items.filter(item => !verdicts.has(item.id));
    const total = this.#items.length;
    const lane = first?.lane ?? 'hard-triplets';
    const counts = { total, settled: total - open.length, remaining: open.length };
    const mined = { model: 'starter', metric: 'cosine', margin: 0.2, minedAt: '2026-11-22T10:00:00.000Z' } as const;
    return {
      lane: lane === 'disagreements' ? { lane, ...counts } : { lane, ...mined, ...counts },
      items: open.slice(0, count),
      history: [...this.ledger]
        .reverse()
        .flatMap(event => this.#items.filter(item => item.id === event.itemId))
        .map(item => ({ ...item, verdict: verdicts.get(item.id)! }))
        .slice(0, count),
      answers: this.ledger.length,
      session: this.ledger.length,
      implied: 0,
      canUndo: this.ledger.length > 0,
      ...this.beside,
    };
  }
}
