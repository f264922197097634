import { pairRule, type PairRule } from '../core/mining/pair-rule';
import type { PairsPhase } from './phases';
import { farthestOf, type Plan } from './plan';
import type { Thread } from './thread';

/** One thread's part of a pass over unordered pairs. */
export class PairWork {
  readonly #thread: Thread;
  #rule: PairRule | undefined;

  constructor(thread: Thread) {
    this.#thread = thread;
  }

  begin({ turn }: PairsPhase): void {
    this.#rule = pairRule(this.#thread.request, turn);
  }

  /** Goes through the pairs of rows of block I with later rows of block J. */
  pairs({ plan, block }: PairsPhase & { plan: Plan }, task: number): void {
    const { places, kernel, views } = this.#thread;
    const rule = this.#rule!;
    const pair = places.tasks / 4 + 2 * task;
    const first = views.i32[pair]!;
    const second = views.i32[pair + 1]!;
    const end = Math.min((first + 1) * block, plan.n);
    const lastPanel = Math.ceil(Math.min((second + 1) * block, plan.n) / 8);
    for (let from = first * block; from < end; from += plan.blockRows) {
      this.#setBand(plan, rule);
      kernel.sweepPairs(from, Math.min(from + plan.blockRows, end), (second * block) / 8, lastPanel);
      this.#take(rule);
    }
  }

  #setBand(plan: Plan, rule: PairRule): void {
    const { kernel, pool, after } = this.#thread;
    const most = farthestOf(plan);
    const wanted = rule.distancesOf(pool!.cutoff, after?.score ?? Infinity);
    // in the scale of the bounds nothing lies beyond `most`, and larger numbers would not fit it
    const within = (distance: number) => Math.min(Math.max(distance, 0), most);
    kernel.setBand(
      within(rule.from),
      within(rule.to),
      within(Math.max(rule.from, wanted.from)),
      within(Math.min(rule.to, wanted.to)),
      rule.countNearer,
    );
  }

  #take(rule: PairRule): void {
    const { kernel, views, ranks, result } = this.#thread;
    result.inBand += kernel.pairsInside();
    const handed = kernel.foundPairs() / 4;
    for (let at = handed; at < handed + 2 * kernel.handedPairs(); at += 2) {
      const i = views.i32[at]!;
      const j = views.i32[at + 1]!;
      const d = kernel.exact(i, j);
      if (d < rule.from) result.tooNear += 2;
      else if (d < rule.to) {
        result.inBand++;
        if (ranks[i]! < ranks[j]!) this.#thread.offer(rule.score(d), i, j, -1);
        else this.#thread.offer(rule.score(d), j, i, -1);
      }
    }
  }
}
