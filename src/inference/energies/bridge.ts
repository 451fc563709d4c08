/** Bridges of laws: what annealing walks over, from a law that is known to one that is not. */
import { demand } from '../../algebra/demand.ts';
import { type Dist, dist, type Law } from '../../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../../algebra/evidence.ts';
import { type Facts, withFacts } from '../../algebra/facts.ts';
import type { Support } from '../../algebra/support.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';

/** Laws f_β for β from 0, where f₀ is the density of `from`, to 1, where f₁ is the law in question. */
export interface Bridge<S extends Shape> {
  readonly from: Dist<S, Exact & Samples>;
  readonly at: (beta: Expr) => Law;
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
  const [known, law] = [
    demand('geometricBridge', from, 'exactLogDensity', 'samples'),
    demand('geometricBridge', to, 'unnormalisedLogDensity') as Law & { readonly support?: Support },
  ];
  if (!sameShape(known.shape, law.shape))
    return raise('ShapeError', 'geometricBridge', 'the two laws have events of different shapes', {
      expected: showShape(law.shape),
      got: showShape(known.shape),
    });
  return {
    from,
    at: (beta) => {
      const between = dist<Shape, Unnormalised>({
        shape: law.shape,
        spec: { type: 'geometricBridge', opaque: 'the inverse temperature is an expression' },
        evidence: 'unnormalised',
        logDensity: (x) =>
          D.chain((a: Expr) => D.map((b: Expr) => o.add(o.mul(o.sub(1, beta), a), o.mul(beta, b)))(law.logDensity(x)))(
            D.at('from', known.logDensity(x)),
          ),
      });
      return law.support === undefined ? between : withFacts(between, { support: law.support } as Facts<'support'>);
    },
  };
};
