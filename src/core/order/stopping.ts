/** Logarithm of the gamma function for x > 0 (Lanczos, g = 7; Godfrey's coefficients), good to some 15 digits. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const c = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ]; // prettier-ignore
  const t = x + 6.5;
  let sum = c[0];
  for (let i = 1; i < c.length; i++) sum += c[i] / (x - 1 + i);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * The estimated chance that at least one of the next `next` answers changes anything: with s surprises among n recent
 * answers and Jeffreys' prior Beta(1/2, 1/2) on their rate, 1 - B(s + 1/2, n - s + 1/2 + next) / B(s + 1/2, n - s + 1/2),
 * the beta-binomial's. Older answers fade by half every `halfLife`: questions come best first, so the rate falls. They do
 * not fade faster, or the estimate could never get low: however long nothing changes, what is remembered of it is bounded.
 *
 * @param surprises in the order of answering: whether the answer said something else than the labels or the model did
 */
export function chanceOfChange(surprises: readonly boolean[], next = 100, halfLife = 300): number {
  let hits = 0;
  let misses = 0;
  const fade = 2 ** (-1 / halfLife);
  for (const surprise of surprises) {
    hits = hits * fade + Number(surprise);
    misses = misses * fade + Number(!surprise);
  }
  const a = hits + 0.5;
  const b = misses + 0.5;
  const none = logGamma(b + next) - logGamma(a + b + next) - logGamma(b) + logGamma(a + b);
  return 1 - Math.exp(Math.min(0, none));
}
