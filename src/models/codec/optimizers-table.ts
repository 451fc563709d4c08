/** Optimisers, their transformations, schedules and selectors as they are read from JSON. */
import {
  boolean,
  isRecord,
  list,
  nonNegative,
  oneOf,
  positiveInteger,
  positiveNumber,
  t,
  text,
} from '../../core/codec.ts';
import { oneCycle } from '../../inference/one-cycle.ts';
import {
  accumulated,
  adagrad,
  adam,
  adamW,
  clipByGlobalNorm,
  clipByValue,
  decayed,
  frozen,
  lion,
  momentum,
  type Optimizer,
  type OptimizerTransformation,
  rateScaled,
  rmsprop,
  sgd,
} from '../../inference/optimizers/index.ts';
import { plateau } from '../../inference/plateau.ts';
import { constant, cosine, exponentialRate, type Schedule, stepwise, warmUp } from '../../inference/schedule.ts';
import { both, either, everything, kind, not, place, type Selector } from '../../inference/selector.ts';
import { type Readers, type Table, type Variant, variant } from './variant.ts';

/** A schedule, or a number for a constant one. */
const rate = (read: Readers): t.Type<Schedule | number> =>
  new t.Type<Schedule | number>(
    'a positive number or a schedule',
    (u): u is Schedule | number => positiveNumber.is(u) || read.schedule.is(u),
    (u, c) => (positiveNumber.is(u) ? t.success(u) : isRecord(u) ? read.schedule.validate(u, c) : t.failure(u, c)),
    t.identity,
  );

const adamFields = { beta1: nonNegative, beta2: nonNegative, epsilon: nonNegative };

/** A transformation with its fields, beside the optimiser that it transforms. */
const transforming = <R extends t.Props>(
  read: Readers,
  required: R,
  transformation: (fields: { readonly [K in keyof R]: t.TypeOf<R[K]> }) => OptimizerTransformation,
): Variant<Optimizer> =>
  variant({ ...required, optimizer: read.optimizer }, {}, (fields) =>
    transformation(fields as { readonly [K in keyof R]: t.TypeOf<R[K]> })(fields.optimizer as Optimizer),
  );

export const optimizersTable: Table<Optimizer> = {
  sgd: (read) => variant({}, { learningRate: rate(read), momentum: nonNegative }, sgd),
  momentum: (read) => variant({}, { learningRate: rate(read), beta: nonNegative, nesterov: boolean }, momentum),
  adagrad: (read) => variant({}, { learningRate: rate(read), epsilon: positiveNumber }, adagrad),
  rmsprop: (read) =>
    variant({}, { learningRate: rate(read), decay: nonNegative, epsilon: positiveNumber, centred: boolean }, rmsprop),
  adam: (read) => variant({}, { learningRate: rate(read), ...adamFields }, adam),
  adamW: (read) =>
    variant({}, { learningRate: rate(read), ...adamFields, weightDecay: nonNegative, on: read.selector }, adamW),
  lion: (read) => variant({}, { learningRate: rate(read), beta1: nonNegative, beta2: nonNegative }, lion),
  clipByGlobalNorm: (read) => transforming(read, { norm: positiveNumber }, ({ norm }) => clipByGlobalNorm(norm)),
  clipByValue: (read) => transforming(read, { limit: positiveNumber }, ({ limit }) => clipByValue(limit)),
  decayed: (read) => transforming(read, { rate: nonNegative, on: read.selector }, decayed),
  rateScaled: (read) => transforming(read, { factor: positiveNumber, on: read.selector }, rateScaled),
  frozen: (read) => transforming(read, { on: read.selector }, ({ on }) => frozen(on)),
  accumulated: (read) => transforming(read, { batches: positiveInteger }, ({ batches }) => accumulated(batches)),
};

export const schedulesTable: Table<Schedule> = {
  constant: () => variant({ value: positiveNumber }, {}, ({ value }) => constant(value)),
  cosine: () =>
    variant({ from: positiveNumber, steps: positiveInteger }, { to: nonNegative }, ({ from, steps, to }) =>
      cosine(from, steps, to),
    ),
  warmUp: (read) =>
    variant({ steps: positiveInteger, after: read.schedule }, {}, ({ steps, after }) => warmUp(steps, after)),
  exponentialRate: () =>
    variant({ from: positiveNumber, to: positiveNumber, steps: positiveInteger }, {}, ({ from, to, steps }) =>
      exponentialRate(from, to, steps),
    ),
  stepwise: () => variant({ from: positiveNumber, at: list(positiveInteger), factor: positiveNumber }, {}, stepwise),
  oneCycle: () =>
    variant(
      { peak: positiveNumber, steps: positiveInteger },
      { rise: positiveNumber, from: positiveNumber, to: positiveNumber, anneal: oneOf(['cosine', 'linear']) },
      oneCycle,
    ),
  plateau: () =>
    variant(
      { from: positiveNumber },
      { factor: positiveNumber, patience: positiveInteger, threshold: nonNegative },
      plateau,
    ),
};

export const selectorsTable: Table<Selector> = {
  everything: () => variant({}, {}, () => everything),
  place: () => variant({ at: text }, {}, ({ at }) => place(at)),
  kind: () => variant({ kinds: list(text) }, {}, ({ kinds }) => kind(...kinds)),
  both: (read) => variant({ of: list(read.selector) }, {}, ({ of }) => both(...of)),
  either: (read) => variant({ of: list(read.selector) }, {}, ({ of }) => either(...of)),
  not: (read) => variant({ of: read.selector }, {}, ({ of }) => not(of)),
};
