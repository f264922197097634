/** Where the ticks of an axis lie: round numbers that span what is shown. */
export interface Axis {
  low: number;
  high: number;
  ticks: number[];
}

/** Steps of 1, 2 or 5 times a power of ten, about `count` of them, from at or below `low` to at or above `high`. */
export function axis(low: number, high: number, count: number): Axis {
  const span = high - low;
  if (!(span > 0)) {
    const around = Math.abs(low) || 1;
    return axis(low - around / 2, low + around / 2, count);
  }
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(size => size * count >= span * 0.999) ?? 10 * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { low: ticks[0]!, high: ticks.at(-1)!, ticks };
}

/** Whole numbers for an axis of epochs: 1, the last, and round ones between. */
export function epochTicks(last: number, count: number): number[] {
  if (last <= count) return Array.from({ length: last }, (_, i) => i + 1);
  const step = Math.max(1, axis(0, last, count).ticks[1]!);
  const ticks = [1];
  for (let epoch = step; epoch <= last; epoch += step) if (epoch > 1) ticks.push(epoch);
  return ticks;
}

/** A share of the way from `low` to `high`. */
export function position(value: number, low: number, high: number): number {
  return high > low ? (value - low) / (high - low) : 0.5;
}
