import type { EpochPoint, HeldOutMeasure, Progress } from '../engine/api';
import { percent } from './tables';
import { checkpointLines } from './training-lines';

/** Progress on standard error: `report` as it comes, and in the end the epochs that it did not tell any more. */
export interface ProgressLines {
  report(progress: Progress): void;
  /** the whole course of a training that has ended */
  finish(history: readonly EpochPoint[], measure: HeldOutMeasure): void;
}

/**
 * One line that is written over on a terminal; a line a stage where standard error is a file. Of a training, on both, a line
 * an epoch that stays.
 */
export function progressLines(err: NodeJS.WritableStream): ProgressLines {
  const terminal = (err as { isTTY?: boolean }).isTTY === true;
  let last = '';
  let told = 0;
  let planned: number | undefined;
  const tell = (history: readonly EpochPoint[], measure: HeldOutMeasure): void => {
    for (const { epoch } of history.filter(point => point.epoch > told)) {
      const upTo = history.filter(point => point.epoch <= epoch);
      err.write(`${terminal ? '\r\u001b[K' : ''}${epochLine(upTo, measure, planned ?? history.length)}\n`);
      told = epoch;
    }
  };
  return {
    report({ stage, done, total, secondsLeft, training }) {
      const share = total > 0 ? `${done} of ${total}` : `${done}`;
      const left = secondsLeft === undefined ? '' : `, ${Math.ceil(secondsLeft)} s left`;
      if (!terminal && stage !== last) err.write(`${stage}: ${total > 0 ? total : '…'}\n`);
      if (training) {
        if (planned === undefined) {
          for (const line of checkpointLines(training)) err.write(`${terminal ? '\r\u001b[K' : ''}${line}\n`);
          // Those of before count for what is best, but were told then.
          told = training.resumedFrom ?? 0;
        }
        planned = training.epochs;
        tell(training.history, training.measure);
      }
      if (terminal) err.write(`\r\u001b[K${stage}: ${share}${left}${total > 0 && done >= total ? '\n' : ''}`);
      last = stage;
    },
    finish: tell,
  };
}

/** `epoch 3 of 20: loss 0.2345, held-out MAP@R 41.2 %, best 43.0 % (epoch 2)` of the last of some epochs. */
export function epochLine(history: readonly EpochPoint[], measure: HeldOutMeasure, epochs: number): string {
  const { epoch, loss, heldOut } = history.at(-1)!;
  let best: { epoch: number; heldOut: number } | undefined;
  for (const point of history) {
    if (point.heldOut !== undefined && (!best || point.heldOut > best.heldOut))
      best = { epoch: point.epoch, heldOut: point.heldOut };
  }
  return [
    `epoch ${epoch} of ${epochs}: loss ${loss.toPrecision(4)}`,
    ...(heldOut === undefined ? [] : [`held-out ${measure === 'auc' ? 'AUC' : 'MAP@R'} ${percent(heldOut)}`]),
    ...(best ? [`best ${percent(best.heldOut)} (epoch ${best.epoch})`] : []),
  ].join(', ');
}
