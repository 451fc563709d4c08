/**
 * Distributions over finitely many states, exactly. An {@link Enumeration} writes f(x) = Σₖ f(x, k) over k = 0 … n − 1 with every f(·, k) known in closed form: a
 * lattice state each (then k is x itself), or the hidden units of a Boltzmann machine. log Z is then a sum, and the distribution can be sampled exactly.
 */

import { pipe } from 'fp-ts/lib/function.js';
import { capability, type Having, has } from '../algebra/capability.ts';
import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../algebra/evidence.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { fork, uniform } from '../core/random.ts';
import { range, type Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { vmapAll } from '../core/vectorize.ts';

/** How a distribution is summed: n states, the weight of each, and the distribution of the event given one. */
export interface Enumeration {
  /** n, the number of states. */
  readonly states: number;
  /** log ∫ f(x, k) dx nats for the state k, a real scalar. */
  readonly logWeight: (k: Expr) => D.Draw<Expr>;
  /** A draw from f(x, k) / ∫ f(x, k) dx. */
  readonly given: (k: Expr) => D.Draw<Expr>;
}

/**
 * The states of a distribution that can be summed. Evaluated where it is asked for: a distribution with too many states can still be declared.
 *
 * @example
 * has(enumerating, rbm([3], { hidden: 2 }));   // true
 */
export const enumerating = capability<() => Enumeration>()('enumeration', {
  named: (enumeration, place) => () => {
    const { states, logWeight, given } = enumeration();
    return { states, logWeight: (k) => D.at(place, logWeight(k)), given: (k) => D.at(place, given(k)) };
  },
  resampled: (enumeration) => enumeration,
});

/** A distribution that can be summed. */
export type Enumerable = Having<typeof enumerating>;

/** No more states than 2²⁰ are summed. */
export const MOST_STATES = 2 ** 20;
/** States in one block of the sum: bounds memory. */
const BLOCK = 4096;

/** The bits of k, `[n]` zeros and ones, the lowest first. */
export const bitsOf = (k: Expr, n: number): Expr => digitsOf(k, 2, n);

/** The n digits of k in a base, `[n]`, the lowest first; exact in float32 for k < 2²⁴. */
export const digitsOf = (k: Expr, base: number, n: number): Expr => {
  const powers = o.constant(range(n).map((j) => base ** j));
  const shifted = o.floor(o.div(o.add(o.broadcastTo(k, [n]), 0.5), powers));
  return o.sub(shifted, o.mul(base, o.floor(o.div(o.add(shifted, 0.5), base))));
};

/** Refuses what cannot be summed. `units` says in words what is counted. */
export const countable = (owner: string, states: number, units: string): number =>
  states <= MOST_STATES
    ? states
    : raise(
        'ArgumentError',
        owner,
        `too many states to sum over ${units}: annealed importance sampling estimates log Z`,
        {
          expected: 'at most 2²⁰ = 1,048,576 states',
          got: `${states}`,
        },
      );

const drawn = <A>(part: D.Draw<A>, scope: Parameters<D.Draw<A>>[0]): A => D.runDraw(part, scope, 'enumeration');

/** log weights of consecutive states `[size]`. */
const weightsOf = ({ logWeight }: Enumeration, scope: Parameters<D.Draw<Expr>>[0], indices: Expr): Expr =>
  vmapAll((k) => [drawn(logWeight(k), scope)])(indices)[0];

const numbers = (n: number): Expr => o.constant(range(n));

/**
 * log Z = log Σₖ ∫ f(x, k) dx in nats by summing over every state, as an expression of the distribution's parameters: it can be differentiated. Exact up to
 * rounding. Cost: n evaluations, in blocks of 4096. Throws `ArgumentError` for more than 2²⁰ states.
 *
 * @example
 * const logZ = logPartition(rbm([6], { hidden: 4 }));   // a Draw: runDraw gives the expression over the machine's parameters
 */
export const logPartition =
  (dist: AnyDist & Enumerable): D.Draw<Expr> =>
  (scope) =>
  (cursor) => {
    const all = dist.enumeration();
    const size = Math.min(BLOCK, all.states);
    const whole = Math.floor(all.states / size);
    const block = (first: Expr, n: number): Expr =>
      o.logSumExp(weightsOf(all, scope, o.add(numbers(n), o.broadcastTo(first, [n]))));
    const rest = all.states - whole * size;
    const tail = rest === 0 ? [] : [block(o.scalar(whole * size), rest)];
    if (whole === 1) return [o.logSumExp(o.stack([block(o.scalar(0), size), ...tail])), cursor];
    const { ys } = o.scan({
      length: whole,
      init: [o.scalar(0)],
      body: ([first]) => ({ carry: [o.add(first, size)], ys: [block(first, size)] }),
    });
    return [o.logSumExp(o.concat([ys[0], ...tail.map((t) => o.reshape(t, [1]))])), cursor];
  };

const enumerable = (dist: AnyDist): Dist<Shape, Unnormalised> & Enumerable =>
  has(enumerating, dist)
    ? (dist as Dist<Shape, Unnormalised> & Enumerable)
    : raise('ArgumentError', '', 'enumerated: the distribution has no states to sum over', {
        expected: 'a Boltzmann machine, or a distribution restricted to integers',
        got: dist.spec.type,
      });

/**
 * The distribution normalised by enumeration: log p(x) = log f(x) − log Z nats with log Z as an expression of the parameters, so everything that asks for exact
 * densities takes it. `maximumLikelihood(enumerated(machine))` is the exact gradient that contrastive divergence approximates. A sample is exact: a state
 * from its probabilities by one uniform number, then the event given the state. Same place and parameters as the distribution's. Cost: n evaluations for each
 * *program run*, not for each event. Throws `ArgumentError` for more than 2²⁰ states.
 *
 * @example
 * const exact = enumerated(rbm([6], { hidden: 4 }));   // Dist<readonly [6], Exact & Samples>
 */
export const enumerated = define(
  distributionKind,
  {
    type: 'enumerated',
    about: 'A distribution over few states, exactly.',
    takes: ['dist'],
    required: { dist: nested(distributionKind) },
    build: ({ dist }): AnyDist => enumerated(enumerable(dist)),
    examples: [
      {
        dist: {
          type: 'restrict',
          on: { kind: 'integers', low: 0, high: 2 },
          dist: { type: 'normal', shape: [2], loc: 1, scale: 2 },
        },
      },
    ],
  },
  <S extends Shape>(dist: Dist<S, Unnormalised> & Enumerable): Dist<S, Exact & Samples> => {
    return distribution<S, Exact & Samples>({
      shape: dist.shape as S,
      spec: { type: 'enumerated', dist: dist.spec },
      evidence: 'exact',
      logDensity: (x) =>
        pipe(
          dist.logDensity(x),
          D.chain((l) => D.map((z: Expr) => o.sub(l, z))(logPartition(dist))),
        ),
      sample: (scope) => (cursor) => {
        const all = dist.enumeration();
        const weights = weightsOf(all, scope, numbers(all.states));
        const chances = o.softmax(weights);
        const [k, next] = fork((c) => {
          const [u, after] = uniform([])(c);
          const below = o.cast(o.less(o.cumsum(chances), o.broadcastTo(u, [all.states])), 'real');
          return [o.min(o.sum(below), all.states - 1), after];
        })(cursor);
        return fork(all.given(k)(scope))(next);
      },
    });
  },
);
