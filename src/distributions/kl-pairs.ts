/** Closed forms of KL(p ‖ q), as data: one line a pair of families. Sources: Gil, Alajaji & Linder 2013; Bishop 2006, appendix B. */
import type { AnyDist } from '../algebra/dist.ts';
import { sameExpression } from '../algebra/family.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { sameShape } from '../core/shape.ts';
import { logSoftmax } from './categorical.ts';
import { deviance } from './counts.ts';
import { composedPairs } from './kl-composed.ts';
import { ellipticalPairs } from './kl-elliptical.ts';
import { type KlPair, type KlTable, named, pair, parameter, type Reader } from './kl-table.ts';

const zero = (dist: AnyDist): Expr => o.broadcastTo(o.scalar(0), dist.shape);

/** Location and scale; of a standard distribution 0 and 1. */
const locScale: Reader = (dist) =>
  dist.family?.name === 'standardNormal' ? [zero(dist), o.add(zero(dist), 1)] : named('loc', 'scale')(dist);

const spread = (x: Expr): Expr => o.sub(o.sub(x, 1), o.log(x));

/** ½ (r − 1 − log r + ((m₁−m₂)/s₂)²), r = (s₁/s₂)². */
const normals = pair(locScale, ([m1, s1], [m2, s2]) =>
  o.mul(0.5, o.add(spread(o.square(o.div(s1, s2))), o.square(o.div(o.sub(m1, m2), s2)))),
);

/** log s₂/s₁ + (s₁ e^{−d/s₁} + d)/s₂ − 1, d = |m₁ − m₂|. */
const laplaces = pair(locScale, ([m1, s1], [m2, s2]) => {
  const d = o.abs(o.sub(m1, m2));
  const r = o.div(s1, s2);
  return o.add(spread(r), o.div(o.add(d, o.mul(s1, o.expm1(o.neg(o.div(d, s1))))), s2));
});

const EULER = 0.5772156649015329;

/** γ (r − 1) − log r + e^t Γ(1+r) − 1 − t, r = s₁/s₂, t = (m₂−m₁)/s₂. */
const gumbels = pair(locScale, ([m1, s1], [m2, s2]) => {
  const r = o.div(s1, s2);
  const t = o.div(o.sub(m2, m1), s2);
  const last = o.sub(o.expm1(o.add(t, o.lgamma(o.add(r, 1)))), t);
  return o.add(o.sub(o.mul(EULER, o.sub(r, 1)), o.log(r)), last);
});

/** r − 1 − log r, r = rate₂/rate₁. */
const exponentials = pair(named('rate'), ([a], [b]) => spread(o.div(b, a)));

/** log (width₂/width₁) where the first lies inside the second, ∞ elsewhere. */
const uniforms = pair(named('low', 'high'), ([a1, b1], [a2, b2]) =>
  o.where(
    o.and(o.lessEqual(a2, a1), o.lessEqual(b1, b2)),
    o.log(o.div(o.sub(b2, a2), o.sub(b1, a1))),
    Number.POSITIVE_INFINITY,
  ),
);

/**
 * (a₁−a₂) ψ(a₁) − log Γ(a₁)/Γ(a₂) + a₂ log β₁/β₂ + a₁ (β₂−β₁)/β₁: as the deviance of a₂ from a₁ β₂/β₁ and a remainder, so that no large
 * log-gammas meet.
 */
const gammas = pair(named('concentration', 'rate'), ([a1, b1], [a2, b2]) =>
  o.sub(o.divergenceRemainder(a1, a2), o.gammaDeviance(a2, o.mul(a1, o.div(b2, b1)))),
);

/** 1/x is of a gamma distribution whose rate is the scale. */
const inverseGammas = pair(named('concentration', 'scale'), ([a1, b1], [a2, b2]) =>
  o.sub(o.divergenceRemainder(a1, a2), o.gammaDeviance(a2, o.mul(a1, o.div(b2, b1)))),
);

/** As gamma distributions of half as many degrees. */
const chiSquares = pair(named('degrees'), ([m], [n]) => {
  const [a, b] = [o.mul(0.5, m), o.mul(0.5, n)];
  return o.sub(o.divergenceRemainder(a, b), o.gammaDeviance(b, a));
});

/** ½ (r − 1 − log r), r = (s₁/s₂)². */
const halfNormals = pair(named('scale'), ([s1], [s2]) => o.mul(0.5, spread(o.square(o.div(s1, s2)))));

/** r − 1 − log r, r = (s₁/s₂)²: squares are exponential. */
const rayleighs = pair(named('scale'), ([s1], [s2]) => spread(o.square(o.div(s1, s2))));

/** r − 1 − log r + α₂ log s₁/s₂, r = α₂/α₁, where s₁ ≥ s₂; ∞ elsewhere. */
const paretos = pair(named('concentration', 'scale'), ([a1, s1], [a2, s2]) =>
  o.where(o.lessEqual(s2, s1), o.add(spread(o.div(a2, a1)), o.mul(a2, o.log(o.div(s1, s2)))), Number.POSITIVE_INFINITY),
);

/** log (1 + ((s₁−s₂)² + (m₁−m₂)²) / 4 s₁ s₂) (Chyzak & Nielsen 2019, arXiv:1905.10965). */
const cauchys = pair(locScale, ([m1, s1], [m2, s2]) =>
  o.log1p(o.div(o.add(o.square(o.sub(s1, s2)), o.square(o.sub(m1, m2))), o.mul(4, o.mul(s1, s2)))),
);

/**
 * log Γ(Σa) − Σ log Γ(aₖ) − log Γ(Σb) + Σ log Γ(bₖ) + Σ (aₖ−bₖ) (ψ(aₖ) − ψ(Σa)): the divergences of gamma distributions less that of their sums, whose
 * deviances are those of b from a scaled to its sum.
 */
const simplices = (a: readonly Expr[], b: readonly Expr[]): Expr => {
  const [sa, sb] = [o.addAll(a), o.addAll(b)];
  const scale = o.div(sb, sa);
  const each = a.map((x, i) => o.sub(o.divergenceRemainder(x, b[i]), o.gammaDeviance(b[i], o.mul(x, scale))));
  return o.sub(o.addAll(each), o.divergenceRemainder(sa, sb));
};

/** log B(a₂,b₂)/B(a₁,b₁) + (a₁−a₂) ψ(a₁) + (b₁−b₂) ψ(b₁) − (a₁−a₂+b₁−b₂) ψ(a₁+b₁). */
const betas = pair(named('alpha', 'beta'), simplices);

const dirichlets = pair(named('concentration'), ([a], [b]) => {
  const [sa, sb] = [o.sum(a), o.sum(b)];
  const each = o.sub(o.divergenceRemainder(a, b), o.gammaDeviance(b, o.mul(a, o.div(sb, sa))));
  return o.sub(o.sum(each), o.divergenceRemainder(sa, sb));
});

/** Σ over outcomes of p (log p − log q) at logits. */
const coins = (l1: Expr, l2: Expr): Expr => {
  const side = (s: number): Expr => {
    const [a, b] = [o.mul(s, l1), o.mul(s, l2)];
    return o.mul(o.sigmoid(a), o.sub(o.logSigmoid(a), o.logSigmoid(b)));
  };
  return o.add(side(1), side(-1));
};

const bernoullis = pair(named('logits'), ([a], [b]) => coins(a, b));

/** log p − log q + (1−p)/p (log (1−p) − log (1−q)). */
const geometrics = pair(named('logits'), ([a], [b]) =>
  o.add(
    o.sub(o.logSigmoid(a), o.logSigmoid(b)),
    o.mul(o.exp(o.neg(a)), o.sub(o.logSigmoid(o.neg(a)), o.logSigmoid(o.neg(b)))),
  ),
);

/** λ₁ log λ₁/λ₂ − λ₁ + λ₂. */
const poissons = pair(named('rate'), ([a], [b]) => deviance(a, b, o.log(b)));

const divergenceOfClasses = ([a]: readonly Expr[], [b]: readonly Expr[]): Expr => {
  const [p, q] = [logSoftmax(a), logSoftmax(b)];
  const some = o.greater(p, Number.NEGATIVE_INFINITY);
  return o.mul(o.exp(p), o.where(some, o.sub(o.where(some, p, 0), q), 0));
};

const classCount = (dist: AnyDist): number | undefined => parameter(dist, 'logits')?.shape.at(-1);

/** Distributions over one number of classes. */
const sameClasses =
  (one: KlPair): KlPair =>
  (p, q, parts) =>
    classCount(p) === classCount(q) ? one(p, q, parts) : undefined;

/** The divergence of one trial, as often as both try: for one number of trials. */
const trials =
  (f: (p: readonly Expr[], q: readonly Expr[]) => Expr): KlPair =>
  (p, q, parts) => {
    const [n, m] = [p, q].map((dist) => parameter(dist, 'total'));
    return n !== undefined && m !== undefined && sameShape(n.shape, m.shape) && sameExpression(n, m)
      ? pair(named('logits'), (a, b) => o.mul(n, f(a, b)))(p, q, parts)
      : undefined;
  };

/**
 * The library's closed forms. Yours: `kl(p, q, { pairs: { ...klPairs, 'mine/mine': (p, q) => … } })`.
 *
 * @example
 * Object.keys(klPairs).length;   // pairs of families with a closed form
 */
export const klPairs: KlTable = {
  'normal/normal': normals,
  'standardNormal/standardNormal': normals,
  'normal/standardNormal': normals,
  'standardNormal/normal': normals,
  'laplace/laplace': laplaces,
  'gumbel/gumbel': gumbels,
  'exponential/exponential': exponentials,
  'uniform/uniform': uniforms,
  'gamma/gamma': gammas,
  'inverseGamma/inverseGamma': inverseGammas,
  'chiSquared/chiSquared': chiSquares,
  // One bijection of normal distributions cancels.
  'logNormal/logNormal': normals,
  'halfNormal/halfNormal': halfNormals,
  'rayleigh/rayleigh': rayleighs,
  'pareto/pareto': paretos,
  'cauchy/cauchy': cauchys,
  'beta/beta': betas,
  'dirichlet/dirichlet': dirichlets,
  'bernoulli/bernoulli': bernoullis,
  'binomial/binomial': trials(([a], [b]) => coins(a, b)),
  'geometric/geometric': geometrics,
  'poisson/poisson': poissons,
  'categorical/categorical': sameClasses(pair(named('logits'), divergenceOfClasses)),
  'oneHotCategorical/oneHotCategorical': sameClasses(pair(named('logits'), divergenceOfClasses)),
  'multinomial/multinomial': sameClasses(trials(divergenceOfClasses)),
  ...ellipticalPairs,
  ...composedPairs,
};
