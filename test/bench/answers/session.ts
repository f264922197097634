import { hiddenRepeat, orderOf, worthOf } from '../../../src/core/order';
import { Random } from '../../../src/core/random';
import { calibrate, type Calibration, type Judgement, RelationGraph } from '../../../src/core/relations';
import type { ImageHash } from '../../../src/core/types';
import { distance, type Labelled } from './data';

export type Strategy = 'ordered' | 'hardest' | 'random';

export interface Given {
  x: number;
  y: number;
  relation: 'same' | 'different';
  /** the scripted person was made to say the contrary of the truth */
  flipped: boolean;
  /** the same person said something else of this pair before */
  inconsistent: boolean;
}

export interface SessionOptions {
  strategy: Strategy;
  answers: number;
  seed: number;
  /** share of answers that are wrong */
  flips?: number;
  /** share of hidden repeats */
  repeats?: number;
  /** share of hidden checks: candidates that other answers imply already */
  checks?: number;
  /** ask what is implied as well, as where several people or imports answer the same */
  redundant?: boolean;
  /** called after each answer; what it gets grows on */
  afterAnswer?: (soFar: Pick<Session, 'graph' | 'given' | 'asked'>) => void;
}

export interface Session {
  graph: RelationGraph;
  /** the standing answer of each judged pair */
  given: Map<string, Given>;
  /** questions put, repeats included */
  asked: number;
  /** candidates that nobody had to answer */
  implied: number;
  calibration: Calibration | undefined;
}

/** After how many answers the order learns anew where the model is unsure, as a lane of Margin does. */
const LEARNS_AT = new Set(Array.from({ length: 20 }, (_, i) => 50 * 2 ** i));

/** A scripted person answers candidates, none that is known already, until so many answers or none is left. */
export function simulate(set: Labelled, candidates: readonly [number, number][], options: SessionOptions): Session {
  const { strategy, answers, seed, flips = 0, repeats = 0, checks = 0, redundant = false, afterAnswer } = options;
  const random = new Random(seed);
  const graph = new RelationGraph();
  const given = new Map<string, Given>();
  const distances = candidates.map(([x, y]) => distance(set, x, y));
  let calibration: Calibration | undefined;
  let asked = 0;
  const say = (question: number) => {
    const [x, y] = candidates[question];
    const truth = set.classes[x] === set.classes[y] ? 'same' : 'different';
    const flipped = random.next() < flips;
    const relation = flipped ? (truth === 'same' ? 'different' : 'same') : truth;
    const key = `${x} ${y}`;
    const before = given.get(key);
    given.set(key, { x, y, relation, flipped, inconsistent: before !== undefined && before.relation !== relation });
    asked++;
    const judgement: Judgement = { id: key, relation };
    const change = graph.set(set.hashes[x], set.hashes[y], [judgement]);
    afterAnswer?.({ graph, given, asked });
    return change;
  };
  const membersOf = (image: ImageHash) => graph.membersOf(image);
  const isKnown = (a: ImageHash, b: ImageHash) => graph.known(a, b) !== undefined;
  const isOpen = (question: number) => {
    const [x, y] = candidates[question];
    return !isKnown(set.hashes[x], set.hashes[y]);
  };

  if (strategy !== 'ordered') {
    const order = [...candidates.keys()];
    if (strategy === 'random') random.shuffle(order);
    else order.sort((p, q) => distances[p] - distances[q]);
    for (const question of order) {
      if (asked >= answers) break;
      if (redundant || isOpen(question)) say(question);
    }
  } else {
    const median = [...distances].sort((p, q) => p - q)[Math.floor(distances.length / 2)];
    const judged: number[] = [];
    const build = () => {
      const threshold = calibration?.threshold ?? median;
      const questions = candidates.map(([x, y], i) => ({
        images: [set.hashes[x], set.hashes[y]],
        ...worthOf({ kind: 'pair', distance: distances[i] }, { lane: 'uncertain-pairs', margin: median, threshold }),
      }));
      return orderOf(questions, { isOpen, isKnown, sizeOf: image => graph.sizeOf(image) }, { seed });
    };
    const checkAmong = (): number | undefined => {
      // Drawn until one fits, which is as good as drawing from the list of those that fit.
      for (let tries = 0; tries < 1000; tries++) {
        const i = random.below(candidates.length);
        if (!isOpen(i) && !given.has(candidates[i].join(' '))) return i;
      }
      return undefined;
    };
    let order = build();
    let learnedFrom = 0;
    while (asked < answers) {
      const check = random.next() < checks ? checkAmong() : undefined;
      if (check !== undefined) {
        order.update(say(check), membersOf);
        continue;
      }
      const repeat = hiddenRepeat(Math.max(0, judged.length - 20), { answered: asked, share: repeats, seed });
      const question = repeat === undefined ? order.next(1)[0] : judged[repeat];
      if (question === undefined) break;
      order.shown(question);
      order.update(say(question), membersOf);
      if (repeat === undefined) judged.push(question);
      if (LEARNS_AT.has(given.size) && given.size !== learnedFrom) {
        learnedFrom = given.size;
        calibration = calibrationOf(set, given);
        order = build();
      }
    }
  }
  const implied = candidates.filter(([x, y], i) => !isOpen(i) && !given.has(`${x} ${y}`)).length;
  return { graph, given, asked, implied, calibration: calibrationOf(set, given) };
}

function calibrationOf(set: Labelled, given: Map<string, Given>): Calibration | undefined {
  return calibrate([...given.values()].map(({ x, y, relation }) => ({ distance: distance(set, x, y), relation })));
}
