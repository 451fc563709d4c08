import { left, right } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Kept, kept } from '../../algebra/capability.ts';
import { demand } from '../../algebra/demand.ts';
import { type AnyDist, type Dist, distFrom, samplerOf } from '../../algebra/dist.ts';
import type { Estimated, Samples, Unnormalised } from '../../algebra/evidence.ts';
import { type AllFacts, knownFacts } from '../../algebra/facts.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import { finite, oneOf } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import { type Failure, raise, toFailure } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import { reference } from '../../core/interpreters/reference/index.ts';
import { sub } from '../../core/ops/elementwise.ts';
import { type Backend, type Feeds, program } from '../../core/program.ts';
import type { Shape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { type Enumerable, logPartition } from '../../distributions/energy-enumerated.ts';
import type { Partition } from './partition.ts';

/**
 * log Z of a finite distribution at given parameters, summed over its states: exact up to rounding. Failures: `ArgumentError` for more than 2²⁰ states;
 * `BackendError` where parameters are missing. See `logPartition` for the same as an expression.
 *
 * @example
 * enumeratedPartition(restrict({ kind: 'integers', low: 0, high: 2 })(bernoulli([3])))   // a task: log Z = 0
 */
export const enumeratedPartition =
  (dist: AnyDist & Enumerable, parameters: Feeds = {}, backend: Backend = reference): TaskEither<Failure, Partition> =>
  async () => {
    try {
      const executable = await backend.compile(program([D.runDraw(logPartition(dist))], backend.precisions[0]));
      try {
        const [z] = await executable.run(parameters);
        return right({ logZ: z.data[0], evidence: 'exact' });
      } finally {
        await executable.dispose();
      }
    } catch (e) {
      return left(toFailure('BackendError', 'enumeratedPartition')(e));
    }
  };

/**
 * A distribution with a number for its log Z: log p(x) = log f(x) − log Z nats. Its evidence is honest about the number: `estimated` (printed ≈) where it was estimated, and
 * `summed` (printed =) where it was summed. Either way the number belongs to the parameters it was found at, so the type never claims an exact density and
 * `maximumLikelihood` does not take it: to train with log Z that follows the parameters, `enumerated`. What can be sampled stays so. Throws `ArgumentError`
 * where log Z is not finite.
 *
 * @example
 * const found = normalised({ logZ: Math.log(2 * Math.PI), evidence: 'exact' })(productOfExperts([normal([2])]));
 */
export const normalised = define(
  distributionKind,
  {
    type: 'normalised',
    about: 'A density up to a constant, with the constant.',
    required: { logZ: finite, evidence: oneOf(['exact', 'estimated']), dist: nested(distributionKind) },
    build: ({ dist, ...partition }): AnyDist => normalised(partition as never)(dist as never),
    examples: [
      {
        logZ: 1.5,
        evidence: 'estimated',
        dist: { type: 'energy', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } },
      },
    ],
  },
  ({ logZ, evidence }: Partition) =>
    <S extends Shape, E extends Unnormalised, L extends Dist<S, E>>(
      dist: L & Dist<S, E>,
    ): Dist<S, Estimated & (E extends Samples ? Samples : unknown)> & Kept<L, 'normalised'> => {
      if (!Number.isFinite(logZ))
        return raise('ArgumentError', 'normalised', 'log Z is a finite number', { got: `${logZ}` });
      const plain = demand<S>('normalised', dist, 'unnormalisedLogDensity');
      const made = distFrom<S, Estimated & (E extends Samples ? Samples : unknown)>({
        shape: plain.shape,
        spec: { type: 'normalised', logZ, evidence, dist: plain.spec },
        evidence: evidence === 'exact' ? 'summed' : evidence,
        logDensity: (x) => D.map((l: Expr) => sub(l, logZ))(plain.logDensity(x)),
        ...samplerOf(plain),
      });
      return { ...knownFacts(dist as Partial<AllFacts>), ...kept('normalised', dist as L, undefined), ...made };
    },
);
