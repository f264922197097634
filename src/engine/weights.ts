import { logOddsRight } from '../core/relations';
import type { PlacedJudgement, WeightOf } from '../core/relations';
import type { Ledger } from '../dataset/ledger';
import type { Opinion } from './opinion';

const DAY = 86_400_000;

/** How much speaks for an answer: what the model thinks, how long it was looked at, how old it is, what others said of the pair. */
export function weightsOf({ state }: Pick<Ledger, 'state'>, opinion: Opinion): WeightOf {
  const now = Date.now();
  return ({ id, a, b, relation }: PlacedJudgement) => {
    const said = state.answersOf(a, b);
    const answer = said.find(each => each.id === id);
    const others = said.filter(each => each.id !== id);
    const probabilitySame = opinion.probabilitySame(a, b);
    return logOddsRight(relation, {
      ...(answer && { ms: answer.ms, ageDays: (now - answer.at) / DAY }),
      ...(probabilitySame !== undefined && { probabilitySame }),
      agreeing: others.filter(other => other.relation === relation).length,
      contrary: others.filter(other => other.relation !== relation && other.relation !== 'incomparable').length,
    });
  };
}
