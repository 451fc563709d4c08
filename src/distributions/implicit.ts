import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Samples } from '../algebra/evidence.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import type { Network } from '../nn/network.ts';

/**
 * The distribution of g(z), z from a base distribution, g any network: an implicit model (Mohamed & Lakshminarayanan 2017, arXiv:1610.03483), the generator of an adversarial game
 * (Goodfellow et al. 2014, arXiv:1406.2661). It can be sampled and has no density, and its type says so. Parameters of the network stand at `generator`, those of
 * the base at `base`; buffers in the network (statistics of `batchNormalised`) stand beside them, so `run(dist, fitted.parameters, backend).sample` uses them
 * as training left them. `shape` is that of an event. Cost of a sample: that of the base and of the network.
 *
 * @example
 * const generator = implicit([2], standardNormal([8]), mlp([64, 64], { zeroLast: false }));
 */
export const implicit = <const S extends Shape>(
  shape: S,
  base: Dist<Shape, Samples>,
  network: Network,
): Dist<S, Samples> =>
  distribution<S, Samples>({
    shape,
    spec: { type: 'implicit', shape, base: base.spec, network: network.spec },
    evidence: 'none',
    logDensity: () =>
      raise('ArgumentError', 'implicit', 'an implicit distribution has no density', {
        expected: 'pushforward of a bijection, or a game against a critic',
        got: `a sampler through ${network.spec.type}`,
      }),
    sample: pipe(
      D.at('base', base.sample),
      D.chain((z: Expr) => D.fromScoped(Sc.at('generator', network.apply(z, shape)))),
    ),
  });
