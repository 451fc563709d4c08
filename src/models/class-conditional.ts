/**
 * Class-conditional flows. Conditioning is application: the networks of the layers read the class as well as the event, nothing else is new. A pair of
 * event and class is one vector (x, one-hot c), so training, evaluation and checkpoints are those of any law: {@link labelled} makes the data,
 * {@link withClass} the law p(x, c) = p(x | c) / K, {@link ofClass} the law of one class, with the same parameters. On the command line the last columns
 * of a file are the class: `train classConditional --classes 8 --data table.csv`.
 */
import { pipe } from 'fp-ts/lib/function.js';
import { type Conditional, conditional, logDensityGiven, sampleGiven } from '../algebra/conditional.ts';
import { type Dist, lawFrom } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { compose, type Endo, repeat } from '../algebra/transport.ts';
import { affineCoupling, reverse } from '../bijectors/index.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { uniform } from '../core/random.ts';
import { root } from '../core/scope.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { type Dataset, fromSource } from '../data/index.ts';
import { mlp, type Network } from '../nn/index.ts';
import type { FlowOptions } from './flows.ts';
import { type Events, overEvents } from './over-events.ts';

/** A network that reads a context beside its input: net(x, c). */
export const withContext = (network: Network, context: Expr): Network => ({
  spec: { type: 'withContext', network: network.spec, opaque: 'the context is an expression' },
  apply: (x, output) => network.apply(o.concat([flat(x), flat(context)], 0), output),
});

const flat = (x: Expr): Expr => o.reshape(x, [sizeOf(x.shape)]);

/**
 * RealNVP whose couplings read the class: (a, b) ↦ (a, b · e^{s(a, c)} + t(a, c)) (Dinh et al. 2017, arXiv:1605.08803; conditioned as in Winkler et
 * al. 2019, arXiv:1912.00042). A law over events for every one-hot class `[K]`.
 *
 * @example
 * const sides = fromRows('sides', Float32Array.of(-2, 0, -1, 1, 2, 0, 1, -1), [2], { labels: Int32Array.of(0, 0, 1, 1) });
 * const model = classConditional({ shape: [2] }, 2);
 * const training = fit({ objective: maximumLikelihood(withClass(model)), data: labelled(sides, 2), steps: 2000 });   // a task
 * const right = ofClass(model, 1);   // its law, over the parameters that training gives
 */
export const classConditional = (
  events: Events,
  classes: number,
  { layers = 8, hidden = [64, 64] }: FlowOptions = {},
): Conditional<readonly [number], Shape> => {
  const flow = (c: Expr): Endo<'bijective'> =>
    repeat(layers, compose(affineCoupling({ conditioner: withContext(mlp(hidden), c) }), reverse()));
  return conditional({
    spec: { type: 'classConditional', ...events, classes, layers, hidden },
    context: [classes],
    event: events.shape,
    given: (c) => () => overEvents(events, flow(c)),
  });
};

/** A conditional law whose context is a one-hot class; throws `ShapeError` where it cannot be. */
export const ofClasses = (part: Conditional<Shape, Shape>): Conditional<readonly [number], Shape> =>
  part.context.length === 1
    ? (part as Conditional<readonly [number], Shape>)
    : raise('ShapeError', part.spec.type, 'the context is not a class', {
        expected: '[K]',
        got: showShape(part.context),
      });

const GIVEN = 'given';

/** 0 for a one-hot vector, −∞ for any other. */
const oneHotOnly = (c: Expr): Expr => {
  const off = o.add(o.abs(o.sub(o.sum(c), 1)), o.sum(o.abs(o.mul(c, o.sub(c, 1)))));
  return o.where(o.less(0, off), Number.NEGATIVE_INFINITY, 0);
};

/** One of K classes with equal chances, as a one-hot vector. */
const drawClass = (classes: number): D.Draw<Expr> =>
  D.map((u: Expr) => {
    const k = o.min(o.floor(o.mul(classes, u)), classes - 1);
    return oneHot(k, classes);
  })(D.fromRandom(uniform([])));

const oneHot = (k: Expr | number, classes: number): Expr =>
  o.where(o.equal(o.cast(o.iota(classes), 'real'), o.broadcastTo(k, [classes])), o.broadcastTo(1, [classes]), 0);

/**
 * The law of event and class together, classes with equal chances: log p(x, c) = log p(x | c) − log K, over vectors (x, one-hot c) of D + K numbers.
 */
export const withClass = (part: Conditional<readonly [number], Shape>): Dist<readonly [number], Exact & Samples> => {
  const [classes] = part.context;
  const size = sizeOf(part.event);
  const joined = (x: Expr, c: Expr): Expr => o.concat([flat(x), c], 0);
  return lawFrom({
    shape: [size + classes],
    spec: { type: 'withClass', of: part.spec },
    evidence: part.given(oneHot(0, classes))(root).evidence,
    logDensity: (event) => {
      const c = o.sliceAxis(event, 0, size, size + classes);
      const x = o.reshape(o.sliceAxis(event, 0, 0, size), part.event);
      return pipe(
        D.at(GIVEN, logDensityGiven(part, c, x)),
        D.map((l) => o.add(o.sub(l, Math.log(classes)), oneHotOnly(c))),
      );
    },
    sample: pipe(
      drawClass(classes),
      D.chain((c) => pipe(D.at(GIVEN, sampleGiven(part, c)), D.map((s) => joined(s.value, c)))), // biome-ignore format: one idea
    ),
  });
};

/** The law of one class, over the parameters of {@link withClass}. Throws `ArgumentError` where there is no such class. */
export const ofClass = (part: Conditional<readonly [number], Shape>, k: number): Dist<Shape, Exact & Samples> => {
  const [classes] = part.context;
  if (!(Number.isInteger(k) && k >= 0 && k < classes))
    return raise('ArgumentError', 'ofClass', 'there is no such class', { expected: `0 … ${classes - 1}`, got: `${k}` });
  const c = oneHot(k, classes);
  return lawFrom<Shape, Exact & Samples>({
    shape: part.event,
    spec: { type: 'ofClass', class: k, of: part.spec },
    evidence: part.given(c)(root).evidence,
    logDensity: (x) => D.at(GIVEN, logDensityGiven(part, c, x)),
    sample: D.map((s: { readonly value: Expr }) => s.value)(D.at(GIVEN, sampleGiven(part, c))),
    sampleAndLogDensity: D.at(GIVEN, sampleGiven(part, c)),
  });
};

/**
 * Data with classes as data of {@link withClass}: rows (x, one-hot c), read as they are asked for. Throws `DataError` where there are no labels, or a
 * label is not a class.
 */
export const labelled = (data: Dataset, classes: number): Dataset => {
  const { labels } = data;
  if (labels === undefined) return raise('DataError', data.name, 'there are no labels: one class a row is needed');
  const bad = labels.findIndex((l) => l < 0 || l >= classes);
  if (bad >= 0)
    return raise('DataError', data.name, `row ${bad}: not a class`, { expected: `0 … ${classes - 1}`, got: `${labels[bad]}` }); // biome-ignore format: one sentence
  const width = sizeOf(data.shape);
  const read = (indices: ArrayLike<number>, out: Float32Array): void => {
    const plain = new Float32Array(indices.length * width);
    data.values.read(indices, plain);
    const row = width + classes;
    for (let i = 0; i < indices.length; i++) {
      out.fill(0, i * row, (i + 1) * row);
      out.set(plain.subarray(i * width, (i + 1) * width), i * row);
      out[i * row + width + labels[indices[i]]] = 1;
    }
  };
  return fromSource(data.name, { length: data.size, read }, [width + classes], {}, true);
};
