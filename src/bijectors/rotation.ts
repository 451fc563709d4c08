/** Random rotations and their LU factors on the host, in double precision: where linear layers start. The same for every machine and backend. */
import { foldIn, generator, keyOf } from '../core/prng.ts';
import { range } from '../core/shape.ts';

/** Standard normal numbers by seed and name. */
const normals = (seed: number, name: string, count: number): Float64Array => {
  const g = generator(foldIn(keyOf(seed), name));
  return Float64Array.from({ length: count }, () => g.normal());
};

/** n vectors for n reflections, `[n, n]` by rows. */
export const reflectionVectors = (seed: number, n: number): Float64Array => normals(seed, `reflections:${n}`, n * n);

/** A random skew-symmetric matrix `[n, n]`, entries N(0, 1/n): its exponential is a rotation. */
export const skewSymmetric = (seed: number, n: number): Float64Array => {
  const g = normals(seed, `skew:${n}`, n * n);
  const scale = 1 / Math.sqrt(2 * n);
  return Float64Array.from(g, (v, k) => scale * (v - g[(k % n) * n + Math.floor(k / n)]));
};

/** The product of reflections I − 2 v vᵀ / vᵀv along the rows of {@link reflectionVectors}: a random orthogonal matrix (Stewart 1980). */
export const rotation = (seed: number, n: number): Float64Array => {
  const vectors = reflectionVectors(seed, n);
  const q = Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
  for (let k = 0; k < n; k++) {
    const v = vectors.subarray(k * n, (k + 1) * n);
    const scale = 2 / v.reduce((s, a) => s + a * a, 0);
    for (let row = 0; row < n * n; row += n) {
      let dot = 0;
      for (let j = 0; j < n; j++) dot += q[row + j] * v[j];
      const along = scale * dot;
      for (let j = 0; j < n; j++) q[row + j] -= along * v[j];
    }
  }
  return q;
};

/** LU factors with partial pivoting: row `order[i]` of W is row i of L U. L is unit lower triangular; both are `[n, n]` by rows. */
export interface LuFactors {
  readonly order: readonly number[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** The LU factors of a regular matrix `[n, n]`. */
export const luFactors = (w: Float64Array, n: number): LuFactors => {
  const a = range(n).map((i) => w.slice(i * n, (i + 1) * n));
  const order = range(n);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i][k]) > Math.abs(a[pivot][k])) pivot = i;
    [a[k], a[pivot]] = [a[pivot], a[k]];
    [order[k], order[pivot]] = [order[pivot], order[k]];
    const from = a[k];
    for (let i = k + 1; i < n; i++) {
      const row = a[i];
      const factor = row[k] / from[k];
      row[k] = factor;
      for (let j = k + 1; j < n; j++) row[j] -= factor * from[j];
    }
  }
  const part = (keep: (i: number, j: number) => number): Float64Array =>
    Float64Array.from({ length: n * n }, (_, k) => keep(Math.floor(k / n), k % n));
  return {
    order,
    lower: part((i, j) => (i > j ? a[i][j] : i === j ? 1 : 0)),
    upper: part((i, j) => (i <= j ? a[i][j] : 0)),
  };
};

let last: { readonly seed: number; readonly n: number; readonly factors: LuFactors } | undefined;

/** The LU factors of {@link rotation}, O(n³). The last ones are remembered: the layers of a flow mostly start from the same. Not to be written to. */
export const rotationFactors = (seed: number, n: number): LuFactors => {
  if (last === undefined || last.seed !== seed || last.n !== n)
    last = { seed, n, factors: luFactors(rotation(seed, n), n) };
  return last.factors;
};
