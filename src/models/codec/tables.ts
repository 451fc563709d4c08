/** The entries of the library: one line for every constructor that keeps a specification. */
import { type Dist, pushforward } from '../../algebra/dist.ts';
import { compose, type Endo, identity, inverse, type Layer, repeat } from '../../algebra/transport.ts';
import { affine, affineCoupling, logit, permute, reshape, reverse, shiftScale } from '../../bijectors/index.ts';
import {
  boolean,
  finite,
  integer,
  isRecord,
  list,
  natural,
  nonNegative,
  oneOf,
  positiveInteger,
  positiveNumber,
  shapeCodec,
  showJson,
  t,
} from '../../core/codec.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import { normal, standardNormal, uniform } from '../../distributions/index.ts';
import { elbo, maximumLikelihood, type Objective, weighted } from '../../inference/objective.ts';
import { adam, adamW, clipByGlobalNorm, sgd } from '../../inference/optimizer.ts';
import { constant, cosine, type Schedule, warmUp } from '../../inference/schedule.ts';
import { activations, mlp } from '../../nn/index.ts';
import { dequantise } from '../../transports/index.ts';
import { type Readers, type Tables, variant } from './variant.ts';

/** A parameter of a distribution: a number, or numbers; an expression cannot be read back. */
const argument = new t.Type<number | readonly number[]>(
  'a number or a list of numbers',
  (u): u is number | readonly number[] => finite.is(u) || (Array.isArray(u) && u.every(finite.is)),
  (u, c) =>
    finite.is(u)
      ? t.success(u)
      : Array.isArray(u)
        ? list(finite).validate(u, c)
        : isRecord(u) && typeof u.opaque === 'string'
          ? t.failure(u, c, `cannot be read back: ${u.opaque}`)
          : t.failure(u, c),
  t.identity,
);

/** A schedule, or a number for a constant one. */
const rate = (read: Readers): t.Type<Schedule | number> =>
  new t.Type<Schedule | number>(
    'a positive number or a schedule',
    (u): u is Schedule | number => positiveNumber.is(u) || read.schedule.is(u),
    (u, c) => (positiveNumber.is(u) ? t.success(u) : isRecord(u) ? read.schedule.validate(u, c) : t.failure(u, c)),
    t.identity,
  );

/** Types were checked when the declaration was written; what JSON says is checked here. */
const anyShape = (layer: Layer): Endo<'bijective'> => layer as Endo<'bijective'>;

const bijective = (layer: Layer): Endo<'bijective'> =>
  layer.grade === 'bijective'
    ? anyShape(layer)
    : raise('ArgumentError', '', 'inverse: only a bijection can be inverted', {
        expected: 'a layer of grade bijective',
        got: `${layer.spec.type}, of grade ${layer.grade}`,
      });

/** A number of copies that can be built; more is a slip of the pen. */
const copies = new t.Type<number>(
  'an integer from 1 to 10000',
  positiveInteger.is,
  (u, c) => (positiveInteger.is(u) && u <= 10_000 ? t.success(u) : t.failure(u, c)),
  t.identity,
);

const evidenceOf = (
  estimator: string,
  law: Objective<Shape>,
  wanted: readonly string[],
  advice: string,
): Objective<Shape> =>
  wanted.includes(law.evidence)
    ? law
    : raise('ArgumentError', '', `${estimator}: ${advice}`, {
        expected: `a log-density that is ${wanted.join(' or a ')}`,
        got: `evidence '${law.evidence}'`,
      });

const permutation = variant({}, { order: list(natural, 'a permutation'), seed: integer }, (options) =>
  options.order !== undefined && options.seed === undefined
    ? permute({ order: options.order })
    : options.seed !== undefined && options.order === undefined
      ? permute({ seed: options.seed })
      : raise('SpecError', '', "permute: one of 'order' and 'seed'", { got: showJson(options) }),
);

const adamFields = { beta1: nonNegative, beta2: nonNegative, epsilon: nonNegative };

/** What can be read without a registry of one's own. */
export const builtIn: Tables = {
  laws: {
    standardNormal: () => variant({ shape: shapeCodec }, {}, ({ shape }) => standardNormal(shape)),
    normal: () =>
      variant({ shape: shapeCodec }, { loc: argument, scale: argument }, ({ shape, ...rest }) => normal(shape, rest)),
    uniform: () =>
      variant({ shape: shapeCodec }, { low: argument, high: argument }, ({ shape, ...rest }) => uniform(shape, rest)),
    pushforward: (read) =>
      variant({ transport: read.layer, base: read.law }, {}, ({ transport, base }) =>
        pushforward(anyShape(transport))(base as Dist<Shape, unknown>),
      ),
  },
  layers: {
    identity: () => variant({}, {}, identity),
    compose: (read) =>
      variant({ layers: list(read.layer, 'a list of layers') }, {}, ({ layers }) => compose(...layers.map(anyShape))),
    repeat: (read) =>
      variant({ times: copies, layer: read.layer }, {}, ({ times, layer }) => repeat(times, anyShape(layer))),
    inverse: (read) => variant({ of: read.layer }, {}, ({ of }) => inverse(bijective(of))),
    affineCoupling: (read) =>
      variant({}, { conditioner: read.network, logScale: oneOf(['bounded', 'learned']) }, affineCoupling),
    affine: () => variant({}, {}, affine),
    reverse: () => variant({}, {}, reverse),
    shiftScale: () => variant({ shift: list(finite), scale: list(finite) }, {}, shiftScale),
    permute: () => permutation,
    logit: () => variant({}, { alpha: nonNegative }, logit),
    reshape: () => variant({ data: shapeCodec, latent: shapeCodec }, {}, ({ data, latent }) => reshape(data, latent)),
    dequantise: () => variant({}, { levels: positiveInteger }, dequantise),
  },
  networks: {
    mlp: () =>
      variant(
        { hidden: list(positiveInteger, 'a list of positive integers') },
        { activation: oneOf(Object.keys(activations) as (keyof typeof activations)[]), zeroLast: boolean },
        ({ hidden, ...options }) => mlp(hidden, options),
      ),
  },
  objectives: {
    maximumLikelihood: (read) =>
      variant({ law: read.law }, {}, ({ law }) =>
        evidenceOf(
          'maximumLikelihood',
          maximumLikelihood(law as never) as Objective<Shape>,
          ['exact'],
          'the law has no exact log-density; elbo takes one that is bounded',
        ),
      ),
    elbo: (read) =>
      variant({ law: read.law }, {}, ({ law }) =>
        evidenceOf('elbo', elbo(law as never) as Objective<Shape>, ['exact', 'bound'], 'the law has no bound'),
      ),
    weighted: (read) =>
      variant({ weight: finite, objective: read.objective }, {}, ({ weight, objective }) =>
        weighted(weight, objective),
      ),
  },
  optimizers: {
    sgd: (read) => variant({}, { learningRate: rate(read), momentum: nonNegative }, sgd),
    adam: (read) => variant({}, { learningRate: rate(read), ...adamFields }, adam),
    adamW: (read) => variant({}, { learningRate: rate(read), ...adamFields, weightDecay: nonNegative }, adamW),
    clipByGlobalNorm: (read) =>
      variant({ norm: positiveNumber, optimizer: read.optimizer }, {}, ({ norm, optimizer }) =>
        clipByGlobalNorm(norm)(optimizer),
      ),
  },
  schedules: {
    constant: () => variant({ value: positiveNumber }, {}, ({ value }) => constant(value)),
    cosine: () =>
      variant({ from: positiveNumber, steps: positiveInteger }, { to: nonNegative }, ({ from, steps, to }) =>
        cosine(from, steps, to),
      ),
    warmUp: (read) =>
      variant({ steps: positiveInteger, after: read.schedule }, {}, ({ steps, after }) => warmUp(steps, after)),
  },
};
