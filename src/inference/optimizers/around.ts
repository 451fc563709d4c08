/** An optimiser around another: coefficients and selectors one after the other, each part seeing its own. */
import type { Spec } from '../../algebra/spec.ts';
import type { Expr } from '../../core/expr.ts';
import type { Told } from '../schedule.ts';
import type { Selector } from '../selector.ts';
import type { Optimizer, OptimizerTransformation, Updated } from './optimizer.ts';

/** One part's share of what an update is given. */
export interface Share {
  readonly coefficients: readonly Expr[];
  readonly selected: readonly boolean[];
}

/** The inputs of an update besides its {@link Share}. */
export interface Given {
  readonly gradient: Expr;
  readonly parameters: Expr;
  readonly state: readonly Expr[];
}

/** The part that a transformation adds to an optimiser. */
export interface Addition {
  readonly spec: Spec;
  readonly coefficients: readonly string[];
  readonly at: (move: number, told?: Told) => readonly number[];
  readonly selectors: readonly Selector[];
  /** The update, with the inner optimiser's share and one's own. */
  readonly update: (given: Given, inner: Share, own: Share) => Updated;
}

/**
 * The inner optimiser with coefficients and selectors added after its own; `again` is the transformation itself, for the same at another rate.
 *
 * @example
 * const slices = pipe(adam(), decayed({ rate: 0.1 })).coefficients;   // adam's, then the decay's
 */
export const around = (inner: Optimizer, again: OptimizerTransformation, added: Addition): Optimizer => {
  const asked = inner.selectors ?? [];
  return {
    ...inner,
    ...rateAgain(inner, again),
    spec: added.spec,
    coefficients: [...inner.coefficients, ...added.coefficients],
    at: (move, told) => [...inner.at(move, told), ...added.at(move, told)],
    selectors: [...asked, ...added.selectors],
    update: (gradient, parameters, state, coefficients, selected) => {
      const [n, m] = [inner.coefficients.length, asked.length];
      return added.update(
        { gradient, parameters, state },
        { coefficients: coefficients.slice(0, n), selected: selected.slice(0, m) },
        { coefficients: coefficients.slice(n), selected: selected.slice(m) },
      );
    },
  };
};

/** `withRate` of a transformed optimiser, where the inner one has it. */
export const rateAgain = ({ withRate }: Optimizer, again: OptimizerTransformation): Pick<Optimizer, 'withRate'> =>
  withRate === undefined ? {} : { withRate: (rate) => again(withRate(rate)) };
