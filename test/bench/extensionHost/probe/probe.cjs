'use strict';
// Lives in the same extension host as Margin and measures it from there: how long activation takes, and how long the event
// loop is ever held while a folder is embedded and mined.
const { writeFileSync } = require('node:fs');
const { clearInterval, setInterval } = require('node:timers');
const vscode = require('vscode');

const EVERY_MS = 1;

/**
 * Runs `work` and gives its time and, turn by turn of the event loop, how long the loop was held: by the clock, and by the
 * processor time of this thread. The clock counts what other programs take on a busy machine; processor time does not.
 */
async function measure(work) {
  const clock = [];
  const processor = [];
  let last = performance.now();
  let lastUsed = used();
  const timer = setInterval(() => {
    const now = performance.now();
    const nowUsed = used();
    clock.push(Math.max(0, now - last - EVERY_MS));
    processor.push(nowUsed - lastUsed);
    last = now;
    lastUsed = nowUsed;
  }, EVERY_MS);
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  clearInterval(timer);
  return { ms, turns: clock.length, clock: summary(clock), processor: summary(processor) };
}

/** Processor time of this thread, milliseconds. */
function used() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function summary(values) {
  const sorted = values.sort((a, b) => a - b);
  const at = share => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { max: at(1), p99: at(0.99), p50: at(0.5) };
}

module.exports.activate = context => {
  context.subscriptions.push(
    vscode.commands.registerCommand('marginProbe.run', async () => {
      const margin = vscode.extensions.getExtension('margin.margin');
      const idle = await measure(() => new Promise(resolve => setTimeout(resolve, 5000)));
      const wasActive = margin.isActive;
      const started = performance.now();
      const startedUsed = used();
      await margin.activate();
      const activation = { ms: performance.now() - started, processor: used() - startedUsed, wasActive };
      const mining = await measure(() => vscode.commands.executeCommand('margin.mineHardTriplets'));
      const again = await measure(() => vscode.commands.executeCommand('margin.mineHardTriplets'));
      writeFileSync(
        process.env.MARGIN_PROBE_OUT,
        JSON.stringify({ node: process.version, idle, activation, mining, again }),
      );
    }),
  );
};
