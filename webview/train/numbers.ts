import type { EpochPoint, HeldOutMeasure, IntervalInfo } from '../../src/rpc/engine-protocol';
import { t } from '../ui/text';

export function percent(share: number, digits = 1): string {
  const value = (100 * share).toLocaleString(undefined, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return t('{0} %', value);
}

/** `(77.4 % to 84.6 %)` */
export function spanText({ low, high }: IntervalInfo): string {
  return t('({0} to {1})', percent(low), percent(high));
}

export function lossText(value: number): string {
  return value === 0 ? '0' : Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

export function durationText(seconds: number): string {
  if (seconds < 100) return t('{0} s', Math.round(seconds));
  if (seconds < 6000) return t('{0} min', Math.round(seconds / 60));
  return t('{0} h', (seconds / 3600).toFixed(1));
}

/** What each epoch is judged by. */
export function heldOutTitle(measure: HeldOutMeasure | undefined): string {
  return measure === 'auc' ? t('Held-out AUC') : t('Held-out MAP@R');
}

/** The epoch whose network is kept: the first with the best held-out figure, or the last where nothing is held out. */
export function bestEpoch(history: readonly EpochPoint[]): number | undefined {
  let best: EpochPoint | undefined;
  for (const point of history) {
    if (point.heldOut !== undefined && (best?.heldOut === undefined || point.heldOut > best.heldOut)) best = point;
  }
  return (best ?? history.at(-1))?.epoch;
}
