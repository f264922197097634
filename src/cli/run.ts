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
  /** An engine for one command; commander gives its options after its arguments. */
  const actionsFor = (options: Pick<CommonOptions, 'quiet'>): Actions => {
    const { engine, actions } = open(options);
    opened.push(engine);
    return actions;
  };
  const program = buildProgram(__MARGIN_VERSION__, {
    scan: (folder, options) => actionsFor(options).scan(folder, options),
    embed: (folder, options) => actionsFor(options).embed(folder, options),
    mine: (folder, options) => actionsFor(options).mine(folder, options),
    answer: (folder, options) => actionsFor(options).answer(folder, options),
    export: (folder, options) => actionsFor(options).export(folder, options),
    import: (folder, options) => actionsFor(options).import(folder, options),
    train: (folder, options) => actionsFor(options).train(folder, options),
    evaluate: (folder, options) => actionsFor(options).evaluate(folder, options),
    bench: (what, folder, options) => actionsFor(options).bench(what, folder, options),
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
    return error instanceof EngineError && error.code === 'bad-choice' ? Exit.usage : Exit.failed;
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
