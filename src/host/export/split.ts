/** `0.8, 0.1, 0.1` (or in percent, `80, 10, 10`) as shares, or undefined where they are not one to three that add up to 1. */
export function parseSplit(text: string): number[] | undefined {
  const parts = text
    .split(/[,;/\s]+/)
    .filter(part => part !== '')
    .map(Number);
  if (parts.length < 1 || parts.length > 3 || parts.some(part => !(part > 0))) return undefined;
  const sum = parts.reduce((total, part) => total + part, 0);
  const whole = Math.abs(sum - 100) < 1e-6 ? 100 : 1;
  return Math.abs(sum - whole) < 1e-6 * whole ? parts.map(part => part / whole) : undefined;
}
