/** Matrix products, triangular systems and convolutions in float64. */
import type { Conv2dAttributes } from '../../expr.ts';
import { sizeOf } from '../../shape.ts';
import type { Tensor, TensorData } from '../../tensor.ts';

/** `[…, m, k] × […, k, n]`. */
export const matmulInto = (a: Tensor, b: Tensor, out: TensorData): TensorData => {
  const [m, k] = a.shape.slice(-2);
  const n = b.shape[b.shape.length - 1];
  const batch = sizeOf(a.shape.slice(0, -2));
  for (let s = 0; s < batch; s++)
    for (let i = 0; i < m; i++) {
      const row = s * m * n + i * n;
      for (let l = 0; l < k; l++) {
        const x = a.data[s * m * k + i * k + l];
        const from = s * k * n + l * n;
        for (let j = 0; j < n; j++) out[row + j] += x * b.data[from + j];
      }
    }
  return out;
};

/** Substitution: X with op(A) X = B. */
export const triangularSolveInto = (
  a: Tensor,
  b: Tensor,
  { lower, unit, transpose }: { readonly lower: boolean; readonly unit: boolean; readonly transpose: boolean },
  out: TensorData,
): TensorData => {
  const [n, m] = b.shape.slice(-2);
  const batch = sizeOf(b.shape.slice(0, -2));
  const forward = lower !== transpose;
  for (let s = 0; s < batch; s++) {
    const at = (i: number, j: number): number => a.data[s * n * n + (transpose ? j * n + i : i * n + j)];
    for (let step = 0; step < n; step++) {
      const i = forward ? step : n - 1 - step;
      for (let c = 0; c < m; c++) {
        let sum = b.data[(s * n + i) * m + c];
        for (let j = forward ? 0 : i + 1; j < (forward ? i : n); j++) sum -= at(i, j) * out[(s * n + j) * m + c];
        out[(s * n + i) * m + c] = unit ? sum : sum / at(i, i);
      }
    }
  }
  return out;
};

/** Calls `f(x offset, w offset, y offset)` for every product of a convolution y = x ∗ w. */
const convolve = (
  x: readonly number[],
  w: readonly number[],
  y: readonly number[],
  { stride, padding, groups }: Conv2dAttributes,
  f: (x: number, w: number, y: number) => void,
): void => {
  const [n, c, h, wd] = x;
  const [oc, ic, kh, kw] = w;
  const [, , rows, columns] = y;
  const perGroup = oc / groups;
  for (let b = 0; b < n; b++)
    for (let o = 0; o < oc; o++) {
      const g = Math.floor(o / perGroup);
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++)
          for (let q = 0; q < ic; q++)
            for (let p = 0; p < kh; p++) {
              const xi = i * stride[0] + p - padding[0][0];
              if (xi < 0 || xi >= h) continue;
              for (let r = 0; r < kw; r++) {
                const xj = j * stride[1] + r - padding[1][0];
                if (xj < 0 || xj >= wd) continue;
                f(
                  ((b * c + g * ic + q) * h + xi) * wd + xj,
                  ((o * ic + q) * kh + p) * kw + r,
                  ((b * oc + o) * rows + i) * columns + j,
                );
              }
            }
    }
};

/** y = x ∗ w. */
export const conv2dInto = (
  x: Tensor,
  w: Tensor,
  shape: readonly number[],
  a: Conv2dAttributes,
  out: TensorData,
): TensorData => {
  convolve(x.shape, w.shape, shape, a, (i, k, j) => {
    out[j] += x.data[i] * w.data[k];
  });
  return out;
};

/** The gradient by x, of shape `shape`. */
export const conv2dInputInto = (
  g: Tensor,
  w: Tensor,
  shape: readonly number[],
  a: Conv2dAttributes,
  out: TensorData,
): TensorData => {
  convolve(shape, w.shape, g.shape, a, (i, k, j) => {
    out[i] += g.data[j] * w.data[k];
  });
  return out;
};

/** The gradient by w, of shape `shape`. */
export const conv2dKernelInto = (
  x: Tensor,
  g: Tensor,
  shape: readonly number[],
  a: Conv2dAttributes,
  out: TensorData,
): TensorData => {
  convolve(x.shape, shape, g.shape, a, (i, k, j) => {
    out[k] += g.data[j] * x.data[i];
  });
  return out;
};
