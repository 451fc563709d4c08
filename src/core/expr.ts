/**
 * The tensor language: immutable expression nodes over a closed union of primitives.
 *
 * An {@link Expr} is data. Nothing here computes: transformations (`vjp`, `jvp`, `vmap`, `simplify`) map expressions to
 * expressions, and interpreters (`reference`, `onnx`, `tfjs`) turn finished expressions into arrays. Every
 * transformation and interpreter is a *total* record over the tags of {@link Attributes}: a forgotten primitive does not
 * compile.
 *
 * Element types are `real` (float32 or float64: the interpreter's choice), `int32` and `bool`. Primitives do not
 * broadcast: operands of an elementwise primitive have one shape; the smart constructors in `ops/` insert `broadcast`.
 */
import type { NoiseDist } from './noise.ts';
import type { Reading } from './reading.ts';
import type { Shape } from './shape.ts';
import { printed } from './show-expr.ts';
import { topological } from './topological.ts';

export type { NoiseDist };
export { topological };

/** Element type of an expression; `real` is float32 or float64, whichever the program is compiled for. */
export type ElementType = 'real' | 'int32' | 'bool';

/** No attributes. */
export type None = Readonly<Record<never, never>>;

/** Window arithmetic shared by the three convolution primitives (NCHW data, OIHW kernels). */
export interface Conv2dAttributes {
  readonly stride: readonly [number, number];
  /** `[[top, bottom], [left, right]]` zero padding. */
  readonly padding: readonly [readonly [number, number], readonly [number, number]];
  readonly groups: number;
}

/** A sub-program: `results` as expressions of the bound `variables` (closed: it mentions no other variable). */
export interface Lambda {
  readonly variables: readonly Expr[];
  readonly results: readonly Expr[];
}

/** The claimant of a parameter: the reading in which it was named, and the declarations around it, outermost first. No part of its identity. */
export interface Claim {
  readonly reading: Reading | undefined;
  readonly owners: readonly object[];
}

/** Every primitive with the attributes it carries; the keys are the tags of {@link Expr}. */
export interface Attributes {
  // leaves
  readonly constant: { readonly data: Float64Array | Int32Array | Uint8Array };
  readonly variable: { readonly id: number };
  readonly input: { readonly name: string };
  /**
   * A free parameter, or (`role`) a buffer. `definition` is its initial value as an expression over noise, constants, (data-dependent) inputs and other
   * parameters; `kind` says what it is in its layer (a kernel, a bias), `claim` whose it is. A `sharded` buffer has rows that belong to examples.
   */
  readonly parameter: {
    readonly name: string;
    readonly definition: Expr;
    readonly kind?: string;
    readonly claim?: Claim;
    readonly role?: 'buffer';
    readonly sharded?: true;
  };
  /** Free noise. The first `batch` axes are indices of examples: element (i, e) depends on (seed, step, path, i, e) alone. */
  readonly noise: { readonly dist: NoiseDist; readonly path: string; readonly batch: number };
  // elementwise, one operand
  readonly neg: None;
  readonly abs: None;
  readonly sign: None;
  readonly floor: None;
  readonly exp: None;
  readonly expm1: None;
  readonly log: None;
  readonly log1p: None;
  readonly sqrt: None;
  readonly sin: None;
  readonly cos: None;
  readonly tanh: None;
  readonly sigmoid: None;
  readonly softplus: None;
  readonly relu: None;
  readonly erf: None;
  readonly lgamma: None;
  /** ψ⁽ⁿ⁾, the n-th derivative of digamma; `order: 0` is digamma itself. Defined here for x > 0. */
  readonly polygamma: { readonly order: number };
  readonly not: None;
  readonly cast: None;
  // elementwise, two operands
  readonly add: None;
  readonly sub: None;
  readonly mul: None;
  readonly div: None;
  readonly pow: None;
  readonly max: None;
  readonly min: None;
  readonly less: None;
  readonly lessEqual: None;
  readonly equal: None;
  readonly and: None;
  readonly or: None;
  // elementwise, three operands: condition, then, else
  readonly select: None;
  // reductions and scans along axes
  readonly sum: { readonly axes: readonly number[] };
  readonly reduceMax: { readonly axes: readonly number[] };
  readonly argMax: { readonly axis: number };
  readonly cumsum: { readonly axis: number; readonly reverse: boolean };
  /** Indices that sort an axis ascending, stable. */
  readonly argSort: { readonly axis: number };
  // structure
  readonly reshape: None;
  readonly transpose: { readonly permutation: readonly number[] };
  /** Repeats axes of size 1; ranks agree. */
  readonly broadcast: None;
  readonly slice: {
    readonly start: readonly number[];
    readonly limit: readonly number[];
    readonly stride: readonly number[];
  };
  /** Zeros before, after and between elements of each axis: the transpose of a strided slice. */
  readonly pad: {
    readonly low: readonly number[];
    readonly high: readonly number[];
    readonly interior: readonly number[];
  };
  readonly concat: { readonly axis: number };
  readonly reverse: { readonly axes: readonly number[] };
  /** `gather(x, i)`: shape x[:axis] ++ i ++ x[axis+1:]. */
  readonly gather: { readonly axis: number };
  /** `scatterAdd(i, u)`: the transpose of gather; zeros of size `size` at `axis`, plus u at i. */
  readonly scatterAdd: { readonly axis: number; readonly size: number };
  // linear algebra
  /** `[…, m, k] × […, k, n]`, equal leading axes. */
  readonly matmul: None;
  /** X with op(A) X = B, A `[…, n, n]` triangular, B `[…, n, m]`. */
  readonly triangularSolve: { readonly lower: boolean; readonly unit: boolean; readonly transpose: boolean };
  readonly conv2d: Conv2dAttributes;
  readonly conv2dInputGradient: Conv2dAttributes;
  readonly conv2dKernelGradient: Conv2dAttributes;
  // control and marks
  readonly stopGradient: None;
  /** The identity, carrying the path of the layer that built it: used to report where a value became non-finite. In a loop of layers, the path in each iteration. */
  readonly label: { readonly path: string; readonly paths?: readonly string[] };
  /** Mean over the examples of the enclosing `vmap` of that name; the identity outside one. */
  readonly batchMean: { readonly axis: string };
  /**
   * The identity on `value`, the first of its inputs `[value, next]`: buffer `name` becomes `next` once the move is over. With `after`, parameters
   * in `next` are read after the move of that name; `buffer` is its leaf, which nothing else may mention. No interpreter computes `next` (see `advances.ts`).
   */
  readonly advance: { readonly name: string; readonly after?: string; readonly buffer?: Expr };
  /**
   * A bounded loop. Inputs are `carries` initial carries, then `sequences` arrays with leading axis `length`, then closed-over
   * values. The body maps (carry…, slice…, closure…) to (carry…, output…); results are final carries, then stacked outputs. With
   * `until`, the body's last result is a flag: once it is true no more iterations run, and the outputs of those are zeros.
   */
  readonly scan: {
    readonly length: number;
    readonly carries: number;
    readonly sequences: number;
    readonly until: boolean;
    readonly body: Lambda;
  };
  /**
   * One of two branches, by the flag. Inputs are the flag and closed-over values, which both branches take; only the branch taken is computed.
   */
  readonly cond: { readonly branches: readonly [then: Lambda, otherwise: Lambda] };
  /**
   * Values with a reverse derivative of their own. `forward` maps the inputs to the results; `backward` maps the inputs, the results and the cotangents of the real
   * results to cotangents of the real inputs. Programs hold `forward` alone (see `custom.ts`).
   */
  readonly custom: { readonly forward: Lambda; readonly backward: Lambda };
  /** One result of a `scan`, a `cond` or a `custom`. */
  readonly project: { readonly index: number };
}

/** The tag of a primitive. */
export type Op = keyof Attributes;

/** A node of one primitive. */
export interface Node<O extends Op> {
  readonly op: O;
  readonly inputs: readonly Expr[];
  readonly attributes: Attributes[O];
  readonly shape: Shape;
  readonly type: ElementType;
}

/** An expression: a node of any primitive. */
export type Expr = { readonly [O in Op]: Node<O> }[Op];

/** A total table over the primitives. */
export type RuleTable<Args extends readonly unknown[], R> = {
  readonly [O in Op]: (node: Node<O>, ...args: Args) => R;
};

/** Looks up and applies the rule for a node's tag. */
export const applyRule = <Args extends readonly unknown[], R>(
  table: RuleTable<Args, R>,
  node: Expr,
  ...args: Args
): R => (table[node.op] as (node: Expr, ...args: Args) => R)(node, ...args);

/** Builds a node. Only smart constructors and transformations call it: it checks nothing. */
export const makeNode = <O extends Op>(
  op: O,
  inputs: readonly Expr[],
  attributes: Attributes[O],
  shape: Shape,
  type: ElementType,
): Expr => {
  const node = { __proto__: printed, op, inputs, attributes, shape, type } as Expr;
  recording?.add(node);
  return node;
};

let recording: Set<Expr> | undefined;

/** What a function gives, and the nodes that were made while it ran: what belongs to a branch, as opposed to what was there before. */
export const recorded = <A>(f: () => A): { readonly value: A; readonly made: ReadonlySet<Expr> } => {
  const outer = recording;
  const made = new Set<Expr>();
  recording = made;
  try {
    return { value: f(), made };
  } finally {
    recording = outer;
    if (outer !== undefined) for (const e of made) outer.add(e);
  }
};

let freshVariables = 0;

/** A fresh bound variable. Its identity is invisible: hashing and equality rename bound variables. */
export const variable = (shape: Shape, type: ElementType = 'real'): Expr =>
  makeNode('variable', [], { id: ++freshVariables }, shape, type);

/** The same primitive over other inputs (which must have the same shapes and types). */
export const withInputs = (e: Expr, inputs: readonly Expr[]): Expr =>
  inputs.every((x, i) => x === e.inputs[i]) ? e : makeNode(e.op, inputs, e.attributes as never, e.shape, e.type);

/**
 * Rebuilds expressions with the keys of `replacements` replaced; shared parts stay shared. Cost: linear in the number of nodes.
 *
 * @example
 * const x = input('x', []);
 * value(substitute([ops.exp(x)], new Map([[x, ops.scalar(0)]]))[0]);   // 1
 */
export const substitute = (roots: readonly Expr[], replacements: ReadonlyMap<Expr, Expr>): Expr[] => {
  const out = new Map<Expr, Expr>(replacements);
  for (const e of topological(roots, (x) => replacements.has(x)))
    if (!out.has(e))
      out.set(
        e,
        withInputs(
          e,
          e.inputs.map((x) => out.get(x)!),
        ),
      );
  return roots.map((e) => out.get(e)!);
};

/** Applies a lambda: its results with arguments in place of the bound variables. */
export const applyLambda = (f: Lambda, args: readonly Expr[]): Expr[] =>
  substitute(f.results, new Map(f.variables.map((v, i) => [v, args[i]] as const)));

/** Result shapes and types of a scan: final carries, then stacked outputs. */
export const scanResults = (e: Node<'scan'>): { readonly shape: Shape; readonly type: ElementType }[] =>
  (e.attributes.until ? e.attributes.body.results.slice(0, -1) : e.attributes.body.results).map((r, i) => ({
    shape: i < e.attributes.carries ? r.shape : [e.attributes.length, ...r.shape],
    type: r.type,
  }));

/** The set of nodes that depend on one of `sources` (the sources included). */
export const dependents = (order: readonly Expr[], sources: Iterable<Expr>): Set<Expr> => {
  const set = new Set<Expr>(sources);
  for (const e of order) if (!set.has(e) && e.inputs.some((x) => set.has(x))) set.add(e);
  return set;
};
