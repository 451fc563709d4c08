import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Unnormalised } from '../algebra/evidence.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';

/**
 * A product of experts: log p(x) = Σₖ log fₖ(x) − log Z nats, events any expert can veto (Hinton 2002, "Training products of experts by minimizing
 * contrastive divergence"). Experts are distributions known up to constants, exact ones among them; the product is known up to a constant whatever they are.
 * Expert k names its parameters at `experts/k`. An exact distribution times an energy is that distribution tilted: N(x) e^{−E(x)}. Throws `ArgumentError` for no
 * experts and for one whose density is a bound or an estimate, `ShapeError` where events differ. Cost: that of all experts.
 *
 * @example
 * const corner = productOfExperts([normal([2], { loc: [1, 0] }), normal([2], { loc: [0, 1], scale: 2 })]);   // normal again, up to a constant
 */
export const productOfExperts = <const S extends Shape>(
  experts: readonly Dist<S, Unnormalised>[],
): Dist<S, Unnormalised> => {
  if (experts.length === 0)
    return raise('ArgumentError', 'productOfExperts', 'there are no experts', { expected: 'one distribution or more' });
  const { shape } = experts[0];
  experts.forEach((e, k) => {
    if (!sameShape(e.shape, shape))
      raise('ShapeError', `productOfExperts/${k}`, 'experts have events of different shapes', {
        expected: showShape(shape),
        got: showShape(e.shape),
      });
    if (e.evidence !== 'exact' && e.evidence !== 'unnormalised')
      raise('ArgumentError', `productOfExperts/${k}`, 'a product needs the densities themselves, up to constants', {
        expected: 'evidence exact or unnormalised',
        got: `${e.spec.type}, of evidence ${e.evidence}`,
      });
  });
  return distribution<S, Unnormalised>({
    shape: shape as S,
    spec: { type: 'productOfExperts', experts: experts.map((e) => e.spec) },
    evidence: 'unnormalised',
    logDensity: (x) =>
      pipe(
        experts.reduce<D.Draw<readonly Expr[]>>(
          (all, e, k) =>
            pipe(
              all,
              D.chain((done) =>
                D.map((l: Expr): readonly Expr[] => [...done, l])(D.at(`experts/${k}`, e.logDensity(x))),
              ),
            ),
          D.of([]),
        ),
        D.map(o.addAll),
      ),
  });
};
