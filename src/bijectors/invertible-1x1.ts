import { pipe } from 'fp-ts/lib/function.js';
import { free } from '../algebra/cost.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { from, type Initializer, unitLowerTriangular, zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { range } from '../core/shape.ts';
import { matrixExponential, reflections, triangulate } from './matrix-functions.ts';
import { luFactors, reflectionVectors, rotation, skewSymmetric } from './rotation.ts';
import { channelsOf, onRows } from './rows.ts';

/** How the matrix of {@link invertible1x1} is written: see the table there. */
export type Parametrisation = 'lu' | 'plain' | 'qr' | 'exponential' | 'householder';

/** Options of {@link invertible1x1}. */
export interface Invertible1x1Options {
  readonly parametrisation?: Parametrisation;
  /** Which random rotation it starts from (and, for `lu`, which permutation stays). */
  readonly seed?: number;
}

/** A matrix W at work on rows `[pixels, C]`, each pixel z = W x. */
interface Mixing {
  readonly forward: (rows: Expr) => Expr;
  readonly backward: (rows: Expr) => Expr;
  /** log |det W|. */
  readonly logDet: Expr;
}

const through = (rows: Expr, matrix: Expr): Expr => o.matmul(rows, o.transpose(matrix));

const solveRows = (triangular: Expr, rows: Expr, options: { readonly lower: boolean; readonly unit?: boolean }): Expr =>
  o.transpose(o.triangularSolve(triangular, o.transpose(rows), options));

const square = (name: string, c: number, init: Initializer): Sc.Scoped<Expr> => Sc.parameter(name, [c, c], { init });

const matrixOf = (data: Float64Array, c: number): Initializer => from(o.constant(data, [c, c]));

/** Upper triangular with diagonal sign · e^{logScale}: what is above the diagonal, and the logarithms, are parameters. */
const upperTriangular = (
  c: number,
  start: Float64Array,
): Sc.Scoped<{ readonly upper: Expr; readonly logDet: Expr }> => {
  const diagonal = range(c).map((i) => start[i * c + i]);
  const signs = o.constant(diagonal.map((d) => (d < 0 ? -1 : 1)));
  return pipe(
    square('upper', c, matrixOf(start, c)),
    Sc.chain((free) =>
      pipe(
        Sc.parameter('logScale', [c], { init: from(o.constant(diagonal.map((d) => Math.log(Math.abs(d))))) }),
        Sc.map((s) => ({
          upper: o.add(o.triangle(free, false, true), o.mul(o.eye(c), o.reshape(o.mul(signs, o.exp(s)), [1, c]))),
          logDet: o.sum(s),
        })),
      ),
    ),
  );
};

const lu = (c: number, pixels: number, seed: number): Sc.Scoped<Mixing> => {
  const start = luFactors(rotation(seed, c), c);
  const order = o.constant(start.order, [c], 'int32');
  const back = o.constant(range(c).map((i) => start.order.indexOf(i)), [c], 'int32'); // biome-ignore format: one idea
  return pipe(
    Sc.parameter('lower', [c, c], { init: matrixOf(start.lower, c), constraint: unitLowerTriangular }),
    Sc.chain((lower) =>
      pipe(
        upperTriangular(c, start.upper),
        Sc.map(
          ({ upper, logDet }): Mixing => ({
            logDet,
            // W is formed once where there are pixels enough to pay for it; either way it is O(C²) a pixel.
            forward: (rows) =>
              pixels >= c
                ? through(rows, o.gather(o.matmul(lower, upper), back, 0))
                : o.gather(through(through(rows, upper), lower), back, 1),
            backward: (rows) =>
              solveRows(upper, solveRows(lower, o.gather(rows, order, 1), { lower: true, unit: true }), {
                lower: false,
              }),
          }),
        ),
      ),
    ),
  );
};

const plain = (c: number, _pixels: number, seed: number): Sc.Scoped<Mixing> =>
  pipe(
    square('weight', c, matrixOf(rotation(seed, c), c)),
    Sc.map(
      (w): Mixing => ({
        logDet: triangulate(w).logDet,
        forward: (rows) => through(rows, w),
        backward: (rows) => {
          const { upper, beside } = triangulate(w, o.eye(c));
          return solveRows(upper, through(rows, beside), { lower: false });
        },
      }),
    ),
  );

const qr = (c: number, _pixels: number, seed: number): Sc.Scoped<Mixing> =>
  pipe(
    square('reflections', c, matrixOf(reflectionVectors(seed, c), c)),
    Sc.chain((v) =>
      pipe(
        upperTriangular(
          c,
          Float64Array.from({ length: c * c }, (_, k) => (k % (c + 1) === 0 ? 1 : 0)),
        ),
        Sc.map(({ upper, logDet }): Mixing => {
          const q = reflections(v);
          return {
            logDet,
            forward: (rows) => through(through(rows, upper), q),
            backward: (rows) => solveRows(upper, o.matmul(rows, q), { lower: false }),
          };
        }),
      ),
    ),
  );

const exponential = (c: number, _pixels: number, seed: number): Sc.Scoped<Mixing> =>
  pipe(
    square('logarithm', c, matrixOf(skewSymmetric(seed, c), c)),
    Sc.map(
      (a): Mixing => ({
        logDet: o.sum(o.diagonal(a)),
        forward: (rows) => through(rows, matrixExponential(a)),
        backward: (rows) => through(rows, matrixExponential(o.neg(a))),
      }),
    ),
  );

const householder = (c: number, _pixels: number, seed: number): Sc.Scoped<Mixing> =>
  pipe(
    square('reflections', c, matrixOf(reflectionVectors(seed, c), c)),
    Sc.map((v): Mixing => {
      const q = reflections(v);
      return { logDet: o.scalar(0), forward: (rows) => through(rows, q), backward: (rows) => o.matmul(rows, q) };
    }),
  );

const mixings = { lu, plain, qr, exponential, householder } as const;

/**
 * Invertible 1×1 convolution (Kingma & Dhariwal 2018, arXiv:1807.03039, §3.2): one learned matrix W mixes the channels (last axis) of every pixel,
 *
 *     z = W x at each pixel        log |det ∂z/∂x| = (number of pixels) · log |det W|
 *
 * On a vector `[D]` it is a linear layer. It starts as a random rotation, by `seed`. How W is written is what a direction costs, beside C² a pixel:
 *
 * | parametrisation | W | log abs det W | encode | decode |
 * |---|---|---|---|---|
 * | `lu` (default) | P L U, P fixed, diagonal of U = ± e^{s} | Σ s | nothing | two triangular solves |
 * | `plain` | any matrix | Σ log of the diagonal of R, W = Q R | C³ once | C³ once, a triangular solve |
 * | `qr` (Hoogeboom et al. 2019, arXiv:1901.11137) | C reflections times R, diagonal ± e^{s} | Σ s | C³ once | C³ once, a triangular solve |
 * | `exponential` (Hoogeboom et al. 2020, arXiv:2006.01910) | e^{A} | tr A | C³ once | C³ once, e^{−A} |
 * | `householder` (Tomczak & Welling 2016, arXiv:1611.09630) | C reflections | 0 | C³ once | C³ once |
 *
 * "Once" is once for given parameters, whatever the number of pixels and examples. No direction inverts a matrix.
 * Throws `ArgumentError` where there is no such parametrisation or the seed is no integer and, in use, `ShapeError` for a scalar event.
 *
 * @example
 * compose(actNorm(), invertible1x1({ parametrisation: 'lu', seed: 3 }), affineCoupling())
 */
export const invertible1x1 = ({ parametrisation = 'lu', seed = 0 }: Invertible1x1Options = {}): Endo<'bijective'> => {
  if (!Object.hasOwn(mixings, parametrisation))
    return raise('ArgumentError', 'invertible1x1', 'there is no such parametrisation', {
      expected: `one of ${Object.keys(mixings).join(', ')}`,
      got: `${parametrisation}`,
    });
  if (!Number.isSafeInteger(seed))
    return raise('ArgumentError', 'invertible1x1', 'the seed must be an integer', { got: `${seed}` });
  const mixed = (x: Expr, direction: 'forward' | 'backward') => {
    const { channels, pixels } = channelsOf('invertible1x1', x.shape);
    return pipe(
      mixings[parametrisation](channels, pixels, seed),
      Sc.map((m) => ({ value: onRows(x, m[direction]), contribution: o.mul(pixels, m.logDet) })),
    );
  };
  return bijection({
    spec: { type: 'invertible1x1', parametrisation, seed },
    cost: free,
    encode: (x) => mixed(x, 'forward'),
    decode: (z) => mixed(z, 'backward'),
  });
};

/** A linear layer z = W x of vectors: {@link invertible1x1} under the name it has there. */
export const linear = (options: Invertible1x1Options = {}): Endo<'bijective'> => invertible1x1(options);

/** Options of {@link scaleTril}. */
export interface ScaleTrilOptions {
  /** A fixed lower triangular matrix by rows, its diagonal not 0; learned (positive diagonal, from the identity) where it is not given. */
  readonly matrix?: readonly (readonly number[])[];
}

/**
 * The triangular linear map x = L z on the last axis, as in a normal law with `scale_tril`: pushed through it, a standard normal law has covariance
 * L Lᵀ. Encoding is a triangular solve, decoding a product: both O(C²) a pixel.
 *
 *     z = L⁻¹ x        log |det ∂z/∂x| = −(number of pixels) · Σ log |Lᵢᵢ|
 *
 * Throws `ArgumentError` where the matrix is not lower triangular with a diagonal of finite numbers that are not 0 and, in use, `ShapeError` where
 * the event has another last axis.
 *
 * @example
 * pipe(standardNormal([2]), pushforward(scaleTril({ matrix: [[2, 0], [-1, 0.5]] })))
 */
export const scaleTril = ({ matrix }: ScaleTrilOptions = {}): Endo<'bijective'> => {
  if (matrix !== undefined) checkTriangular(matrix);
  const triangle = (c: number): Sc.Scoped<{ readonly l: Expr; readonly logDet: Expr }> => {
    if (matrix !== undefined)
      return matrix.length === c
        ? Sc.of({
            l: o.constant(matrix.flat(), [c, c]),
            logDet: o.scalar(matrix.reduce((sum, row, i) => sum + Math.log(Math.abs(row[i])), 0)),
          })
        : raise('ShapeError', '', 'scaleTril: the event has another last axis', {
            expected: `${matrix.length}`,
            got: `${c}`,
          });
    return pipe(
      square('lower', c, zeros),
      Sc.chain((free) =>
        pipe(
          Sc.parameter('logScale', [c], { init: zeros }),
          Sc.map((s) => ({
            l: o.add(o.triangle(free, true, true), o.mul(o.eye(c), o.reshape(o.exp(s), [1, c]))),
            logDet: o.sum(s),
          })),
        ),
      ),
    );
  };
  const mapped = (x: Expr, f: (l: Expr) => (rows: Expr) => Expr) => {
    const { channels, pixels } = channelsOf('scaleTril', x.shape);
    return pipe(
      triangle(channels),
      Sc.map(({ l, logDet }) => ({ value: onRows(x, f(l)), contribution: o.mul(-pixels, logDet) })),
    );
  };
  return bijection({
    spec: { type: 'scaleTril', ...(matrix === undefined ? {} : { matrix }) },
    cost: free,
    encode: (x) => mapped(x, (l) => (rows) => solveRows(l, rows, { lower: true })),
    decode: (z) => mapped(z, (l) => (rows) => through(rows, l)),
  });
};

const checkTriangular = (matrix: readonly (readonly number[])[]): void => {
  const n = matrix.length;
  if (n === 0 || matrix.some((row) => row.length !== n))
    raise('ArgumentError', 'scaleTril', 'the matrix is not square', { expected: 'n rows of n numbers', got: `rows of ${matrix.map((r) => r.length).join(', ')}` }); // biome-ignore format: one idea
  matrix.forEach((row, i) => {
    row.forEach((v, j) => {
      if (!Number.isFinite(v) || (j > i && v !== 0) || (j === i && v === 0))
        raise('ArgumentError', 'scaleTril', 'the matrix is not lower triangular with a diagonal that is not 0', {
          expected: j > i ? `0 at [${i}][${j}]` : `a finite number${i === j ? ' that is not 0' : ''} at [${i}][${j}]`,
          got: `${v}`,
        });
    });
  });
};
