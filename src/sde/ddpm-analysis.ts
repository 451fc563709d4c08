/** Analyses of a reverse chain: its rate–distortion curve, and interpolations between two events. */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { vmapAll } from '../core/vectorize.ts';
import { type DdpmOptions, reverseFrom } from './ddpm.ts';
import { allTerms, dataScale, noised, priorTerm, type ReverseChain } from './ddpm-bound.ts';

/** A rate–distortion curve: after k = T, T−1, …, 0 steps have been sent, T + 1 points. */
export interface RateDistortion {
  /** Nats sent so far: L_T, then a term of the bound a step; the last is −(the bound). */
  readonly rate: Expr;
  /** Root mean squared error of the receiver's estimate x̂₀ at that point, in units of [−1, 1] (0 at the end). */
  readonly distortion: Expr;
}

/**
 * Rate and distortion of progressive coding (Ho et al. 2020, arXiv:2006.11239, §4.3, algorithms 3–4): sending x_T, then x_{T−1} …, then x₀ costs the terms of
 * the bound, and at x_k the receiver's estimate is x̂₀(x_k). `rate` is in nats, `distortion` a root mean squared error in units of [−1, 1]; both are `[T + 1]`.
 * Cost: T evaluations in one loop.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 3 });
 * const curve = draw.runDraw(rateDistortion(reverse)(ops.input('x', [2])));   // { rate, distortion }
 */
export const rateDistortion =
  (model: ReverseChain<Shape>, { levels }: Pick<DdpmOptions, 'levels'> = {}) =>
  (event: Expr): D.Draw<RateDistortion> => {
    const scale = dataScale(model.shape, levels);
    return pipe(
      allTerms(model, scale)(event),
      D.map(({ nats, squaredError }) => {
        const start = o.expandDims(priorTerm(model.chain, scale.toData(event)), 0);
        const rate = o.cumsum(o.concat([start, o.reverse(nats, 0)], 0));
        const rmse = o.sqrt(o.mul(1 / sizeOf(model.shape), o.reverse(squaredError, 0)));
        return { rate, distortion: o.concat([rmse, o.constant([0])], 0) };
      }),
    );
  };

/**
 * Interpolations between two events (Ho et al. 2020, arXiv:2006.11239, §4.3): both are noised to step k = `at` with the same noise, mixed, x_k = (1 − λ) x_k +
 * λ x′_k, and denoised with the same noise for every λ of `weights`, giving `[λs, …shape]`. A larger k changes more; λ outside [0, 1] extrapolates. Cost: k
 * evaluations of the denoiser for each λ.
 *
 * @example
 * const reverse = reverseChain(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { steps: 3 });
 * interpolated(reverse, { at: 2, weights: [0, 0.5, 1] })(ops.input('x', [2]), ops.input('y', [2]));
 */
export const interpolated =
  (
    model: ReverseChain<Shape>,
    { at, weights, levels }: { readonly at: number; readonly weights: readonly number[] } & Pick<DdpmOptions, 'levels'>,
  ) =>
  (first: Expr, second: Expr): D.Draw<Expr> =>
  (scope) => {
    const { toData } = dataScale(model.shape, levels);
    const index = o.scalar(at - 1, 'int32');
    return pipe(
      R.normal(model.shape),
      R.chain((noise) => {
        const [a, b] = [first, second].map((x) => noised(model.chain, toData(x), index, noise));
        // The reverse chain's noise is made outside of the map over λ, so all see the same.
        return (cursor) => {
          const one = (lambda: Expr): Expr =>
            reverseFrom(model, at, levels)(o.add(o.mul(o.sub(1, lambda), a), o.mul(lambda, b)))(scope)(cursor)[0];
          const [all] = vmapAll((lambda) => [one(lambda)])(o.constant(weights));
          return [all, R.fork(R.of(0))(cursor)[1]];
        };
      }),
    );
  };
