import { compose, type Endo, repeat } from '../algebra/transport.ts';
import { elementwise, invertible1x1, mixtureCdfMap } from '../bijectors/index.ts';
import { positiveInteger } from '../core/codec.ts';
import { defineModel } from './model.ts';
import { overEvents } from './over-events.ts';

/** Options of {@link gaussianisationFlow}. */
export interface GaussianisationOptions {
  readonly layers?: number;
  /** Logistic components of each coordinate's distribution function. */
  readonly components?: number;
}

/**
 * Gaussianisation flow (Chen & Gopinath 2000; trained end to end as Meng et al. 2020, arXiv:2003.01941): every coordinate by the (logit of the)
 * distribution function of a mixture of its own, then a learned rotation by Householder reflections. No network, and no coordinate conditions
 * another: dependence is undone by rotations alone. Samples are found by bisection.
 *
 * @example
 * overEvents({ shape: [2] }, gaussianisationFlow({ layers: 8 }))
 */
export const gaussianisationFlow = ({ layers = 6, components = 4 }: GaussianisationOptions = {}): Endo<'bijective'> =>
  repeat(
    layers,
    compose(invertible1x1({ parametrisation: 'householder' }), elementwise(mixtureCdfMap({ components }))),
  );

/**
 * The registry's entry of `gaussianisation`: its name, paper, options and learning settings.
 *
 * @example
 * gaussianisationModel.build({ shape: [4] });
 */
export const gaussianisationModel = defineModel({
  name: 'gaussianisation',
  description: 'Each coordinate by the distribution function of a mixture, then a rotation: no networks.',
  paper: 'Chen & Gopinath 2000; Meng, Song, Song & Ermon 2020, arXiv:2003.01941',
  options: { layers: positiveInteger, components: positiveInteger },
  build: (event, options) => overEvents(event, gaussianisationFlow(options)),
  training: { learningRate: 5e-3, batchSize: 256, clip: 10 },
});
