/** Higham's gamma: the relative error of k rounded 32-bit operations in a row. */
export function roundingOf(k: number): number {
  const u = 2 ** -24;
  return (k * u) / (1 - k * u);
}
