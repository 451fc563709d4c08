/**
 * Facts: what is known about a distribution in closed form. A distribution carries the facts it has *in its type*, so asking a Cauchy distribution for its mean is a
 * compile error, not a NaN.
 */
import type { Expr } from '../core/expr.ts';
import { array, type Given } from '../core/ops/array.ts';
import { broadcastTo } from '../core/ops/structure.ts';
import { broadcastShapes, type Shape, sameShape } from '../core/shape.ts';
import type { AnyDist } from './dist.ts';
import type { DiscreteSupport, Support } from './support.ts';

/** Every fact a distribution may carry. Expressions depend on the distribution's parameters, so they can be differentiated. */
export interface AllFacts {
  readonly support: Support;
  /** E[x], of the event's shape. */
  readonly mean: Expr;
  /** Var[xᵢ] of each coordinate, of the event's shape. */
  readonly variance: Expr;
  /** Covariance matrix `[D, D]` of a vector event. */
  readonly covariance: Expr;
  /** A most probable event, of the event's shape. */
  readonly mode: Expr;
  /** Differential (or Shannon) entropy of the whole event in nats, a scalar. */
  readonly entropy: Expr;
  /** P(Xᵢ ≤ xᵢ) of each coordinate. */
  readonly cdf: (x: Given) => Expr;
  /** The inverse of {@link cdf}, for u in (0, 1), of each coordinate. */
  readonly quantile: (u: Given) => Expr;
  /** log P(Xᵢ ≤ xᵢ) of each coordinate in nats, with its digits where the chance itself rounds to 0 or 1. */
  readonly logCdf: (x: Given) => Expr;
  /** log P(Xᵢ > xᵢ) of each coordinate in nats: minus the cumulative hazard. */
  readonly logSurvival: (x: Given) => Expr;
  /** The inverse of {@link logCdf}: the x below which a chance of eˡ lies, for l ≤ 0, of each coordinate. */
  readonly lowerQuantile: (l: Given) => Expr;
  /** The inverse of {@link logSurvival}: the x above which a chance of eˡ lies, for l ≤ 0, of each coordinate. */
  readonly upperQuantile: (l: Given) => Expr;
}

/** Facts about both tails, in logarithms: what truncation, censoring and hazards are made of. */
export type TailFact = 'logCdf' | 'logSurvival' | 'lowerQuantile' | 'upperQuantile';

/** The facts named K. */
export type Facts<K extends keyof AllFacts> = Pick<AllFacts, K>;

/** A distribution that says in its type that its events are integers or one-hot vectors. What follows gradients does not compile on it. */
export interface Discrete {
  readonly support: DiscreteSupport;
}

const factNames: { readonly [K in keyof AllFacts]: true } = {
  support: true,
  mean: true,
  variance: true,
  covariance: true,
  mode: true,
  entropy: true,
  cdf: true,
  quantile: true,
  logCdf: true,
  logSurvival: true,
  lowerQuantile: true,
  upperQuantile: true,
};

/** What is known of a distribution, without the distribution. */
export const knownFacts = (dist: Partial<AllFacts>): Partial<AllFacts> =>
  Object.fromEntries(Object.entries(dist).filter(([k]) => k in factNames));

/** The facts that are functions of an event or a chance. */
export type FunctionFact = 'cdf' | 'quantile' | TailFact;

/** Facts as a family writes them: functions of expressions. */
export interface WrittenFacts extends Omit<AllFacts, FunctionFact>, Readonly<Record<FunctionFact, (x: Expr) => Expr>> {}

/** Facts as they are read: functions of whatever stands for an array. */
export type ReadFacts<W> = { readonly [K in keyof W]: K extends FunctionFact ? (x: Given) => Expr : W[K] };

/** A function of each coordinate, for whatever stands for an array: plain numbers are repeated to the event's shape where they fit it. */
const ofGiven =
  (name: string, shape: Shape, f: (x: Expr) => Expr) =>
  (x: Given): Expr => {
    const e = array(x, name);
    const full = e === x ? undefined : broadcastShapes(e.shape, shape);
    return f(full !== undefined && sameShape(full, shape) ? broadcastTo(e, shape) : e);
  };

/** A distribution with facts beside it; functions among them then take numbers and nested arrays too. */
export const withFacts = <L extends AnyDist, W extends Partial<WrittenFacts>>(
  dist: L,
  facts: W,
): L & ReadFacts<NoInfer<W>> => ({
  ...dist,
  ...(Object.fromEntries(
    Object.entries(facts).map(([k, v]) => [k, typeof v === 'function' ? ofGiven(k, dist.shape, v) : v]),
  ) as ReadFacts<W>),
});
