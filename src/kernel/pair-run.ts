import type { Problem } from '../core/mining/problem';
import type { Entry } from '../core/mining/pool';
import type { PairRule } from '../core/mining/pair-rule';
import { setLeast } from './anchor-run';
import { packAll } from './pack-all';
import type { PhaseResult } from './phases';
import type { Control, MiningRuntime } from './control';
import { makeSpace, type Space } from './space';
import { Team } from './team';
import type { BlockIndex } from './tree';
import type { LoadedKernel } from './wasm';

/** Passes over all unordered pairs. */
export class PairRun {
  readonly space: Space;
  readonly team: Team;
  readonly #tasks: number;

  private constructor(space: Space, team: Team, side: PairRule['side'], index: BlockIndex | undefined) {
    this.space = space;
    this.team = team;
    this.#tasks = writeTasks(space, side, index);
  }

  static async start(
    problem: Problem,
    kernel: LoadedKernel,
    side: PairRule['side'],
    control: Control,
    runtime: MiningRuntime,
    index?: BlockIndex,
  ): Promise<PairRun | 'too large' | 'cancelled'> {
    const space = await makeSpace(
      problem,
      {
        side,
        threads: runtime.workerPath === undefined ? 1 : runtime.threads,
        bits: runtime.bits,
        stateBytes: () => 0,
        nearestRoom: 0,
        index,
        gaps: false,
        pairs: true,
      },
      control,
    );
    if (typeof space === 'string') return space;
    const { plan } = space;
    setLeast(plan, problem);
    const team = new Team(space, kernel, problem.request, control, runtime.workerPath);
    await packAll(team, space);
    return new PairRun(space, team, side, index);
  }

  /** One pass; pools hold what comes after `after`. */
  collect(turn: number, after: Entry | undefined, limit: number): Promise<PhaseResult[]> {
    const { plan, block } = this.space;
    return this.team.run(
      { kind: 'pairs', tasks: this.#tasks, plan, block, turn, after, limit },
      { before: 0, total: this.#tasks },
    );
  }
}

/** Block pairs that hold pairs of the side. */
function writeTasks(
  { memory, places, plan, block }: Space,
  side: PairRule['side'],
  index: BlockIndex | undefined,
): number {
  const blocks = Math.ceil(plan.n / block);
  const labels = new Int32Array(memory.buffer, plan.labels, plan.n);
  const words = new Int32Array(memory.buffer, places.tasks);
  let at = 0;
  for (let i = 0; i < blocks; i++) {
    const lastLabel = labels[Math.min(plan.n, (i + 1) * block) - 1]!;
    for (let j = i; j < blocks; j++) {
      if (index ? !index.near(i, j) : side === 'same' && labels[j * block]! > lastLabel) continue;
      words[at++] = i;
      words[at++] = j;
    }
  }
  return at / 2;
}
