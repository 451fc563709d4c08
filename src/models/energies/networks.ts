/** Networks whose single output is an energy. */
import { pipe } from 'fp-ts/lib/function.js';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { constantly, normalInit, zeros } from '../../core/parameters.ts';
import * as Sc from '../../core/scope.ts';
import { type Shape, showShape, sizeOf } from '../../core/shape.ts';
import { around, type Network, network } from '../../nn/network.ts';

/** Options of {@link throughFeatures}. */
export interface ThroughFeaturesOptions {
  /** From an image `[H, W, C]` to features `[H, W, channels]`. */
  readonly features: Network;
  readonly channels: number;
  /** From the features to what is asked for. */
  readonly head: Network;
}

/**
 * A network on the features of another: head(σ(features(x))), with σ(a) = a·sigmoid(a) between. The convolutional energies of JEM and IGEBM, small:
 * convolutions, then a perceptron that sees the whole image. Parameters at `features` and `head`. Throws `ShapeError`, in use, where the
 * event is no image.
 *
 * @example
 * energy([8, 8, 1], throughFeatures({ features: convNet({ channels: 16, zeroLast: false }), channels: 4, head: mlp([32], { zeroLast: false }) }))
 */
export const throughFeatures = ({ features, channels, head }: ThroughFeaturesOptions): Network =>
  around(features, (features) => ({
    spec: { type: 'throughFeatures', features: features.spec, channels, head: head.spec },
    apply: (x, output) =>
      x.shape.length !== 3
        ? raise('ShapeError', 'throughFeatures', 'the event is no image', {
            expected: '[H, W, C]',
            got: showShape(x.shape),
          })
        : pipe(
            Sc.at('features', features.apply(x, [x.shape[0], x.shape[1], channels])),
            Sc.chain((f: Expr) => Sc.at('head', head.apply(o.mul(f, o.sigmoid(f)), output))),
          ),
  }));

/**
 * A product of Student-t experts (Welling, Hinton & Osindero 2003, "Learning sparse topographic representations with products of Student-t
 * distributions"): E(x) = Σⱼ αⱼ log(1 + ½ (wⱼᵀx + bⱼ)²), each expert a heavy-tailed distribution along one learned direction. It gives one number. Parameters
 * `weights [D, n]` from N(0, 1/D), `bias [n]` from 0, `strength [n]` (α > 0 after softplus; they start at softplus(1)). Throws `ArgumentError` where there is no expert,
 * `ShapeError` where more than one number is asked for.
 *
 * @example
 * productOfExperts([normal([2], { scale: 2 }), energy([2], studentExperts(16))])
 */
export const studentExperts = (experts: number): Network => {
  if (!Number.isInteger(experts) || experts < 1)
    return raise('ArgumentError', 'studentExperts', 'there is one expert or more', { got: `${experts}` });
  return network({
    spec: { type: 'studentExperts', experts },
    apply: (x, output: Shape) => (scope) => {
      if (sizeOf(output) !== 1)
        raise('ShapeError', 'studentExperts', 'experts give one energy', { expected: '[]', got: showShape(output) });
      const size = sizeOf(x.shape);
      const weights = Sc.parameter('weights', [size, experts], {
        init: normalInit(1 / Math.sqrt(size)),
        kind: 'weight',
      })(scope);
      const bias = Sc.parameter('bias', [experts], { init: zeros, kind: 'bias' })(scope);
      const strength = o.softplus(Sc.parameter('strength', [experts], { init: constantly(1), kind: 'scale' })(scope));
      const along = o.add(o.vecmat(o.reshape(x, [size]), weights), bias);
      return o.reshape(o.sum(o.mul(strength, o.log1p(o.mul(0.5, o.square(along))))), output);
    },
  });
};
