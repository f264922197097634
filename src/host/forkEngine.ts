import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';

/**
 * Starts the engine's process. Structured-clone serialization carries typed arrays; `execArgv` is emptied so that the
 * extension host's own flags (an inspector's port) do not come along; under Electron the same binary must run as Node.
 */
export function forkEngine(entry: string): ChildProcess {
  return fork(entry, [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Images decode on libuv's threads: its default of four would leave a larger machine idle.
    env: { UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())), ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
}
