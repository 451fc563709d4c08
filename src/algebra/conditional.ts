/**
 * Conditional laws: conditioning is application. A conditional law is a function from a context to a law, together with its declaration; there are
 * no `conditional…` twins of layers or distributions.
 */
import type * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { calling, type Declaration, declare } from '../core/reading.ts';
import { owned, type Scoped } from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import type { Law, Scored } from './dist.ts';
import type { Spec } from './spec.ts';

/** A law over events of shape S for every context of shape C. Its parameters stand where it is applied. */
export interface Conditional<out C extends Shape, out S extends Shape> {
  readonly spec: Spec;
  readonly context: C;
  readonly event: S;
  readonly given: (context: Expr) => Scoped<Law>;
  /** Its identity, which copies of it carry: whose its parameters are. */
  readonly declaration?: Declaration | undefined;
}

/**
 * A conditional law of your own. `given` may make its law and layers anew for each context: they are parts of this one declaration, and read the same
 * parameters.
 */
export const conditional = <const C extends Shape, const S extends Shape>(
  options: Conditional<C, S>,
): Conditional<C, S> => {
  const declaration = declare('conditional', options.spec.type);
  return {
    ...options,
    declaration,
    given: (context) =>
      owned(
        declaration,
        calling(declaration, () => options.given(context)),
      ),
  };
};

const onLaw =
  <A>(part: Conditional<Shape, Shape>, context: Expr, f: (law: Law) => D.Draw<A>): D.Draw<A> =>
  (scope) =>
    f(part.given(context)(scope))(scope);

/** log p(x | c) in nats. */
export const logDensityGiven = (part: Conditional<Shape, Shape>, context: Expr, x: Expr): D.Draw<Expr> =>
  onLaw(part, context, (law) => law.logDensity(x));

/** A draw from p(x | c) with its log-density. */
export const sampleGiven = (part: Conditional<Shape, Shape>, context: Expr): D.Draw<Scored> =>
  onLaw(part, context, (law) => law.sampleAndLogDensity);
