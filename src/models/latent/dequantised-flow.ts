import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { compose, type Endo, repeat } from '../../algebra/transport.ts';
import { affineCoupling, logit, reshape, reverse } from '../../bijectors/index.ts';
import { list, positiveInteger } from '../../core/codec.ts';
import type { Expr } from '../../core/expr.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { conditionalFlow, logistic, standardNormal, unconditional } from '../../distributions/index.ts';
import { mlp } from '../../nn/index.ts';
import { variationalDequantise } from '../../transports/index.ts';
import { defineModel } from '../model.ts';
import { reads } from '../reads.ts';
import type { RealNvpOptions } from '../real-nvp.ts';
import { realNVP } from '../real-nvp.ts';

/** Options of {@link dequantisedFlow}. */
export interface DequantisedFlowOptions extends RealNvpOptions {
  /** Couplings of the noise. */
  readonly noiseLayers?: number;
  /** Hidden widths of the noise's networks. */
  readonly noiseHidden?: readonly number[];
}

const couplings = (layers: number, block: Endo<'bijective'>): Endo<'bijective'> =>
  repeat(layers, compose(block, reverse()));

/**
 * A flow on integer levels with variational dequantisation (Flow++, Ho et al. 2019, arXiv:1902.00275): what fills a level is a conditional flow that reads the
 * levels, by couplings under a sigmoid. The noise starts uniform (a logistic variable through a sigmoid), so that training starts from uniform
 * dequantisation. The bound is on log P of the levels, in nats; two numbers or more.
 *
 * @example
 * const model = dequantisedFlow([2, 2], 8, { layers: 4, hidden: [32] });
 */
export const dequantisedFlow = <const S extends Shape>(
  shape: S,
  levels: number,
  { layers = 8, hidden = [64, 64], noiseLayers = 2, noiseHidden = [32], given }: DequantisedFlowOptions = {},
): Dist<S, Bound & Samples> => {
  const vector: readonly [number] = [sizeOf(shape)];
  const within = (c: Expr): Endo<'bijective'> =>
    couplings(noiseLayers, affineCoupling({ conditioner: reads(given)(mlp(noiseHidden).given(c)) }));
  const noise = conditionalFlow(unconditional(vector, logistic(vector)), (c) =>
    compose(logit({ alpha: 0 }), within(c)),
  );
  return pipe(
    standardNormal(vector),
    pushforward(couplings(layers, affineCoupling({ conditioner: reads(given)(mlp(hidden)) }))),
    pushforward(compose(reshape(shape, vector), variationalDequantise({ levels, noise }), logit({ alpha: 1e-6 }))),
  ) as Dist<S, Bound & Samples>;
};

/**
 * The registry's entry of `dequantisedFlow`: its name, paper, options and learning settings.
 *
 * @example
 * dequantisedFlowModel.build({ shape: [4] });
 */
export const dequantisedFlowModel = defineModel({
  name: 'dequantisedFlow',
  description: 'RealNVP on levels that a conditional flow fills: variational dequantisation; without levels RealNVP.',
  paper: 'Ho, Chen, Srinivas, Duan & Abbeel 2019, arXiv:1902.00275',
  options: {
    layers: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    noiseLayers: positiveInteger,
    noiseHidden: list(positiveInteger, 'positive integers with commas'),
  },
  build: ({ shape, levels }, { noiseLayers, noiseHidden, ...options }) =>
    levels === undefined
      ? realNVP(shape, options)
      : dequantisedFlow(shape, levels, {
          ...options,
          ...(noiseLayers === undefined ? {} : { noiseLayers }),
          ...(noiseHidden === undefined ? {} : { noiseHidden }),
        }),
  training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
});
