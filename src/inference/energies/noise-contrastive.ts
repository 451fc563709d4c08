import { demand } from '../../algebra/demand.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../../algebra/evidence.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import { finite, positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { constantly } from '../../core/parameters.ts';
import * as Sc from '../../core/scope.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';
import { nested } from '../../core/specification.ts';
import { objectiveKind } from '../kinds.ts';
import type { AnyObjective, Objective } from '../objective.ts';

/** Options of {@link noiseContrastive}. */
export interface NoiseContrastiveOptions<S extends Shape> {
  /** The noise distribution q: exact density and samples, positive wherever the data are. The closer to the data, the better. */
  readonly noise: Dist<S, Exact & Samples>;
  /** ν, noise events for each event of the data; default 1. */
  readonly ratio?: number;
  /** Where log Z starts, in nats; default 0. */
  readonly logPartition?: number;
}

/**
 * The name of the parameter that {@link noiseContrastive} learns: a scalar, log Z in nats, the logarithm of the normalising constant.
 *
 * @example
 * const logZ = fitted.parameters[LOG_PARTITION];   // undefined here: `fitted` was trained by maximum likelihood
 */
export const LOG_PARTITION = 'noiseContrastive/logPartition';

/**
 * Noise-contrastive estimation (Gutmann & Hyvärinen 2012, JMLR 13, eq. 4): the distribution is learned by telling data from noise by logistic regression on
 * G(u) = log f(u) − c − log q(u) − log ν with c = log Z a parameter like the others (`noiseContrastive/logPartition`). The loss of an event x with y₁ … y_ν
 * from q is softplus(−G(x)) + Σⱼ softplus(G(yⱼ)) nats, a logistic loss. At its minimum f / e^c is the data's density: consistent for any ν, efficient as ν → ∞. No
 * chain is run. `normalised` with the learned c makes a distribution of the estimate. Throws `ArgumentError` where ν is not a positive integer, `ShapeError` where the
 * events differ.
 *
 * @example
 * noiseContrastive({ noise: normal([2], { scale: 2 }), ratio: 5 })(energy([2]))
 */
export const noiseContrastive = define(
  objectiveKind,
  {
    type: 'noiseContrastive',
    about: 'A classifier between data and noise.',
    required: { noise: nested(distributionKind), dist: nested(distributionKind) },
    optional: { ratio: positiveInteger, logPartition: finite },
    takes: [],
    build: ({ dist, noise, ...options }): AnyObjective<Shape> =>
      noiseContrastive({ noise: noise as never, ...options })(dist as never),
    examples: [
      {
        noise: { type: 'standardNormal', shape: [2] },
        dist: { type: 'energy', shape: [2], network: { type: 'mlp', hidden: [4], activation: 'tanh' } },
        ratio: 2,
        logPartition: 0.5,
      },
    ],
  },
  <S extends Shape>({ noise, ratio = 1, logPartition = 0 }: NoiseContrastiveOptions<S>) =>
    (dist: Dist<S, Unnormalised>): Objective<S> => {
      if (!Number.isInteger(ratio) || ratio < 1)
        return raise('ArgumentError', 'noiseContrastive', 'there is one noise event or more for each event', {
          got: `${ratio}`,
        });
      const plain = demand<S>('noiseContrastive', dist, 'unnormalisedLogDensity');
      const from: AnyDist = demand('noiseContrastive', noise, 'exactLogDensity', 'samples');
      if (!sameShape(from.shape, plain.shape))
        return raise('ShapeError', 'noiseContrastive', 'the noise has events of another shape', {
          expected: showShape(plain.shape),
          got: showShape(from.shape),
        });
      const constant = Sc.placed('noiseContrastive', () =>
        Sc.parameter('logPartition', [], { init: constantly(logPartition), kind: 'constant' }),
      );
      const logit =
        (u: Expr, logNoise: Expr): D.Draw<Expr> =>
        (scope) =>
          D.map((l: Expr) => o.sub(o.sub(l, constant()(scope)), o.add(logNoise, Math.log(ratio))))(plain.logDensity(u))(
            scope,
          );
      const quiet = <A>(part: D.Draw<A>): D.Draw<A> => D.detached(D.at('noise', part));
      return {
        shape: plain.shape,
        spec: { type: 'noiseContrastive', noise: from.spec, ratio, logPartition, dist: plain.spec },
        evidence: 'none',
        loss: (x) => (scope) => (cursor) => {
          const [q, next] = quiet(from.logDensity(x))(scope)(cursor);
          const [mine, after] = logit(x, q)(scope)(next);
          const one: D.Draw<readonly Expr[]> = D.chain(({ value, logDensity }: { value: Expr; logDensity: Expr }) =>
            D.map((g: Expr): readonly Expr[] => [o.softplus(g)])(
              logit(o.stopGradient(value), o.stopGradient(logDensity)),
            ),
          )(quiet(from.sampleAndLogDensity));
          const [[theirs], last] = D.vmapDraw(() => one, { size: ratio, axis: 'noise' })()(scope)(after);
          return [o.add(o.softplus(o.neg(mine)), o.sum(theirs)), last];
        },
      };
    },
);
