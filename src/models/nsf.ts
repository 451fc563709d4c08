import { compose, type Endo, repeat } from '../algebra/transport.ts';
import { reverse, splineAutoregressive, splineCoupling } from '../bijectors/index.ts';
import { list, positiveInteger, positiveNumber } from '../core/codec.ts';
import { made, mlp } from '../nn/index.ts';
import type { FlowOptions } from './flows.ts';
import { defineModel } from './model.ts';
import { overEvents } from './over-events.ts';
import { reads } from './reads.ts';

/** Options of {@link nsfFlow} and {@link nsfAutoregressiveFlow}. */
export interface NsfOptions extends FlowOptions {
  /** Bins of each spline. */
  readonly bins?: number;
  /** The splines act on (−bound, bound). */
  readonly bound?: number;
}

/**
 * Neural spline flow by couplings, RQ-NSF (C) (Durkan et al. 2019, arXiv:1906.04032): rational-quadratic splines, halves exchanged in between.
 *
 * @example
 * overEvents({ shape: [2] }, nsfFlow({ bins: 16 }))
 */
export const nsfFlow = ({
  layers = 6,
  hidden = [64, 64],
  bins = 8,
  bound = 4,
  given,
}: NsfOptions = {}): Endo<'bijective'> =>
  repeat(layers, compose(splineCoupling({ conditioner: reads(given)(mlp(hidden)), bins, bound }), reverse()));

/**
 * Neural spline flow with autoregressive layers, RQ-NSF (AR): as {@link nsfFlow}, with MADE layers. A density costs one pass of each layer, a sample D passes. Source: Durkan et al. (2019,
 * arXiv:1906.04032).
 *
 * @example
 * const flow = pipe(standardNormal([2]), pushforward(nsfAutoregressiveFlow({ layers: 2, hidden: [16] })));
 */
export const nsfAutoregressiveFlow = ({
  layers = 4,
  hidden = [64, 64],
  bins = 8,
  bound = 4,
  given,
}: NsfOptions = {}): Endo<'bijective'> =>
  repeat(layers, compose(splineAutoregressive({ conditioner: reads(given)(made(hidden)), bins, bound }), reverse()));

/**
 * The registry's entry of `nsf`: its name, paper, options and learning settings.
 *
 * @example
 * nsfModel.build({ shape: [4] });
 */
export const nsfModel = defineModel({
  name: 'nsf',
  description: 'Rational-quadratic spline couplings: sharp and flexible densities, parallel both ways.',
  paper: 'Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032',
  options: {
    layers: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    bins: positiveInteger,
    bound: positiveNumber,
  },
  build: (event, options) => overEvents(event, nsfFlow(options)),
  training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
});

/**
 * The registry's entry of `nsfAutoregressive`: its name, paper, options and learning settings.
 *
 * @example
 * nsfAutoregressiveModel.build({ shape: [4] });
 */
export const nsfAutoregressiveModel = defineModel({
  name: 'nsfAutoregressive',
  description: 'Rational-quadratic splines by autoregression: density in one pass, sequential samples.',
  paper: 'Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032',
  options: {
    layers: positiveInteger,
    hidden: list(positiveInteger, 'positive integers with commas'),
    bins: positiveInteger,
    bound: positiveNumber,
  },
  build: (event, options) => overEvents(event, nsfAutoregressiveFlow(options)),
  training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
});
