/** The probability that a thing with these features is of the first kind. */
export type Predictor = (features: Float64Array) => number;

/** Weight of the ridge against that of one example. */
const RIDGE = 0.01;
const STEPS = 30;

/**
 * Logistic regression on standardised features by Newton's method (iteratively reweighted least squares), with a ridge that
 * keeps what can be told apart without a fault, and features that say the same, finite.
 * @param rows at least one, all of one length
 */
export function logisticRegression(rows: readonly Float64Array[], isFirst: readonly boolean[]): Predictor {
  const width = rows[0].length;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (const row of rows) for (let j = 0; j < width; j++) mean[j] += row[j] / rows.length;
  for (const row of rows) for (let j = 0; j < width; j++) deviation[j] += (row[j] - mean[j]) ** 2 / rows.length;
  for (let j = 0; j < width; j++) deviation[j] = Math.sqrt(deviation[j]) || 1;
  const size = width + 1;
  const weights = new Float64Array(size);
  const standard = (row: Float64Array, j: number) => (j === width ? 1 : (row[j] - mean[j]) / deviation[j]);
  const predict: Predictor = row => {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += weights[j] * standard(row, j);
    return 1 / (1 + Math.exp(-sum));
  };
  const ridge = RIDGE * rows.length;
  for (let step = 0; step < STEPS; step++) {
    // One row an equation: the Hessian, and the gradient in the last column.
    const equations = Array.from({ length: size }, (_, j) => {
      const equation = new Float64Array(size + 1);
      equation[j] = ridge;
      equation[size] = j < width ? ridge * weights[j] : 0;
      return equation;
    });
    for (const [i, row] of rows.entries()) {
      const p = predict(row);
      const curvature = Math.max(1e-6, p * (1 - p));
      for (let j = 0; j < size; j++) {
        const value = standard(row, j);
        equations[j][size] += (p - Number(isFirst[i])) * value;
        for (let k = 0; k < size; k++) equations[j][k] += curvature * value * standard(row, k);
      }
    }
    const change = solve(equations);
    for (let j = 0; j < size; j++) weights[j] -= change[j];
    if (Math.hypot(...change) < 1e-6) break;
  }
  return predict;
}

/** Solves linear equations, the right side in their last column, by elimination. They are positive definite, so pivots are found in place. */
function solve(equations: Float64Array[]): number[] {
  const size = equations.length;
  for (let i = 0; i < size; i++) {
    for (let row = 0; row < size; row++) {
      if (row === i) continue;
      const factor = equations[row][i] / equations[i][i];
      for (let k = i; k <= size; k++) equations[row][k] -= factor * equations[i][k];
    }
  }
  return equations.map((equation, i) => equation[size] / equation[i]);
}
