import { pipe } from 'fp-ts/lib/function.js';
import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { integer, oneOf } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { from, type Initializer, unitLowerTriangular } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { range } from '../core/shape.ts';
import { matrixExponential, reflections, triangulate } from './matrix-functions.ts';
import { reflectionVectors, rotation, rotationFactors, skewSymmetric } from './rotation.ts';
import { channelsOf, onRows, solveRows, through } from './rows.ts';

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

const square = (name: string, c: number, init: Initializer): Sc.Scoped<Expr> =>
  Sc.parameter(name, [c, c], { init, kind: 'weight' });

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
        Sc.parameter('logScale', [c], {
          init: from(o.constant(diagonal.map((d) => Math.log(Math.abs(d))))),
          kind: 'scale',
        }),
        Sc.map((s) => ({
          upper: o.add(o.triangle(free, false, true), o.mul(o.eye(c), o.reshape(o.mul(signs, o.exp(s)), [1, c]))),
          logDet: o.sum(s),
        })),
      ),
    ),
  );
};

const lu = (c: number, pixels: number, seed: number): Sc.Scoped<Mixing> => {
  const start = rotationFactors(seed, c);
  const order = o.constant(start.order, [c], 'int32');
  const back = o.constant(range(c).map((i) => start.order.indexOf(i)), [c], 'int32'); // biome-ignore format: one idea
  return pipe(
    Sc.parameter('lower', [c, c], { init: matrixOf(start.lower, c), constraint: unitLowerTriangular, kind: 'weight' }),
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
export const invertible1x1 = define(
  layerKind,
  {
    type: 'invertible1x1',
    about: 'A learned invertible matrix over channels.',
    optional: { parametrisation: oneOf(['lu', 'plain', 'qr', 'exponential', 'householder']), seed: integer },
    examples: [
      {},
      ...['plain', 'qr', 'exponential', 'householder'].map((parametrisation, seed) => ({ parametrisation, seed })),
    ],
  },
  ({ parametrisation = 'lu', seed = 0 }: Invertible1x1Options = {}): Endo<'bijective'> => {
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
  },
);

/**
 * A linear layer z = W x of vectors: {@link invertible1x1} under the name it has there.
 *
 * @example
 * linear({ parametrisation: 'qr' });
 */
export const linear = (options: Invertible1x1Options = {}): Endo<'bijective'> => invertible1x1(options);
