import { mapKind } from '../../algebra/kinds.ts';
import { positiveInteger, positiveNumber } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import * as Sc from '../../core/scope.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Mapped, ScalarMap } from './scalar-map.ts';

/** Options of {@link splineMap}. */
export interface SplineOptions {
  /** Bins, 2 or more; default 8. */
  readonly bins?: number;
  /** The spline acts on (−bound, bound); beyond, the map is the identity. Standardised data fit the default, 4. */
  readonly bound?: number;
  /** Least width of a bin, as a share of the box; default 1e-3. */
  readonly minWidth?: number;
  /** Least height of a bin, as a share of the box; default 1e-3. */
  readonly minHeight?: number;
  /** Least slope at a knot, below 1; default 1e-3. */
  readonly minSlope?: number;
}

/** The bin that each number fell into: its lower left corner, size, and slopes at both ends. All `[n, 1]`. */
interface Bin {
  readonly x0: Expr;
  readonly width: Expr;
  readonly y0: Expr;
  readonly height: Expr;
  readonly left: Expr;
  readonly right: Expr;
}

/** Options of splines as JSON. */
export const splineFields = {
  bins: positiveInteger,
  bound: positiveNumber,
  minWidth: positiveNumber,
  minHeight: positiveNumber,
  minSlope: positiveNumber,
};

/** Σᵢ≤ⱼ of the first bins − 1 of `bins` numbers, by one matrix product. */
const runningSums = (bins: number): Expr =>
  o.constant(
    Float64Array.from({ length: bins * (bins - 1) }, (_, k) => (Math.floor(k / (bins - 1)) <= k % (bins - 1) ? 1 : 0)),
    [bins, bins - 1],
  );

/** softplus⁻¹(1 − minSlope): what makes a slope of 1 from raw = 0. */
const slopeOffset = (minSlope: number): number => Math.log(Math.expm1(1 - minSlope));

const checked = ({
  bins = 8,
  bound = 4,
  minWidth = 1e-3,
  minHeight = 1e-3,
  minSlope = 1e-3,
}: SplineOptions): Required<SplineOptions> => {
  const refuse = (what: string, expected: string, got: number): never =>
    raise('ArgumentError', 'splineMap', what, { expected, got: `${got}` });
  if (!(Number.isInteger(bins) && bins >= 2)) return refuse('too few bins', 'bins = 2, 3, …', bins);
  if (!(Number.isFinite(bound) && bound > 0)) return refuse('not a box', 'bound > 0', bound);
  if (!(minWidth > 0 && minWidth * bins < 1)) return refuse('minWidth is out of range', '0 < minWidth < 1 / bins', minWidth); // biome-ignore format: one idea
  if (!(minHeight > 0 && minHeight * bins < 1)) return refuse('minHeight is out of range', '0 < minHeight < 1 / bins', minHeight); // biome-ignore format: one idea
  if (!(minSlope > 0 && minSlope < 1)) return refuse('minSlope is out of range', '0 < minSlope < 1', minSlope);
  return { bins, bound, minWidth, minHeight, minSlope };
};

/**
 * Monotone rational-quadratic spline with identity tails (Durkan et al. 2019, arXiv:1906.04032). Between knots (x₀, y₀) and (x₀ + w, y₀ + h) with
 * slopes δ₀, δ₁ there, and with s = h / w, θ = (x − x₀) / w:
 *
 *     z = y₀ + h (s θ² + δ₀ θ (1 − θ)) / (s + (δ₁ + δ₀ − 2s) θ (1 − θ))
 *     ∂z/∂x = s² (δ₁ θ² + 2 s θ (1 − θ) + δ₀ (1 − θ)²) / (s + (δ₁ + δ₀ − 2s) θ (1 − θ))²
 *
 * `raw` holds bins widths and heights (by softmax, each at least its minimum) and bins − 1 inner slopes (by softplus); the slopes at ±bound are 1, so
 * the map is C¹. raw = 0 is the identity. Both directions are closed: the inverse is the root 2c / (−b − √(b² − 4ac)) of a quadratic, the form
 * that never cancels. Bins are found by comparisons and read by one masked sum for all that is needed of them, on one axis: a few large
 * operations, none of which loops. Throws `ArgumentError` where an option is out of range.
 *
 * @example
 * coupling(splineMap({ bins: 8, bound: 4 }))
 */
export const splineMap = define(
  mapKind,
  {
    type: 'splineMap',
    about: 'A rational-quadratic spline.',
    optional: splineFields,
    examples: [
      { bins: 4, bound: 3 },
      { bins: 3, bound: 2, minWidth: 0.01, minHeight: 0.01, minSlope: 0.01 },
    ],
  },
  (options: SplineOptions = {}): ScalarMap => {
    const { bins, bound, minWidth, minHeight, minSlope } = checked(options);
    const box = 2 * bound;
    const least = o.constant([box * minWidth, box * minHeight], [1, 2, 1]);
    const rest = o.constant([box * (1 - minWidth * bins), box * (1 - minHeight * bins)], [1, 2, 1]);
    const sums = runningSums(bins);
    // Truths about knots as truths about bins, by products with 0 and ±1: exact, and a fraction of the time that runtimes take to pad short rows.
    const bidiagonal = (here: number, next: number): Expr =>
      o.constant(
        Float64Array.from({ length: bins * (bins - 1) }, (_, k) => {
          const ahead = (k % bins) - Math.floor(k / bins);
          return ahead === 0 ? here : ahead === 1 ? next : 0;
        }),
        [bins - 1, bins],
      );
    const first = Float64Array.from({ length: bins }, (_, i) => (i === 0 ? 1 : 0));

    /** The bin in which `at` (`[n, 1]`, inside the box) lies, by its place on the axis of widths (0) or of heights (1). */
    const binOf = (raw: Expr, at: Expr, axis: 0 | 1): Bin => {
      const n = at.shape[0];
      // Bins last: reductions and the product for the knots then run along memory.
      const rows = o.transpose(o.reshape(raw, [3 * bins - 1, n]));
      const free = o.reshape(o.sliceAxis(rows, 1, 0, 2 * bins), [n, 2, bins]);
      const weights = o.exp(o.sub(free, o.restoreAxes(o.stopGradient(o.reduceMax(free, 2)), free, 2)));
      const sizes = o.add(o.mul(weights, o.div(rest, o.expandDims(o.sum(weights, 2), 2))), least);
      const along = o.reshape(o.sliceAxis(sizes, 1, axis, axis + 1), [n, bins]);
      const knots = o.matmul(o.stopGradient(along), sums);
      const beyond = o.cast(o.lessEqual(knots, o.add(o.stopGradient(at), bound)), 'real');
      // `passed` has a 1 for every bin left behind, `here` for the one that it is in.
      const passed = o.matmul(beyond, bidiagonal(1, 0));
      const here = o.add(o.matmul(beyond, bidiagonal(-1, 1)), o.broadcastTo(o.constant(first, [1, bins]), [n, bins]));
      const slopes = o.sliceAxis(rows, 1, 2 * bins, 3 * bins - 1);
      const edge = o.broadcastTo(0, [n, 1]);
      // Widths, heights, slopes at the left ends, slopes at the right ends: four rows of `bins`.
      const all = o.reshape(o.concat([o.reshape(sizes, [n, 2 * bins]), edge, slopes, slopes, edge], 1), [n, 4, bins]);
      const inside = o.sum(o.mul(all, o.expandDims(here, 1)), 2);
      const before = o.sub(o.sum(o.mul(sizes, o.expandDims(passed, 1)), 2), bound);
      const column = (m: Expr, i: number): Expr => o.sliceAxis(m, 1, i, i + 1);
      const bent = o.add(o.softplus(o.add(o.sliceAxis(inside, 1, 2, 4), slopeOffset(minSlope))), minSlope);
      return {
        x0: column(before, 0),
        y0: column(before, 1),
        width: column(inside, 0),
        height: column(inside, 1),
        left: column(bent, 0),
        right: column(bent, 1),
      };
    };

    const at = (x: Expr, raw: Expr, axis: 0 | 1, inBin: (bin: Bin, u: Expr) => Mapped): Mapped => {
      const inside = o.and(o.less(-bound, x), o.less(x, bound));
      const flat = o.reshape(o.where(inside, x, 0), [sizeOf(x.shape), 1]);
      const { value, logSlope } = inBin(binOf(raw, flat, axis), flat);
      return {
        value: o.where(inside, o.reshape(value, x.shape), x),
        logSlope: o.where(inside, o.reshape(logSlope, x.shape), 0),
      };
    };
    const clipped = (theta: Expr): Expr => o.min(o.max(theta, 0), 1);

    /** What θ determines, with q = θ (1 − θ). */
    const curve = ({ width, height, left, right }: Bin, theta: Expr) => {
      const s = o.div(height, width);
      const q = o.mul(theta, o.sub(1, theta));
      const below = o.add(s, o.mul(o.sub(o.add(left, right), o.mul(2, s)), q));
      const steep = o.add(
        o.add(o.mul(right, o.square(theta)), o.mul(o.mul(2, s), q)),
        o.mul(left, o.square(o.sub(1, theta))),
      );
      return { s, q, below, logSlope: o.add(o.mul(2, o.log(o.div(s, below))), o.log(steep)) };
    };

    return {
      spec: { type: 'splineMap', bins, bound, minWidth, minHeight, minSlope },
      width: 3 * bins - 1,
      encode: (x, raw) =>
        Sc.of(
          at(x, raw, 0, (bin, u) => {
            const theta = clipped(o.div(o.sub(u, bin.x0), bin.width));
            const { s, q, below, logSlope } = curve(bin, theta);
            const above = o.mul(bin.height, o.add(o.mul(s, o.square(theta)), o.mul(bin.left, q)));
            return { value: o.add(bin.y0, o.div(above, below)), logSlope };
          }),
        ),
      decode: (z, raw) =>
        Sc.of(
          at(z, raw, 1, (bin, u) => {
            const s = o.div(bin.height, bin.width);
            const up = o.sub(u, bin.y0);
            const bend = o.mul(up, o.sub(o.add(bin.left, bin.right), o.mul(2, s)));
            const a = o.add(o.mul(bin.height, o.sub(s, bin.left)), bend);
            const b = o.sub(o.mul(bin.height, bin.left), bend);
            const c = o.neg(o.mul(s, up));
            const discriminant = o.max(o.sub(o.square(b), o.mul(4, o.mul(a, c))), 1e-30);
            const theta = clipped(o.div(o.mul(-2, c), o.add(b, o.sqrt(discriminant))));
            return { value: o.add(bin.x0, o.mul(bin.width, theta)), logSlope: curve(bin, theta).logSlope };
          }),
        ),
    };
  },
);
