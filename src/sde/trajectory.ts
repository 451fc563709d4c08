/** The trajectory of a sampler: its states between noise and data, for figures. */
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import type { Denoiser } from './denoiser.ts';
import { type Grid, timesOf } from './grid.ts';
import type { Terminal } from './process.ts';
import { type DiffusionSampler, walkFrom } from './sampler.ts';

/**
 * The states of a sampler at every time of its grid, `[n + 1, …event]`: the draw from the prior first, that of the last time (with its noise left in) last. The
 * noise is that of {@link sampleWith}. Cost: the evaluations of n steps in one loop. Throws `ArgumentError` where the grid does not fit the process.
 *
 * @example
 * const path = trajectory(ddim(), logSnrGrid(20))(exactDenoiser(vp(), normal([2], { scale: 0.5 })));
 */
export const trajectory =
  <T extends Terminal>(sampler: DiffusionSampler<T>, grid: Grid) =>
  (denoiser: Denoiser<Shape, T>): D.Draw<Expr> =>
    D.chain((start: Expr) => {
      const times = timesOf(grid, denoiser.process);
      const n = times.length - 1;
      const walk = walkFrom(sampler, denoiser, (x) => x);
      return D.map(({ kept: path }: { readonly kept: Expr }) =>
        o.concat([o.reshape(start, [1, ...start.shape]), path], 0),
      )(walk({ x: start, memory: sampler.memory(start) }, [o.constant(times.slice(0, n)), o.constant(times.slice(1))]));
    })(D.forked(denoiser.process.prior(denoiser.shape).sample));
