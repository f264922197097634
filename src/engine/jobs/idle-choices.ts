import type { TrainParams } from '../../rpc/engine-protocol';
import { EngineError } from '../errors';

/** Choices of a new network, that one to go on from has made already. */
const OF_NEW: readonly [keyof TrainParams, string][] = [
  ['backbone', 'base network'],
  ['inputSize', 'input size'],
  ['channels', 'channels'],
  ['widen', 'widening'],
];

/** @throws EngineError `bad-choice` for choices that would change nothing of the training they were made for */
export function refuseIdle(params: TrainParams): void {
  if (params.from === undefined) {
    if (!params.freeze) return;
    throw new EngineError(
      'bad-choice',
      'A new network has nothing to freeze: what it would leave as it is, was never trained.',
      'Say which model to go on from (--from), or leave --freeze out.',
    );
  }
  const idle = OF_NEW.filter(([name]) => params[name] !== undefined).map(([, words]) => words);
  if (idle.length === 0) return;
  throw new EngineError(
    'bad-choice',
    `Going on from “${params.from}”, the network and what it is fed are that model's own: there is no choice of ${idle.join(', ')}.`,
    'Leave that out, or train a new network (without --from).',
  );
}
