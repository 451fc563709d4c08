/** What a sampler does on its way: the states between noise and data, for pictures and for those who want to look. */
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { scanRandom } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import type { Denoiser } from './denoiser.ts';
import { type Grid, timesOf } from './grid.ts';
import type { Terminal } from './process.ts';
import type { DiffusionSampler } from './sampler.ts';

/**
 * The states of a sampler at every time of its grid, `[n + 1, …]`: the draw from the prior first, the last time (whose noise is left in it) last. The
 * same noise as `sampleWith`'s. One loop.
 *
 * @example
 * const path = trajectory(ddim(), logSnrGrid(20))(exactDenoiser(vp(), normal([2], { scale: 0.5 })));
 */
export const trajectory =
  <T extends Terminal>(sampler: DiffusionSampler<T>, grid: Grid) =>
  (denoiser: Denoiser<Shape, T>): D.Draw<Expr> =>
    D.chain(
      (start: Expr): D.Draw<Expr> =>
        (scope) =>
        (cursor) => {
          const times = timesOf(grid, denoiser.process);
          const n = times.length - 1;
          const memory = sampler.memory(start);
          const names = Object.keys(memory).sort();
          const step = sampler.step(denoiser);
          const [out, next] = scanRandom({
            length: n,
            init: [start, ...names.map((k) => memory[k])],
            xs: [o.constant(times.slice(0, n)), o.constant(times.slice(1))],
            body:
              ([x, ...kept], [from, to]) =>
              (c) => {
                const state = { x, memory: Object.fromEntries(names.map((k, i) => [k, kept[i]])) };
                const [after, rest] = step(state, from, to)(scope)(c);
                return [{ carry: [after.x, ...names.map((k) => after.memory[k])], ys: [after.x] }, rest];
              },
          })(cursor);
          return [o.concat([o.reshape(start, [1, ...start.shape]), out.ys[0]], 0), next];
        },
    )(D.forked(denoiser.process.prior(denoiser.shape).sample));
