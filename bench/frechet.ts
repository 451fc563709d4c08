/** The Fréchet distance between two sets of feature vectors, seen as normal distributions: |m₁ − m₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½). */

type Matrix = readonly (readonly number[])[];

/** Mean and covariance of rows. */
export const moments = (rows: Matrix): { readonly mean: readonly number[]; readonly covariance: Matrix } => {
  const d = rows[0].length;
  const mean = Array.from({ length: d }, (_, j) => rows.reduce((a, r) => a + r[j], 0) / rows.length);
  const covariance = mean.map((_, i) =>
    mean.map((_, j) => rows.reduce((a, r) => a + (r[i] - mean[i]) * (r[j] - mean[j]), 0) / (rows.length - 1)),
  );
  return { mean, covariance };
};

/** Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations. */
const eigen = (symmetric: Matrix): { readonly values: number[]; readonly vectors: number[][] } => {
  const n = symmetric.length;
  const a = symmetric.map((r) => [...r]);
  const v: number[][] = a.map((_, i) => a.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p][q] ** 2;
    if (off < 1e-22) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[k][p], a[k][q]];
          a[k][p] = c * x - s * y;
          a[k][q] = s * x + c * y;
        }
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[p][k], a[q][k]];
          a[p][k] = c * x - s * y;
          a[q][k] = s * x + c * y;
          const [u, w] = [v[k][p], v[k][q]];
          v[k][p] = c * u - s * w;
          v[k][q] = s * u + c * w;
        }
      }
  }
  return { values: a.map((r, i) => r[i]), vectors: v };
};

const product = (a: Matrix, b: Matrix): number[][] =>
  a.map((r) => b[0].map((_, j) => r.reduce((s, x, k) => s + x * b[k][j], 0)));

/** The symmetric square root of a positive semi-definite matrix. */
const root = (m: Matrix): number[][] => {
  const { values, vectors } = eigen(m);
  const scaled = vectors.map((r) => r.map((x, k) => x * Math.sqrt(Math.max(0, values[k]))));
  return product(
    scaled,
    vectors[0].map((_, j) => vectors.map((r) => r[j])),
  );
};

/** The distance between two sets of rows. */
export const frechet = (first: Matrix, second: Matrix): number => {
  const [a, b] = [moments(first), moments(second)];
  const half = root(a.covariance);
  const cross = eigen(product(product(half, b.covariance), half)).values;
  const trace = (m: Matrix): number => m.reduce((s, r, i) => s + r[i], 0);
  return (
    a.mean.reduce((s, x, i) => s + (x - b.mean[i]) ** 2, 0) +
    trace(a.covariance) +
    trace(b.covariance) -
    2 * cross.reduce((s, x) => s + Math.sqrt(Math.max(0, x)), 0)
  );
};
