/** Bridges of distributions: what annealing walks over, from a distribution that is known to one that is not. */
import { demand } from '../../algebra/demand.ts';
import { type AnyDist, type Dist, distribution } from '../../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../../algebra/evidence.ts';
import { type Facts, withFacts } from '../../algebra/facts.ts';
import type { Support } from '../../algebra/support.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';

/** Distributions f_β for β from 0, where f₀ is the density of `from`, to 1, where f₁ is the distribution in question. */
export interface Bridge<S extends Shape> {
  readonly from: Dist<S, Exact & Samples>;
  readonly at: (beta: Expr) => AnyDist;
}

/**
 * The geometric bridge log f_β = (1 − β) log p + β log f nats (Neal 2001; "annealed" where p is flat). `from` has no parameters of its own; its place
 * is `from`. Throws `ShapeError` where events differ.
 *
 * @example
 * geometricBridge({ from: normal([2], { scale: 3 }), to: energy([2]) })
 */
export const geometricBridge = <S extends Shape>({
  from,
  to,
}: {
  readonly from: Dist<S, Exact & Samples>;
  readonly to: Dist<S, Unnormalised>;
}): Bridge<S> => {
  const [known, dist] = [
    demand('geometricBridge', from, 'exactLogDensity', 'samples'),
    demand('geometricBridge', to, 'unnormalisedLogDensity') as AnyDist & { readonly support?: Support },
  ];
  if (!sameShape(known.shape, dist.shape))
    return raise('ShapeError', 'geometricBridge', 'the two distributions have events of different shapes', {
      expected: showShape(dist.shape),
      got: showShape(known.shape),
    });
  return {
    from,
    at: (beta) => {
      const between = distribution<Shape, Unnormalised>({
        shape: dist.shape,
        spec: { type: 'geometricBridge', opaque: 'the inverse temperature is an expression' },
        evidence: 'unnormalised',
        logDensity: (x) =>
          D.chain((a: Expr) => D.map((b: Expr) => o.add(o.mul(o.sub(1, beta), a), o.mul(beta, b)))(dist.logDensity(x)))(
            D.at('from', known.logDensity(x)),
          ),
      });
      return dist.support === undefined ? between : withFacts(between, { support: dist.support } as Facts<'support'>);
    },
  };
};
