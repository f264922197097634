import { mix32 } from '../random';

export interface RepeatPlan {
  /** questions this person answered so far, repeats included: the step in the sequence */
  answered: number;
  /** which share of questions is spent so, 0 to 1 */
  share: number;
  seed: number;
}

/**
 * Whether the next question is one that need not be asked, and which. Asked a second time, a question tells how consistent
 * a person is. A question that other answers imply finds wrong answers: skipping it leaves each answer alone with its
 * consequences, and a wrong one is never contradicted (docs/BENCHMARKS.md has by how much that counts). A function of the
 * plan alone, so that a restart asks the same.
 * @param eligible questions answered once and long enough ago, or implied and never judged, in any stable order
 * @returns a place among them, or undefined for an ordinary question
 */
export function hiddenRepeat(eligible: number, { answered, share, seed }: RepeatPlan): number | undefined {
  if (eligible === 0 || !(share > 0)) return undefined;
  const draw = mix32(mix32(seed) ^ mix32(answered));
  if (draw / 2 ** 32 >= share) return undefined;
  return mix32(draw ^ 0x5bd1e995) % eligible;
}
