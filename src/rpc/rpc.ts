/**
 * One small typed RPC for both boundaries: host <-> engine process and host <-> webview.
 * It knows nothing of either: a `Transport` carries structured-cloneable messages, and this class gives requests with
 * inferred results, progress, cancellation, errors that reach the caller, and disposal that rejects what is waiting.
 */

/** What a protocol says of one method. `progress` is left out where a call reports none. */
export interface Call {
  params: unknown;
  result: unknown;
  progress?: unknown;
}

/** A protocol is an interface of calls (answered) and notifications (not answered). */
export interface Protocol {
  calls: object;
  notifications: object;
}

type Calls<P extends Protocol> = P['calls'];
type ParamsOf<P extends Protocol, M extends keyof Calls<P>> = Calls<P>[M] extends { params: infer T } ? T : never;
type ResultOf<P extends Protocol, M extends keyof Calls<P>> = Calls<P>[M] extends { result: infer T } ? T : never;
type ProgressOf<P extends Protocol, M extends keyof Calls<P>> = Calls<P>[M] extends { progress: infer T } ? T : never;

/** What a handler gets beside its parameters. */
export interface CallContext<Progress = never> {
  /** Aborted when the caller cancels, or when the connection goes away. */
  signal: AbortSignal;
  progress(value: Progress): void;
}

/** One function a method; what it throws reaches the caller as an `RpcError`. */
export type Handlers<P extends Protocol> = {
  [M in keyof Calls<P>]: (
    params: ParamsOf<P, M>,
    context: CallContext<ProgressOf<P, M>>,
  ) => ResultOf<P, M> | Promise<ResultOf<P, M>>;
};

export type NotificationHandlers<P extends Protocol> = {
  [N in keyof P['notifications']]?: (params: P['notifications'][N]) => void;
};

export interface Transport {
  send(message: WireMessage, transfer?: readonly ArrayBuffer[]): void;
  /** Returns a function that stops listening. */
  onMessage(listener: (message: unknown) => void): () => void;
}

export interface WireError {
  /** Stable, for code: `cancelled`, `disposed`, `unknown-method`, or what the thrower put in `code`. */
  code: string;
  /** For a person: what happened and what to do. */
  message: string;
  stack?: string;
  data?: unknown;
}

export type WireMessage =
  | { t: 'call'; id: number; method: string; params: unknown }
  | { t: 'ok'; id: number; result: unknown }
  | { t: 'err'; id: number; error: WireError }
  | { t: 'progress'; id: number; value: unknown }
  | { t: 'cancel'; id: number }
  | { t: 'note'; name: string; params: unknown };

/** An error that crossed the boundary. `code` is stable; `remoteStack` is where it was thrown on the other side. */
export class RpcError extends Error {
  override readonly name: string = 'RpcError';
  constructor(
    readonly code: string,
    message: string,
    readonly data?: unknown,
    readonly remoteStack?: string,
  ) {
    super(message);
  }
}

export const CANCELLED = 'cancelled';
export const DISPOSED = 'disposed';

export function isCancelled(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as { code?: unknown }).code === CANCELLED);
}

interface Pending {
  method: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
  progress?(value: unknown): void;
}

export interface CallOptions<Progress> {
  signal?: AbortSignal;
  onProgress?(value: Progress): void;
}

/**
 * One end of a connection. `Local` is what this end answers, `Remote` what it may ask.
 * Results may name buffers to hand over without a copy by being wrapped with `transferring`.
 */
export class Rpc<Local extends Protocol, Remote extends Protocol> {
  readonly #transport: Transport;
  readonly #handlers: Handlers<Local>;
  readonly #notified: NotificationHandlers<Local>;
  readonly #pending = new Map<number, Pending>();
  readonly #running = new Map<number, AbortController>();
  readonly #stop: () => void;
  #nextId = 1;
  #disposed: RpcError | undefined;

  constructor(transport: Transport, handlers: Handlers<Local>, notified: NotificationHandlers<Local> = {}) {
    this.#transport = transport;
    this.#handlers = handlers;
    this.#notified = notified;
    this.#stop = transport.onMessage(message => this.#receive(message));
  }

  /** How many calls are under way in either direction. */
  get busy(): number {
    return this.#pending.size + this.#running.size;
  }

  /**
   * Asks the other end. Rejects with an `RpcError`: what the handler threw, `cancelled` when `signal` aborts,
   * or `disposed` when the connection goes away first.
   */
  call<M extends keyof Calls<Remote> & string>(
    method: M,
    params: ParamsOf<Remote, M>,
    options: CallOptions<ProgressOf<Remote, M>> = {},
  ): Promise<ResultOf<Remote, M>> {
    if (this.#disposed) return Promise.reject(this.#disposed);
    const { signal, onProgress } = options;
    if (signal?.aborted) return Promise.reject(new RpcError(CANCELLED, `${method} was cancelled`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const cancel = () => this.#post({ t: 'cancel', id });
      const settle = () => {
        this.#pending.delete(id);
        signal?.removeEventListener('abort', cancel);
      };
      this.#pending.set(id, {
        method,
        resolve: value => {
          settle();
          resolve(value as ResultOf<Remote, M>);
        },
        reject: error => {
          settle();
          reject(error);
        },
        progress: onProgress as Pending['progress'],
      });
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        this.#transport.send({ t: 'call', id, method, params });
      } catch (error) {
        this.#pending.get(id)?.reject(new RpcError('send-failed', `${method} could not be sent: ${String(error)}`));
      }
    });
  }

  /** Tells the other end something that needs no answer. */
  notify<N extends keyof Remote['notifications'] & string>(name: N, params: Remote['notifications'][N]): void {
    if (!this.#disposed) this.#post({ t: 'note', name, params });
  }

  /** Ends the connection: what waits here is rejected with `reason`, what runs here is aborted. */
  dispose(reason = 'the connection was closed'): void {
    if (this.#disposed) return;
    this.#disposed = new RpcError(DISPOSED, reason);
    this.#stop();
    for (const pending of [...this.#pending.values()]) pending.reject(this.#disposed);
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
  }

  #receive(raw: unknown): void {
    if (!isWireMessage(raw)) return;
    switch (raw.t) {
      case 'call':
        void this.#answer(raw.id, raw.method, raw.params);
        return;
      case 'cancel':
        this.#running.get(raw.id)?.abort();
        return;
      case 'ok':
        this.#pending.get(raw.id)?.resolve(raw.result);
        return;
      case 'err': {
        const { code, message, data, stack } = raw.error;
        this.#pending.get(raw.id)?.reject(new RpcError(code, message, data, stack));
        return;
      }
      case 'progress':
        this.#pending.get(raw.id)?.progress?.(raw.value);
        return;
      case 'note': {
        const own = Object.hasOwn(this.#notified, raw.name)
          ? this.#notified[raw.name as keyof Local['notifications']]
          : undefined;
        own?.(raw.params as never);
        return;
      }
    }
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      if (!Object.hasOwn(this.#handlers, method))
        throw new RpcError('unknown-method', `nothing here answers "${method}"`);
      const handler = this.#handlers[method as keyof Calls<Local>];
      const progress = (value: unknown) => {
        if (this.#running.has(id)) this.#post({ t: 'progress', id, value });
      };
      const result: unknown = await handler(params as never, { signal: controller.signal, progress } as never);
      const moved = result instanceof Transferring ? result : undefined;
      this.#post({ t: 'ok', id, result: moved ? moved.value : result }, moved?.buffers);
    } catch (error) {
      this.#post({ t: 'err', id, error: toWireError(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  #post(message: WireMessage, transfer?: readonly ArrayBuffer[]): void {
    if (this.#disposed) return;
    try {
      this.#transport.send(message, transfer);
    } catch (error) {
      // The other end is going away, or what is sent cannot be cloned: the caller must hear of the latter.
      if (message.t === 'err' && message.error.data !== undefined) {
        this.#post({ ...message, error: { ...message.error, data: undefined } });
      }
      if (message.t === 'ok') {
        this.#post({
          t: 'err',
          id: message.id,
          error: { code: 'send-failed', message: `the answer could not be sent: ${String(error)}` },
        });
      }
    }
  }
}

class Transferring {
  constructor(
    readonly value: unknown,
    readonly buffers: readonly ArrayBuffer[],
  ) {}
}

/** Marks buffers inside a result to be handed over instead of copied, where the transport can. */
export function transferring<T>(value: T, buffers: readonly ArrayBuffer[]): T {
  return new Transferring(value, buffers) as T;
}

export function toWireError(error: unknown): WireError {
  if (isCancelled(error)) return { code: CANCELLED, message: 'cancelled' };
  if (error instanceof Error) {
    const { code, data } = error as { code?: unknown; data?: unknown };
    return { code: typeof code === 'string' ? code : error.name, message: error.message, stack: error.stack, data };
  }
  return { code: 'Error', message: String(error) };
}

/** Everything inbound is checked: a webview's messages may come from anything that runs in it. */
export function isWireMessage(value: unknown): value is WireMessage {
  if (typeof value !== 'object' || value === null) return false;
  const m = value as Record<string, unknown>;
  const id = typeof m.id === 'number' && Number.isSafeInteger(m.id);
  switch (m.t) {
    case 'call':
      return id && typeof m.method === 'string';
    case 'ok':
    case 'progress':
    case 'cancel':
      return id;
    case 'err': {
      const e = m.error as Record<string, unknown> | null | undefined;
      return id && typeof e === 'object' && e !== null && typeof e.code === 'string' && typeof e.message === 'string';
    }
    case 'note':
      return typeof m.name === 'string';
    default:
      return false;
  }
}
