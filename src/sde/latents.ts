/** What a deterministic sampler makes of data: their latents, back, and between two of them. */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import type { Denoiser } from './denoiser.ts';
import { type Grid, timesOf } from './grid.ts';
import type { Terminal } from './process.ts';
import { type DiffusionSampler, type SamplerState, stepsFrom } from './sampler.ts';

const along =
  <T extends Terminal>(owner: string, sampler: DiffusionSampler<T>, denoiser: Denoiser<Shape, T>) =>
  (x: Expr, times: readonly number[]): D.Draw<Expr> => {
    if (!sampler.reversible)
      return raise('ArgumentError', owner, 'this sampler cannot be followed from data to noise', {
        expected: 'a method that draws no noise and keeps no memory: ddim(), edmHeun(), flowSampler()',
        got: sampler.spec.type,
      });
    return D.map((state: SamplerState) => state.x)(
      stepsFrom(sampler, denoiser)({ x, memory: sampler.memory(x) }, [
        o.constant(times.slice(0, -1)),
        o.constant(times.slice(1)),
      ]),
    );
  };

/**
 * The latent of an event, of its shape: a deterministic sampler followed from data to noise (Song, Meng & Ermon 2021, arXiv:2010.02502, §4.3). {@link
 * decodeWith} inverts it up to the error of the steps. Cost: the sampler's evaluations for each step. Throws `ArgumentError` for samplers that draw noise or
 * keep a memory, and where the grid does not fit the process.
 *
 * @example
 * encodeWith(ddim(), logSnrGrid(100))(exactDenoiser(vp(), normal([2])))(ops.input('x', [2]));
 */
export const encodeWith =
  <T extends Terminal>(sampler: DiffusionSampler<T>, grid: Grid) =>
  (denoiser: Denoiser<Shape, T>) =>
  (x: Expr): D.Draw<Expr> =>
    along('encodeWith', sampler, denoiser)(x, [...timesOf(grid, denoiser.process)].reverse());

/**
 * The event of a latent, of its shape: a deterministic sampler from noise to data, with the noise of the last time left in. It inverts {@link encodeWith} up to
 * the error of the steps. Cost: the sampler's evaluations for each step. Throws `ArgumentError` for samplers that draw noise or keep a memory, and where the
 * grid does not fit the process.
 *
 * @example
 * decodeWith(ddim(), logSnrGrid(100))(exactDenoiser(vp(), normal([2])))(ops.input('z', [2]));
 */
export const decodeWith =
  <T extends Terminal>(sampler: DiffusionSampler<T>, grid: Grid) =>
  (denoiser: Denoiser<Shape, T>) =>
  (z: Expr): D.Draw<Expr> =>
    along('decodeWith', sampler, denoiser)(z, timesOf(grid, denoiser.process));

/**
 * Spherical interpolation of two latents of one shape, sin((1 − w)θ)/sin θ · a + sin(wθ)/sin θ · b with θ the angle between them: it keeps the lengths that
 * normal latents have (Shoemake 1985; Song, Meng & Ermon 2021, arXiv:2010.02502, appendix D.5). `weight` w is a scalar: 0 gives `a`, 1 gives `b`. Between
 * parallel latents it is linear.
 *
 * @example
 * value(slerp(ops.constant([1, 0]), ops.constant([0, 1]), ops.scalar(0.5)));   // [0.707, 0.707]
 */
export const slerp = (a: Expr, b: Expr, weight: Expr): Expr => {
  const cosine = o.div(o.dot(a, b), o.sqrt(o.mul(o.dot(a, a), o.dot(b, b))));
  const level = o.greater(o.abs(cosine), 0.9999);
  const inside = o.where(level, 0, cosine);
  const angle = o.sub(Math.PI / 2, o.atan(o.div(inside, o.sqrt(o.sub(1, o.square(inside))))));
  const part = (w: Expr): Expr => o.where(level, w, o.div(o.sin(o.mul(w, angle)), o.sin(angle)));
  return o.add(o.mul(part(o.sub(1, weight)), a), o.mul(part(weight), b));
};

/**
 * Events between two events: their latents ({@link encodeWith}) are interpolated by {@link slerp} and decoded, one for each weight, giving `[weights, …event]`.
 * Cost: the runs of two encodings and of one decoding for each weight. Throws `ArgumentError` for samplers that draw noise or keep a memory.
 *
 * @example
 * interpolateWith(ddim(), logSnrGrid(50))(exactDenoiser(vp(), normal([2])))([0, 0.5, 1])(ops.input('a', [2]), ops.input('b', [2]));
 */
export const interpolateWith =
  <T extends Terminal>(sampler: DiffusionSampler<T>, grid: Grid) =>
  (denoiser: Denoiser<Shape, T>) =>
  (weights: readonly number[]) =>
  (a: Expr, b: Expr): D.Draw<Expr> =>
    pipe(
      encodeWith(sampler, grid)(denoiser)(a),
      D.chain((za) =>
        D.chain((zb: Expr) =>
          weights.reduce<D.Draw<readonly Expr[]>>(
            (sofar, w) =>
              D.chain((all: readonly Expr[]) =>
                D.map((x: Expr): readonly Expr[] => [...all, x])(
                  decodeWith(sampler, grid)(denoiser)(slerp(za, zb, o.scalar(w))),
                ),
              )(sofar),
            D.of([]),
          ),
        )(encodeWith(sampler, grid)(denoiser)(b)),
      ),
      D.map((all) => o.stack(all)),
    );
