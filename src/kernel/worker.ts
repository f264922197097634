import { parentPort, workerData } from 'node:worker_threads';
import { Agent } from './agent';
import type { Phase } from './phases';
import type { AgentStart } from './thread';

/** A worker thread: takes tasks of each phase until none are left, and says what it has. */
const agent = new Agent(workerData as AgentStart);
parentPort!.on('message', (phase: Phase) => {
  const result = agent.runAll(phase);
  parentPort!.postMessage(result, agent.transfers(result));
});
