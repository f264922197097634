import { EngineError, messageOf } from '../engine/api';
import type { Engine } from '../engine/api';
import { buildProgram, CommanderError } from './program';
import type { Actions, CommonOptions } from './program';

declare const __MARGIN_VERSION__: string;

export interface Streams {
  out: NodeJS.WritableStream;
  err: NodeJS.WritableStream;
}

/** Exit codes of docs/DESIGN.md. */
export const Exit = { done: 0, failed: 1, usage: 2, cancelled: 130 } as const;

/** Reads a command line, runs it, and resolves to the exit code; never rejects. */
export async function run(
  argv: readonly string[],
  io: Streams,
  open: (options: Pick<CommonOptions, 'quiet'>) => { engine: Engine; actions: Actions },
): Promise<number> {
  const opened: Engine[] = [];
  const withEngine =
    <O extends CommonOptions>(name: keyof Actions) =>
    async (folder: string, options: O): Promise<void> => {
      const { engine, actions } = open(options);
      opened.push(engine);
      await (actions[name] as (folder: string, options: O) => Promise<void>)(folder, options);
    };
  const program = buildProgram(__MARGIN_VERSION__, {
    scan: withEngine('scan'),
    embed: withEngine('embed'),
    mine: withEngine('mine'),
    answer: withEngine('answer'),
    export: withEngine('export'),
    import: withEngine('import'),
    train: withEngine('train'),
    evaluate: withEngine('evaluate'),
  });
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: text => io.out.write(text), writeErr: text => io.err.write(text) });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Exit.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.done : Exit.usage;
    if (isAbort(error)) {
      io.err.write('Cancelled. What was finished is kept; run it again to go on.\n');
      return Exit.cancelled;
    }
    const hint = hintOf(error);
    io.err.write(`margin: ${messageOf(error)}${hint ? `\n${hint}` : ''}\n`);
    return Exit.failed;
  } finally {
    await Promise.all(opened.map(engine => engine.dispose()));
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function hintOf(error: unknown): string | undefined {
  if (error instanceof EngineError) return error.hint;
  const hint = (error as { hint?: unknown } | undefined)?.hint;
  return typeof hint === 'string' ? hint : undefined;
}
