import { parentPort, workerData } from 'node:worker_threads';
import { Agent, type AgentStart, type Phase } from './agent';

/** A worker thread: takes tasks of each phase until none are left, and says what it has. */
const agent = new Agent(workerData as AgentStart);
parentPort!.on('message', (phase: Phase) => {
  const result = agent.runAll(phase);
  parentPort!.postMessage(result, agent.transfers(result));
});
