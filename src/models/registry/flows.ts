/** The registry's flows: exact densities, or bounds by dequantisation alone. */
import { classConditional, ofClass, withClass } from '../class-conditional.ts';
import { iafFlow, mafFlow, niceFlow } from '../flows.ts';
import { gaussianisationFlow } from '../gaussianisation.ts';
import { glow } from '../glow.ts';
import { nsfAutoregressiveFlow, nsfFlow } from '../nsf.ts';
import { overEvents } from '../over-events.ts';
import { planarFlow } from '../planar-flow.ts';
import { realNVP, realNVPImages, realNVPMultiScale } from '../real-nvp.ts';
import type { ModelTable } from './entry.ts';

/** Flows by name. */
export const flowModels: ModelTable = {
  realNVP: {
    name: 'realNVP',
    description: 'Affine couplings with alternating halves: exact density, parallel both ways.',
    paper: 'Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803',
    build: ({ shape, levels }, options) =>
      levels === undefined ? realNVP(shape, options) : realNVPImages(shape, levels, options),
    training: { learningRate: 2e-3, batchSize: 256, clip: 100 },
  },
  realNVPMultiScale: {
    name: 'realNVPMultiScale',
    description: 'RealNVP with convolutions: checkerboards, channels, half of them factored out at each scale.',
    paper: 'Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803',
    build: (events, { hidden, given } = {}) =>
      realNVPMultiScale(events, {
        ...(hidden === undefined ? {} : { channels: hidden[0] ?? 32, hidden }),
        ...(given === undefined ? {} : { given }),
      }),
    training: { learningRate: 2e-3, batchSize: 64, clip: 1000 },
  },
  glow: {
    name: 'glow',
    description: 'ActNorm, invertible 1×1 convolutions and couplings, over scales: exact density, parallel both ways.',
    paper: 'Kingma & Dhariwal 2018, arXiv:1807.03039',
    build: (events, { layers, hidden, given } = {}) =>
      glow(events, {
        ...(given === undefined ? {} : { given }),
        ...(layers === undefined ? {} : { steps: layers }),
        ...(hidden === undefined ? {} : { channels: hidden[0] ?? 32, hidden }),
      }),
    training: { learningRate: 2e-3, batchSize: 64, clip: 1000 },
  },
  nice: {
    name: 'nice',
    description: 'Additive couplings and one scaling: volume preserving but for that, parallel both ways.',
    paper: 'Dinh, Krueger & Bengio 2014, arXiv:1410.8516',
    build: (event, options) => overEvents(event, niceFlow(options)),
    training: { learningRate: 2e-3, batchSize: 256, clip: 100 },
  },
  maf: {
    name: 'maf',
    description: 'Masked autoregressive layers: exact density in one pass, sequential samples.',
    paper: 'Papamakarios, Pavlakou & Murray 2017, arXiv:1705.07057',
    build: (event, options) => overEvents(event, mafFlow(options)),
    training: { learningRate: 1e-3, batchSize: 256, clip: 100 },
  },
  iaf: {
    name: 'iaf',
    description: 'Inverse autoregressive layers: samples in one pass, exact but sequential density.',
    paper: 'Kingma et al. 2016, arXiv:1606.04934',
    build: (event, options) => overEvents(event, iafFlow(options)),
    training: { learningRate: 1e-3, batchSize: 256, clip: 100 },
  },
  nsf: {
    name: 'nsf',
    description: 'Rational-quadratic spline couplings: sharp and flexible densities, parallel both ways.',
    paper: 'Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032',
    build: (event, options) => overEvents(event, nsfFlow(options)),
    training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
  },
  nsfAutoregressive: {
    name: 'nsfAutoregressive',
    description: 'Rational-quadratic splines by autoregression: density in one pass, sequential samples.',
    paper: 'Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032',
    build: (event, options) => overEvents(event, nsfAutoregressiveFlow(options)),
    training: { learningRate: 2e-3, batchSize: 256, clip: 10 },
  },
  planarFlow: {
    name: 'planarFlow',
    description: 'Ridges along learned directions: few parameters, closed density, samples by root-finding.',
    paper: 'Rezende & Mohamed 2015, arXiv:1505.05770',
    build: (event, options) => overEvents(event, planarFlow(options)),
    training: { learningRate: 5e-3, batchSize: 256, clip: 10 },
  },
  gaussianisation: {
    name: 'gaussianisation',
    description: 'Each coordinate by the distribution function of a mixture, then a rotation: no networks.',
    paper: 'Chen & Gopinath 2000; Meng, Song, Song & Ermon 2020, arXiv:2003.01941',
    build: (event, options) => overEvents(event, gaussianisationFlow(options)),
    training: { learningRate: 5e-3, batchSize: 256, clip: 10 },
  },
  classConditional: {
    name: 'classConditional',
    description:
      'RealNVP whose couplings read the class; a distribution of event and class, or of the event where there is one class.',
    paper: 'Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803; Winkler et al. 2019, arXiv:1912.00042',
    build: ({ classes = 1, ...events }, options) =>
      classes === 1
        ? ofClass(classConditional(events, 1, options), 0)
        : withClass(classConditional(events, classes, options)),
    training: { learningRate: 2e-3, batchSize: 256, clip: 100 },
  },
};
