/** Constraints, initialisers, and initialisation as one pure pass of substitution. */
import { raise } from './errors.ts';
import { type Expr, topological, withInputs } from './expr.ts';
import * as o from './ops/index.ts';
import { map, normal, of, type Random, scanRandom, uniform } from './random.ts';
import { type Shape, sameShape, showShape, sizeOf } from './shape.ts';
import { vectorize } from './vectorize.ts';

export * from './constraints.ts';

/** The initial value of a parameter of some shape; noise in it is keyed by the parameter's name. */
export type Initializer = (shape: Shape) => Random<Expr>;

/**
 * All zeros.
 *
 * @example
 * value(scope.parameter('w', [2], { init: parameters.zeros }));   // [0, 0]
 */
export const zeros: Initializer = (shape) => of(o.broadcastTo(0, shape));
/**
 * All ones.
 *
 * @example
 * value(scope.parameter('w', [2], { init: parameters.ones }));   // [1, 1]
 */
export const ones: Initializer = (shape) => of(o.broadcastTo(1, shape));
/**
 * The same number for every element.
 *
 * @example
 * value(scope.parameter('w', [2], { init: parameters.constantly(3) }));   // [3, 3]
 */
export const constantly =
  (value: number): Initializer =>
  (shape) =>
    of(o.broadcastTo(value, shape));
/**
 * The value of an expression: of constants, or (data-dependent) of the input of the layer through `batchMean`.
 *
 * @example
 * value(scope.parameter('w', [2], { init: parameters.from(ops.array([1, 2])) }));   // [1, 2]
 */
export const from =
  (value: Expr): Initializer =>
  () =>
    of(value);
/**
 * Independent N(0, deviation²).
 *
 * @example
 * value(scope.parameter('w', [2, 2], { init: parameters.normalInit(0.1) }), { seed: 0 });
 */
export const normalInit =
  (deviation: number): Initializer =>
  (shape) =>
    map((e: Expr) => o.mul(deviation, e))(normal(shape));
/**
 * Independent and uniform on (−limit, limit).
 *
 * @example
 * value(scope.parameter('w', [2, 2], { init: parameters.uniformInit(0.1) }), { seed: 0 });
 */
export const uniformInit =
  (limit: number): Initializer =>
  (shape) =>
    map((u: Expr) => o.mul(limit, o.sub(o.mul(2, u), 1)))(uniform(shape));

/** Inputs feeding one output of a weight array `[in, out]` or `[out, in, h, w]`. */
const fans = (shape: Shape): readonly [number, number] => {
  if (shape.length === 4) return [sizeOf(shape.slice(1)), shape[0] * shape[2] * shape[3]];
  return shape.length < 2 ? [sizeOf(shape), sizeOf(shape)] : [shape[shape.length - 2], shape[shape.length - 1]];
};

/**
 * Uniform on ±√(6 / (in + out)), for tanh and sigmoid. Source: Glorot & Bengio (2010).
 *
 * @example
 * value(scope.parameter('w', [2, 2], { init: parameters.glorot }), { seed: 0 });
 */
export const glorot: Initializer = (shape) => {
  const [a, b] = fans(shape);
  return uniformInit(Math.sqrt(6 / (a + b)))(shape);
};
/**
 * Normal with variance 2 / in, for ReLU. Source: He et al. (2015, arXiv:1502.01852).
 *
 * @example
 * value(scope.parameter('w', [2, 2], { init: parameters.he }), { seed: 0 });
 */
export const he: Initializer = (shape) => normalInit(Math.sqrt(2 / fans(shape)[0]))(shape);
/**
 * Uniform on ±1/√in: the default of linear and convolution layers of PyTorch.
 *
 * @example
 * value(scope.parameter('w', [2, 2], { init: parameters.fanIn(2) }), { seed: 0 });
 */
export const fanIn =
  (inputs: number): Initializer =>
  (shape) =>
    uniformInit(1 / Math.sqrt(inputs))(shape);

/**
 * A random orthogonal matrix `[n, n]`: a product of n Householder reflections along normal vectors. Throws `ShapeError` where the matrix is not square. Source: Stewart
 * (1980).
 *
 * @example
 * value(scope.parameter('w', [2, 2], { init: parameters.orthogonal }), { seed: 0 });
 */
export const orthogonal: Initializer = (shape) => {
  const [n, m] = shape;
  if (shape.length !== 2 || n !== m)
    return raise('ShapeError', '', 'orthogonal: not a square matrix', { expected: '[n, n]', got: showShape(shape) });
  const loop = scanRandom({
    length: n,
    init: [o.eye(n)],
    body: ([q]) =>
      map((v: Expr) => {
        const column = o.reshape(v, [n, 1]);
        const scale = o.div(2, o.sum(o.square(v)));
        return { carry: [o.sub(q, o.mul(scale, o.matmul(column, o.matmul(o.reshape(v, [1, n]), q))))] };
      })(normal([n])),
  });
  return map((r: { readonly carry: readonly Expr[] }) => r.carry[0])(loop);
};

/**
 * A placeholder, in the definition of a parameter, for the initial value of another parameter: see `startingFrom`.
 *
 * @example
 * parameters.initialOf('encoder/w', [2]).shape;   // [2]
 */
export const initialOf = (name: string, shape: Shape): Expr => o.input(`${INITIAL}${name}`, shape);
const INITIAL = 'initial value of ';

/**
 * Initial values of parameters as expressions without parameters: each parameter is replaced by its definition, recursively. With `examples`, definitions may depend on
 * data: `input` is the placeholder of an event, vectorised over the examples of its batch with collectives. One pure pass: there is no "initialised" flag.
 *
 * Throws `ArgumentError` where a definition depends on single examples (it must reduce them with `batchMean`), or where parameters start from each other in a cycle. Expressions
 * in `known` replace the parameters of those names.
 *
 * @example
 * const w = scope.parameter('w', [2], { init: parameters.ones })(scope.root);
 * value(parameters.initialValues(parametersOf([w])));   // [[1, 1]]
 */
export const initialValues = (
  parameters: readonly Expr[],
  examples: readonly { readonly input: Expr; readonly batch: Expr }[] = [],
  known: ReadonlyMap<string, Expr> = new Map(),
): Expr[] => {
  const done = new Map<Expr, Expr>();
  const byName = new Map(parameters.map((p) => [p.op === 'parameter' ? p.attributes.name : '', p] as const));
  const opened = new Set<string>();
  /** The first value of the parameter of a name, which another starts from. */
  const named = (name: string, shape: Shape): Expr => {
    const found =
      byName.get(name) ?? raise('ArgumentError', name, 'a parameter starts from one that the model does not have');
    if (!sameShape(found.shape, shape))
      raise('ShapeError', name, 'a parameter starts from one of another shape', {
        expected: showShape(shape),
        got: showShape(found.shape),
      });
    if (opened.has(name)) raise('ArgumentError', name, 'parameters start from each other in a circle');
    opened.add(name);
    const value = resolve(found);
    opened.delete(name);
    return value;
  };
  const resolve = (e: Expr): Expr => {
    for (const x of topological([e], (y) => done.has(y)))
      if (!done.has(x)) {
        if (x.op === 'parameter') done.set(x, known.get(x.attributes.name) ?? resolve(x.attributes.definition));
        else if (x.op === 'input' && x.attributes.name.startsWith(INITIAL))
          done.set(x, named(x.attributes.name.slice(INITIAL.length), x.shape));
        else done.set(x, withInputs(x, x.inputs.map((y) => done.get(y)!))); // biome-ignore format: one idea
      }
    return done.get(e)!;
  };
  const closed = parameters.map(resolve);
  if (examples.length === 0) return closed;
  const bound = new Map(examples.map(({ input, batch }) => [input, { value: batch, mapped: true }] as const));
  const lanes = vectorize(closed, bound, {
    size: examples[0].batch.shape[0],
    axis: 'batch',
    fresh: (path) => !path.startsWith('init:') && !path.startsWith('carried:'),
  });
  return lanes.map((l, i) => {
    const p = parameters[i];
    return l.mapped
      ? raise(
          'ArgumentError',
          p.op === 'parameter' ? p.attributes.name : '',
          'the initial value depends on single examples: reduce them with batchMean',
        )
      : l.value;
  });
};
