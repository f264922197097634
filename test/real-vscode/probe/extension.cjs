// @ts-check
'use strict';
// Measures the extension host from inside: what Margin loads, and whether anything holds the event loop.
// Reports go to the file that MARGIN_PROBE names.
const { readFileSync, writeFileSync } = require('node:fs');
const vscode = require('vscode');

const TICK_MS = 5;

/** @type {{ nativeModules?: string[], ticks: number, overTicks: number, longestMs: number, longestCpuMs: number, worst: { ms: number, cpuMs: number, atMs: number }[] }} */
const report = { ticks: 0, overTicks: 0, longestMs: 0, longestCpuMs: 0, worst: [] };
/** @type {NodeJS.Timeout | undefined} */
let timer;

/** Milliseconds of processor time of this thread: what a gap cost us, however busy the machine is with others. */
function cpu() {
  // @ts-expect-error since Node 23.9, newer than the types here
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function watch() {
  const started = performance.now();
  let last = started;
  let lastCpu = cpu();
  const tick = () => {
    const now = performance.now();
    const nowCpu = cpu();
    const late = now - last - TICK_MS;
    const used = nowCpu - lastCpu;
    report.ticks++;
    report.longestMs = Math.max(report.longestMs, late);
    // A gap holds the loop only as far as this thread was computing in it; else the machine had other things to do.
    const held = Math.min(late, used);
    report.longestCpuMs = Math.max(report.longestCpuMs, held);
    if (late > 50) report.overTicks++;
    if (late > 25) report.worst.push({ ms: late, cpuMs: used, atMs: now - started });
    last = performance.now();
    lastCpu = cpu();
    timer = setTimeout(tick, TICK_MS);
  };
  timer = setTimeout(tick, TICK_MS);
}

/** @param {import('vscode').ExtensionContext} context */
module.exports.activate = context => {
  const save = () => writeFileSync(/** @type {string} */ (process.env.MARGIN_PROBE), JSON.stringify(report, null, 1));
  context.subscriptions.push(
    vscode.commands.registerCommand('probe.activate', async () => {
      const margin = vscode.extensions.all.find(({ packageJSON }) => packageJSON.name === 'margin');
      if (!margin || margin.isActive) throw new Error(margin ? 'Margin is active already' : 'Margin is not installed');
      await margin.activate();
      // Every file that is mapped as code into this process, out of Margin's folder: native modules would be here.
      const mapped = readFileSync('/proc/self/maps', 'utf8')
        .split('\n')
        .map(line => line.split(/\s+/)[5] ?? '');
      report.nativeModules = [...new Set(mapped.filter(file => file.startsWith(margin.extensionPath)))];
      save();
    }),
    vscode.commands.registerCommand('probe.watch', watch),
    vscode.commands.registerCommand('probe.report', () => {
      clearTimeout(timer);
      report.worst.sort((a, b) => b.ms - a.ms).splice(20);
      save();
    }),
  );
};
