import type { ChildProcess } from 'node:child_process';
import type { Call, CallOptions } from '../rpc/rpc';
import type { ClientProtocol, EngineProtocol } from '../rpc/engine-protocol';
import { CANCELLED, DISPOSED, Rpc, RpcError } from '../rpc/rpc';
import { Listeners } from './listeners';
import { processTransport } from './processTransport';

/** Where the engine's words go; a `vscode.LogOutputChannel` is one. */
export interface EngineLog {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface EngineClientOptions {
  /** Forks the engine with an ipc channel, advanced serialization, and stderr as a pipe. */
  fork(): ChildProcess;
  log: EngineLog;
  /** stop a process that nobody has asked anything for this long */
  idleMs: number;
  /** after this many crashes within `crashWindowMs` calls fail at once, until `restart` */
  crashLimit: number;
  crashWindowMs: number;
  /** how long a cancelled call may still take before its caller is told that it ended */
  cancelGraceMs: number;
}

type EngineCalls = EngineProtocol['calls'];
type Method = keyof EngineCalls;
type Params<M extends Method> = EngineCalls[M]['params'];
type Result<M extends Method> = EngineCalls[M]['result'];
type ProgressOf<M extends Method> =
  EngineCalls[M] extends Required<Pick<Call, 'progress'>> ? EngineCalls[M]['progress'] : never;

export interface EngineCallOptions<Progress> extends CallOptions<Progress> {
  /** how long this call may go on once it is cancelled, where it still has something to save; milliseconds */
  graceMs?: number;
}

/** What the host needs of the engine. */
export interface Engine {
  call<M extends Method>(method: M, params: Params<M>, options?: EngineCallOptions<ProgressOf<M>>): Promise<Result<M>>;
  /** a person wants it to be started again, however often it crashed */
  restart(): void;
}

/** `code` of the errors that this file makes itself. */
export const ENGINE_CRASHED = 'engine-crashed';
export const ENGINE_DOWN = 'engine-down';

interface Running {
  child: ChildProcess;
  rpc: Rpc<ClientProtocol, EngineProtocol>;
  /** the last of what it wrote to stderr: the best clue to a crash */
  lastWords: string;
  /** set when the host ends it, so that its exit is no crash */
  stopping: boolean;
  /** how it ended, once it has */
  ended?: string;
}

const LAST_WORDS = 2000;
const KILL_AFTER_MS = 3000;

/**
 * The engine process, supervised: started by the first call, started again after a crash (up to a limit), stopped when idle.
 *
 * A call that was pending when the engine crashed is sent once more to the next process. Every method of the protocol
 * allows that: reads are reads, `answer`, `undo` and `flag` carry tokens that make the second one a no-op, and `embed`,
 * `mine` and `export` resume from the caches or write the same files again.
 */
export class EngineClient implements Engine {
  readonly #options: EngineClientOptions;
  readonly #changed = new Listeners<ClientProtocol['notifications']['changed']>();
  readonly #edited = new Listeners<ClientProtocol['notifications']['edited']>();
  #running: Running | undefined;
  #crashes: number[] = [];
  #calls = 0;
  #idle: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: EngineClientOptions) {
    this.#options = options;
  }

  /** The process now, if one runs. */
  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** Something on disk changed what views show. Returns a function that stops listening. */
  onChanged(listener: (change: ClientProtocol['notifications']['changed']) => void): () => void {
    return this.#changed.on(listener);
  }

  /** A scan found judged images edited. Returns a function that stops listening. */
  onEdited(listener: (found: ClientProtocol['notifications']['edited']) => void): () => void {
    return this.#edited.on(listener);
  }

  /**
   * Asks the engine. Rejects with an `RpcError`: what the engine threw, `cancelled`, `engine-crashed` when it went away
   * twice under this call, `engine-down` when it crashed too often to be started again.
   */
  async call<M extends Method>(
    method: M,
    params: Params<M>,
    options: EngineCallOptions<ProgressOf<M>> = {},
  ): Promise<Result<M>> {
    this.#calls++;
    clearTimeout(this.#idle);
    try {
      for (let attempt = 1; ; attempt++) {
        const engine = this.#ensure();
        try {
          const result = engine.rpc.call(method, params as never, options as never) as Promise<Result<M>>;
          return await this.#cancellable(method, result, options);
        } catch (error) {
          const crashed = error instanceof RpcError && error.code === DISPOSED && engine.ended !== undefined;
          if (!crashed || engine.stopping) throw error;
          if (options.signal?.aborted) throw new RpcError(CANCELLED, `${method} was cancelled`);
          if (attempt > 1) {
            throw new RpcError(
              ENGINE_CRASHED,
              `The Margin engine stopped twice during "${method}" (${engine.ended}). What was finished before is kept; the log says more.`,
            );
          }
          this.#options.log.info(`"${method}" is taken up again`);
        }
      }
    } finally {
      this.#calls--;
      this.#waitForIdle();
    }
  }

  /** Forgets earlier crashes, so that the next call starts the engine again. */
  restart(): void {
    this.#crashes = [];
  }

  /** Ends the process and rejects what is pending. Later calls are refused. */
  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#idle);
    this.#stop('Margin was closed');
  }

  #ensure(): Running {
    if (this.#running) return this.#running;
    if (this.#disposed) throw new RpcError(DISPOSED, 'Margin was closed');
    const { crashLimit, crashWindowMs, log } = this.#options;
    const since = Date.now() - crashWindowMs;
    this.#crashes = this.#crashes.filter(at => at > since);
    if (this.#crashes.length >= crashLimit) {
      throw new RpcError(
        ENGINE_DOWN,
        `The Margin engine stopped ${String(crashLimit)} times within ${String(Math.round(crashWindowMs / 60_000))} minutes and is not started again. The log says why.`,
      );
    }
    const child = this.#options.fork();
    const rpc = new Rpc<ClientProtocol, EngineProtocol>(
      processTransport(child),
      {},
      {
        log: ({ level, message }) => {
          log[level](message);
        },
        changed: change => {
          this.#changed.fire(change);
        },
        edited: found => {
          this.#edited.fire(found);
        },
      },
    );
    const running: Running = { child, rpc, lastWords: '', stopping: false };
    this.#running = running;
    child.stdout?.on('data', (data: Buffer) => {
      log.debug(data.toString().trimEnd());
    });
    child.stderr?.on('data', (data: Buffer) => {
      running.lastWords = (running.lastWords + data.toString()).slice(-LAST_WORDS);
      log.debug(data.toString().trimEnd());
    });
    child.once('error', error => {
      this.#onExit(running, `it could not be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      this.#onExit(running, signal ? `killed by ${signal}` : `exit code ${String(code)}`);
    });
    this.#greet(rpc);
    return running;
  }

  #greet(rpc: Running['rpc']): void {
    const started = Date.now();
    rpc.call('hello', {}).then(
      ({ pid, node, version }) => {
        this.#options.log.info(
          `engine ${version} started in ${String(Date.now() - started)} ms (process ${String(pid)}, Node ${node})`,
        );
      },
      () => undefined, // its exit is reported where it is noticed
    );
  }

  #onExit(engine: Running, how: string): void {
    if (engine.ended !== undefined) return;
    engine.ended = how;
    if (this.#running === engine) this.#running = undefined;
    if (!engine.stopping) {
      this.#crashes.push(Date.now());
      const clue = engine.lastWords.trim();
      this.#options.log.error(`the engine stopped unexpectedly: ${how}${clue ? `\n${clue}` : ''}`);
    }
    engine.rpc.dispose(`the engine stopped: ${how}`);
  }

  /** Set to keep an idle engine: answers that could not be written live in its memory only. */
  keep: (() => boolean) | undefined;

  #waitForIdle(): void {
    if (this.#calls > 0 || !this.#running) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#calls > 0) return;
      if (this.keep?.()) this.#waitForIdle();
      else this.#stop('idle');
    }, this.#options.idleMs).unref();
  }

  #stop(why: string): void {
    const engine = this.#running;
    if (!engine) return;
    this.#running = undefined;
    engine.stopping = true;
    this.#options.log.debug(`the engine is stopped: ${why}`);
    engine.rpc.dispose(why);
    // A closed channel tells the engine to finish its writes and go.
    if (engine.child.connected) engine.child.disconnect();
    const kill = setTimeout(() => engine.child.kill('SIGKILL'), KILL_AFTER_MS).unref();
    engine.child.once('exit', () => {
      clearTimeout(kill);
    });
  }

  /** A person who cancelled must not wait for an engine that is deep in native code. */
  async #cancellable<T>(method: string, work: Promise<T>, { signal, graceMs }: EngineCallOptions<never>): Promise<T> {
    if (!signal) return work;
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    const overdue = new Promise<never>((_, reject) => {
      onAbort = () => {
        timer = setTimeout(() => {
          this.#options.log.warn(`the engine has not yet stopped "${method}"`);
          reject(new RpcError(CANCELLED, `${method} was cancelled`));
        }, graceMs ?? this.#options.cancelGraceMs);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work, overdue]);
    } finally {
      clearTimeout(timer);
      if (onAbort) signal.removeEventListener('abort', onAbort);
      work.catch(() => undefined);
    }
  }
}
