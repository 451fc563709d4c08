/**
 * Denoisers: what samplers and estimators take. What a network predicts is declared once; noise, data, score and velocity are linear in
 * (x, prediction) and follow:
 *
 *     x = α x₀ + σ ε        s = −ε/σ        v = α ε − σ x₀    (velocity: Salimans & Ho 2022, arXiv:2202.00512)
 */

import { type Carrier, capability, changed } from '../algebra/capability.ts';
import type { Spec } from '../algebra/spec.ts';
import { oneOf, shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Declaration, declare } from '../core/reading.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { noiseNetworkKind } from '../nn/kinds.ts';
import type { NoiseConditioned } from '../nn/noise-conditioned.ts';
import { smallResMlp } from '../nn/small.ts';
import { denoiserKind, preconditioningKind, processKind } from './kinds.ts';
import { type Preconditioning, standard } from './preconditioning.ts';
import type { Process, Terminal } from './process.ts';

/** What a network predicts. */
export type Prediction = 'noise' | 'data' | 'score' | 'velocity';

/** A function of a noisy event and its time (a scalar). */
export type Field = (x: Expr, t: Expr) => Sc.Scoped<Expr>;

/** A denoiser of events of shape S noised by a process. */
export interface Denoiser<out S extends Shape = Shape, out T extends Terminal = Terminal> extends Carrier {
  readonly spec: Spec;
  readonly shape: S;
  readonly process: Process<T>;
  readonly prediction: Prediction;
  /** The network's output, preconditioned, as its own kind of prediction. */
  readonly raw: Field;
  /** E[x₀ | x_t]. */
  readonly data: Field;
  /** E[ε | x_t]. */
  readonly noise: Field;
  /** ∇ log p_t(x). */
  readonly score: Field;
  /** E[α ε − σ x₀ | x_t]. */
  readonly velocity: Field;
  /** Its identity, that of the network it is made of: each evaluation is one reading of it. */
  readonly declaration?: Declaration | undefined;
}

/**
 * A denoiser with each of its fields (raw, data, noise, score, velocity) mapped by a function, such as {@link placedField}.
 *
 * @example
 * movedDenoiser(predict('noise', vp(), resMlp([16]), { shape: [2] }), placedField('teacher'));
 */
export const movedDenoiser = <S extends Shape, T extends Terminal>(
  of: Denoiser<S, T>,
  there: (field: Field) => Field,
): Denoiser<S, T> => ({
  ...of,
  raw: there(of.raw),
  data: there(of.data),
  noise: there(of.noise),
  score: there(of.score),
  velocity: there(of.velocity),
});

/**
 * A field whose parameters stand at a place of their own: every name in it gets the prefix `place/`.
 *
 * @example
 * const field = predict('noise', vp(), resMlp([16]), { shape: [2] }).score;
 * placedField('teacher')(field)(ops.input('x', [2]), ops.scalar(0.5));
 */
export const placedField =
  (place: string) =>
  (field: Field): Field =>
  (x, t) =>
    Sc.at(place, field(x, t));

/**
 * The capability under which a distribution keeps the denoiser that it is made from: score matching reads and trains it. `Denoises` is the same in the type of
 * a distribution.
 *
 * @example
 * capabilityOf(denoising, diffusion(exactDenoiser(vp(), standardNormal([2]))))?.shape;   // [2]
 */
export const denoising = capability<Denoiser>()('denoiser', {
  named: (d, place) => movedDenoiser(changed('named', d, place), placedField(place)),
  resampled: (d) => d,
});

type Numbers = { readonly a: Expr; readonly s: Expr };
type Both = { readonly data: Expr; readonly noise: Expr };

/** Data and noise from each kind of prediction. */
const both: { readonly [P in Prediction]: (x: Expr, said: Expr, at: Numbers) => Both } = {
  noise: (x, said, { a, s }) => ({ data: o.div(o.sub(x, o.mul(s, said)), a), noise: said }),
  data: (x, said, { a, s }) => ({ data: said, noise: o.div(o.sub(x, o.mul(a, said)), s) }),
  score: (x, said, { a, s }) => ({ data: o.div(o.add(x, o.mul(o.square(s), said)), a), noise: o.neg(o.mul(s, said)) }),
  velocity: (x, said, { a, s }) => {
    const total = o.add(o.square(a), o.square(s));
    return {
      data: o.div(o.sub(o.mul(a, x), o.mul(s, said)), total),
      noise: o.div(o.add(o.mul(s, x), o.mul(a, said)), total),
    };
  },
};

/** Each kind of prediction from data and noise. */
const told: { readonly [P in Prediction]: (both: Both, at: Numbers) => Expr } = {
  noise: ({ noise }) => noise,
  data: ({ data }) => data,
  score: ({ noise }, { s }) => o.neg(o.div(noise, s)),
  velocity: ({ data, noise }, { a, s }) => o.sub(o.mul(a, noise), o.mul(s, data)),
};

/**
 * One kind of prediction from another, at a noisy event x and a scalar time t, by the linear maps that follow from
 *
 *     x = α x₀ + σ ε        s = −ε/σ        v = α ε − σ x₀    (velocity: Salimans & Ho 2022, arXiv:2202.00512)
 *
 * All arrays have the event's shape. Cost: a few elementwise operations.
 *
 * @example
 * convert('noise', 'score', vp())(ops.input('x', [2]), ops.scalar(0.5), ops.input('noise', [2]));
 */
export const convert =
  (from: Prediction, to: Prediction, process: Process) =>
  (x: Expr, t: Expr, said: Expr): Expr => {
    const at = { a: process.alpha(t), s: process.sigma(t) };
    return from === to ? said : told[to](both[from](x, said, at), at);
  };

/** What {@link denoiser} is made from. Fields that are given are not derived. */
export interface DenoiserParts<S extends Shape, T extends Terminal>
  extends Pick<Denoiser<S, T>, 'spec' | 'shape' | 'process' | 'prediction' | 'raw' | 'declaration'>,
    Partial<Pick<Denoiser, Prediction>> {}

/**
 * A field each of whose evaluations counts as one reading of a declaration, so that several evaluations share parameters instead of claiming them twice.
 * Without a declaration the field is unchanged.
 *
 * @example
 * const d = predict('noise', vp(), resMlp([16]), { shape: [2] });
 * ownedField(d.declaration, (x, t) => scope.map((s) => ops.mul(2, s))(d.score(x, t)));
 */
export const ownedField =
  (declaration: Declaration | undefined, field: Field): Field =>
  (x, t) =>
    Sc.owned(declaration, (scope) => field(x, t)(scope));

/**
 * A denoiser from one field `raw` and what it predicts; data, noise, score and velocity are derived from it as in {@link convert}, unless they are given.
 * Fields take an event and a scalar time and return an array of the event's shape. Throws `ShapeError`, when evaluated, where the event has another shape.
 *
 * @example
 * const spec = opaque('standard', 'an example');
 * const raw = (x, t) => scope.of(ops.neg(x));   // the score of N(0, I), which vp() keeps
 * denoiser({ spec, shape: [2], process: vp(), prediction: 'score', raw }).data(ops.constant([1, 2]), ops.scalar(0.5));
 */
export const denoiser = <const S extends Shape, T extends Terminal>(parts: DenoiserParts<S, T>): Denoiser<S, T> => {
  const { prediction, process, shape, spec, declaration = declare('network', spec.type) } = parts;
  const raw = ownedField(declaration, parts.raw);
  const fits = (x: Expr): Expr =>
    sameShape(x.shape, shape)
      ? x
      : raise('ShapeError', spec.type, 'the event has another shape', {
          expected: showShape(shape),
          got: showShape(x.shape),
        });
  const derived =
    (to: Prediction): Field =>
    (x, t) =>
      Sc.map((said: Expr) => convert(prediction, to, process)(x, t, said))(raw(fits(x), t));
  const said = (to: Prediction): Field => {
    const given = parts[to];
    return given === undefined ? derived(to) : ownedField(declaration, given);
  };
  return {
    ...parts,
    declaration,
    raw,
    data: said('data'),
    noise: said('noise'),
    score: said('score'),
    velocity: said('velocity'),
  };
};

/** Anything where P can be predicted on a process with terminal T; else a type without values, with the sentence that says why. */
export type Predictable<P extends Prediction, T extends Terminal> = T extends 'pure'
  ? P extends 'noise' | 'score'
    ? {
        readonly because: 'this process ends in pure noise (α = 0), where the noise says nothing about the data: predict data or velocity';
      }
    : unknown
  : unknown;

/** Options of {@link predict}. */
export interface PredictOptions<S extends Shape> {
  readonly shape: S;
  /** How the network is scaled; default {@link standard}. */
  readonly preconditioning?: Preconditioning;
}

/**
 * The denoiser of a network that predicts noise, data, score or velocity: raw(x, t) = c_skip x + c_out net(c_in x, c_noise), with the scalings of a {@link
 * Preconditioning}. Parameters stand at `net`. Cost: one evaluation of the network. Noise and score cannot be predicted on a process that ends in pure noise:
 * that does not compile, and throws `ArgumentError` for declarations from JSON. Throws `ShapeError`, when evaluated, where the event has another shape.
 *
 * @example
 * predict('velocity', vp(), resMlp([16]), { shape: [2] }).score(ops.input('x', [2]), ops.scalar(0.5));
 */
export const predict = define(
  denoiserKind,
  {
    type: 'predict',
    about: 'A network that predicts the noise, the data, the score or the velocity.',
    takes: ['prediction', 'process', 'network'],
    required: {
      prediction: oneOf(['noise', 'data', 'score', 'velocity']),
      shape: shapeCodec,
      process: nested(processKind),
      network: nested(noiseNetworkKind),
    },
    optional: { preconditioning: nested(preconditioningKind) },
    build: ({ prediction, process, network, ...rest }): Denoiser =>
      predict(prediction as 'data', process, network, rest),
    examples: [
      { prediction: 'noise', shape: [2], process: { type: 'vp' }, network: smallResMlp },
      {
        prediction: 'velocity',
        shape: [2],
        process: { type: 've' },
        network: smallResMlp,
        preconditioning: { type: 'standard', sigmaData: 0.5 },
      },
    ],
  },
  <const S extends Shape, const P extends Prediction, T extends Terminal>(
    prediction: P & Predictable<P, T>,
    process: Process<T>,
    network: Pick<NoiseConditioned, 'spec' | 'apply' | 'declaration'>,
    { shape, preconditioning = standard() }: PredictOptions<S>,
  ): Denoiser<S, T> => {
    const kind: Prediction = prediction;
    if (process.terminal === 'pure' && (kind === 'noise' || kind === 'score'))
      return raise('ArgumentError', 'predict', `${kind} cannot be predicted on a process that ends in pure noise`, {
        expected: 'data or velocity',
        got: kind,
      });
    return denoiser({
      spec: {
        type: 'predict',
        prediction: kind,
        shape,
        process: process.spec,
        network: network.spec,
        preconditioning: preconditioning.spec,
      },
      shape,
      process,
      prediction: kind,
      ...(network.declaration === undefined ? {} : { declaration: network.declaration }),
      raw: (x, t) => (scope) => {
        const c = preconditioning.scalings(kind, process)(t);
        const said = Sc.at('net', (inner) => o.label(inner.path, network.apply(o.mul(c.in, x), c.noise, shape)(inner)))(
          scope,
        );
        const out = o.mul(c.out, said);
        return c.skip === undefined ? out : o.add(o.mul(c.skip, x), out);
      },
    });
  },
);
