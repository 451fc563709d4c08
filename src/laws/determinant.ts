/** Determinants on the host, for checking log-dets against Jacobians. */

/**
 * log |det A| of a row-major n × n matrix by LU decomposition with partial pivoting; −∞ for a singular matrix. Cost: O(n³).
 *
 * @example
 * logAbsDet([2, 0, 0, 3], 2);   // log 6 = 1.792
 */
export const logAbsDet = (values: ArrayLike<number>, n: number): number => {
  const a = Float64Array.from(values);
  let total = 0;
  for (let k = 0; k < n; k++) {
    let p = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[p * n + k])) p = i;
    const pivot = a[p * n + k];
    if (pivot === 0) return Number.NEGATIVE_INFINITY;
    for (let j = 0; j < n; j++) [a[k * n + j], a[p * n + j]] = [a[p * n + j], a[k * n + j]];
    total += Math.log(Math.abs(pivot));
    for (let i = k + 1; i < n; i++) {
      const f = a[i * n + k] / pivot;
      if (f !== 0) for (let j = k; j < n; j++) a[i * n + j] -= f * a[k * n + j];
    }
  }
  return total;
};

/**
 * ½ log det JᵀJ of a row-major m × n Jacobian, m ≥ n: the log-volume element of an injective map, log |det J| where m = n. Cost: O(m n² + n³).
 *
 * @example
 * logVolume([3, 4], 2, 1);   // log 5 = 1.609
 */
export const logVolume = (j: ArrayLike<number>, m: number, n: number): number => {
  if (m === n) return logAbsDet(j, n);
  const gram = Float64Array.from({ length: n * n }, (_, k) => {
    let s = 0;
    for (let r = 0; r < m; r++) s += j[r * n + Math.floor(k / n)] * j[r * n + (k % n)];
    return s;
  });
  return 0.5 * logAbsDet(gram, n);
};
