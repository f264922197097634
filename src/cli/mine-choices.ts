import type { Command } from 'commander';
import type { ChoiceContext } from '../engine/api';
import { MINING_CHOICES, whyIgnored } from '../engine/api';

/** What means something where a lane is searched for, and not where disagreements are listed. */
const SEARCHING: readonly string[] = [...MINING_CHOICES, 'distance', 'perImage', 'perClassPair', 'indexAbove', 'seed'];

/**
 * Refuses what a person gave and the lane would ignore: whoever chose it expects something of it.
 * @throws CommanderError with the exit code of bad usage
 */
export function refuseIgnored(
  command: Command,
  options: Omit<ChoiceContext, 'lane'> & { lane: ChoiceContext['lane'] | 'disagreements' },
): void {
  const { lane } = options;
  const own = command.options.map(option => option.attributeName());
  const given = own.filter(name => command.getOptionValueSource(name) === 'cli');
  const flag = (name: string) => command.options.find(option => option.attributeName() === name)?.long ?? name;
  if (lane === 'disagreements') {
    const idle = given.find(name => SEARCHING.includes(name));
    if (idle !== undefined)
      command.error(`error: ${flag(idle)} says something of a search only: disagreements are listed`);
    return;
  }
  for (const choice of MINING_CHOICES) {
    const why = given.includes(choice) ? whyIgnored(choice, { ...options, lane }) : undefined;
    if (why !== undefined) command.error(`error: ${flag(choice)} ${why}, not in the lane ${lane}`);
  }
}
