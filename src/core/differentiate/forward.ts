/** Forward mode: `jvp`. One rule per primitive, each an expression, so modes mix freely and to any order. */

import { bodiesOf } from '../bodies.ts';
import { raise } from '../errors.ts';
import {
  applyLambda,
  applyRule,
  dependents,
  type Expr,
  makeNode,
  type Node,
  type Op,
  type RuleTable,
  topological,
  variable,
} from '../expr.ts';
import * as o from '../ops/index.ts';
import { sameShape, showShape } from '../shape.ts';
import { zerosLike } from './reverse.ts';
import { isReal, powSlope } from './reverse-rules.ts';

/** Tangent of each input; `undefined` is zero. */
type Tangents = readonly (Expr | undefined)[];

const self = (node: Node<Op>): Expr => node as Expr;
const zero = (): undefined => undefined;

/** A primitive that is linear in its one operand: its tangent is itself applied to the tangent. */
const linear = (n: Node<Op>, [t]: Tangents): Expr | undefined =>
  t && makeNode(n.op, [t], n.attributes as never, n.shape, n.type);

const derivative =
  (f: (x: Expr, y: Expr) => Expr) =>
  (n: Node<Op>, [t]: Tangents): Expr | undefined =>
    t && o.mul(t, f(n.inputs[0], self(n)));

const plus = (a: Expr | undefined, b: Expr | undefined): Expr | undefined =>
  a === undefined ? b : b === undefined ? a : o.add(a, b);

/** A primitive that is linear in each of its two operands. */
const bilinear = (n: Node<Op>, [ta, tb]: Tangents): Expr | undefined => {
  const [a, b] = n.inputs;
  const apply = (x: Expr, y: Expr): Expr => makeNode(n.op, [x, y], n.attributes as never, n.shape, n.type);
  return plus(ta && apply(ta, b), tb && apply(a, tb));
};

const choose = (condition: Expr, a: Expr | undefined, b: Expr | undefined): Expr | undefined =>
  a === undefined && b === undefined ? undefined : o.where(condition, a ?? 0, b ?? 0);

/** The forward rule of every primitive except `scan` and `project`, handled together below. */
export const forwardRules: RuleTable<[tangents: Tangents], Expr | undefined> = {
  constant: zero,
  variable: zero,
  input: zero,
  parameter: zero,
  noise: zero,
  neg: linear,
  abs: derivative((x) => o.sign(x)),
  sign: zero,
  floor: zero,
  exp: derivative((_, y) => y),
  expm1: derivative((x) => o.exp(x)),
  log: (n, [t]) => t && o.div(t, n.inputs[0]),
  log1p: (n, [t]) => t && o.div(t, o.add(1, n.inputs[0])),
  sqrt: (n, [t]) => t && o.div(o.mul(0.5, t), self(n)),
  sin: derivative((x) => o.cos(x)),
  cos: derivative((x) => o.neg(o.sin(x))),
  tanh: derivative((_, y) => o.sub(1, o.square(y))),
  sigmoid: derivative((_, y) => o.mul(y, o.sub(1, y))),
  softplus: derivative((x) => o.sigmoid(x)),
  relu: (n, [t]) => t && o.where(o.less(0, self(n)), t, 0),
  erf: derivative((x) => o.mul(2 / Math.sqrt(Math.PI), o.exp(o.neg(o.square(x))))),
  lgamma: derivative((x) => o.digamma(x)),
  polygamma: (n, [t]) => t && o.mul(t, o.polygamma(n.attributes.order + 1, n.inputs[0])),
  not: zero,
  cast: zero,
  add: (_, [ta, tb]) => plus(ta, tb),
  sub: (_, [ta, tb]) => (ta === undefined ? tb && o.neg(tb) : tb === undefined ? ta : o.sub(ta, tb)),
  mul: bilinear,
  div: (n, [ta, tb]) => plus(ta && o.div(ta, n.inputs[1]), tb && o.neg(o.div(o.mul(tb, self(n)), n.inputs[1]))),
  pow: (n, [ta, tb]) => {
    const [a, b] = n.inputs;
    return plus(ta && o.mul(ta, powSlope(a, b)), tb && o.mul(tb, o.mul(self(n), o.log(o.where(o.less(0, a), a, 1)))));
  },
  max: (n, [ta, tb]) => choose(o.lessEqual(n.inputs[1], n.inputs[0]), ta, tb),
  min: (n, [ta, tb]) => choose(o.lessEqual(n.inputs[0], n.inputs[1]), ta, tb),
  less: zero,
  lessEqual: zero,
  equal: zero,
  and: zero,
  or: zero,
  select: (n, [, ta, tb]) => choose(n.inputs[0], ta, tb),
  sum: linear,
  reduceMax: (n, [t]) => {
    if (t === undefined) return undefined;
    const [x, axes] = [n.inputs[0], n.attributes.axes];
    const hit = o.cast(o.equal(x, o.restoreAxes(self(n), x, axes)), 'real');
    return o.div(o.sum(o.mul(hit, t), axes), o.sum(hit, axes));
  },
  argMax: zero,
  cumsum: linear,
  argSort: zero,
  reshape: linear,
  transpose: linear,
  broadcast: linear,
  slice: linear,
  pad: linear,
  concat: (n, ts) =>
    ts.every((t) => t === undefined)
      ? undefined
      : o.concat(
          n.inputs.map((x, i) => ts[i] ?? zerosLike(x)),
          n.attributes.axis,
        ),
  reverse: linear,
  gather: (n, [t]) => t && o.gather(t, n.inputs[1], n.attributes.axis),
  scatterAdd: (n, [, t]) => t && o.scatterAdd(n.inputs[0], t, n.attributes.size, n.attributes.axis),
  matmul: bilinear,
  triangularSolve: (n, [ta, tb]) => {
    const { lower, unit, transpose } = n.attributes;
    const solve = (b: Expr): Expr => o.triangularSolve(n.inputs[0], b, n.attributes);
    const fromA = (t: Expr): Expr => {
      const half = o.triangle(t, lower, unit);
      return o.neg(solve(o.matmul(transpose ? o.transpose(half) : half, self(n))));
    };
    return plus(ta && fromA(ta), tb && solve(tb));
  },
  conv2d: bilinear,
  conv2dInputGradient: bilinear,
  conv2dKernelGradient: bilinear,
  stopGradient: zero,
  label: (_, [t]) => t,
  batchMean: linear,
  advance: (_, [t]) => t,
  scan: () => raise('ArgumentError', 'jvp', 'a scan has no single tangent'),
  cond: () => raise('ArgumentError', 'jvp', 'a cond has no single tangent'),
  custom: () => raise('ArgumentError', 'jvp', 'a custom derivative has no single tangent'),
  project: () => raise('ArgumentError', 'jvp', 'a projection belongs to its scan'),
};

/** The tangents of a scan's results: a scan over values and tangents together. */
const forwardScan = (e: Node<'scan'>, tangents: Tangents): (Expr | undefined)[] => {
  const { length, carries, sequences, until, body } = e.attributes;
  const init = e.inputs.slice(0, carries);
  const xs = e.inputs.slice(carries, carries + sequences);
  const closure = e.inputs.slice(carries + sequences);
  const results = until ? body.results.slice(0, -1) : body.results;
  const flags = body.results.slice(results.length);
  const tangentOf = (x: Expr, i: number): Expr | undefined => (isReal(x) ? (tangents[i] ?? zerosLike(x)) : undefined);
  const both = (all: readonly Expr[], from: number): Expr[] => [
    ...all,
    ...all.map((x, i) => tangentOf(x, from + i)).filter((t) => t !== undefined),
  ];
  const result = o.scan({
    length,
    init: both(init, 0),
    xs: both(xs, carries),
    body: (cs, slices) => {
      const c = cs.slice(0, carries);
      const x = slices.slice(0, sequences);
      const vs = [...c, ...x, ...closure].map((v) => variable(v.shape, v.type));
      const ts = [
        ...pair(c, cs.slice(carries)),
        ...pair(x, slices.slice(sequences)),
        ...closure.map((v, i) => (isReal(v) ? tangents[carries + sequences + i] : undefined)),
      ];
      const all = applyLambda({ variables: body.variables, results: [...results, ...flags] }, vs);
      const out = all.slice(0, results.length);
      const dots = jvpPartial(out, vs, ts);
      const dotsOrZero = out.map((r, i) => dots[i] ?? (isReal(r) ? zerosLike(r) : r));
      const actual = applyLambda({ variables: vs, results: [...out, ...dotsOrZero, ...all.slice(out.length)] }, [
        ...c,
        ...x,
        ...closure,
      ]);
      const real = out.map((r) => isReal(r));
      const dotted = actual.slice(out.length, 2 * out.length);
      return {
        done: actual[2 * out.length],
        carry: [...actual.slice(0, carries), ...dotted.slice(0, carries).filter((_, i) => real[i])],
        ys: [...actual.slice(carries, out.length), ...dotted.slice(carries).filter((_, i) => real[carries + i])],
      };
    },
  });
  const carryDots = result.carry.slice(carries);
  const yDots = result.ys.slice(results.length - carries);
  return [...pair(results.slice(0, carries), carryDots), ...pair(results.slice(carries), yDots)];
};

/** The tangents of a cond's results: a cond over the tangents of either branch. */
const forwardCond = (e: Node<'cond'>, tangents: Tangents): (Expr | undefined)[] => {
  const [flag, ...closure] = e.inputs;
  const moving = closure.map((_, i) => tangents[i + 1]);
  const given = moving.filter((t) => t !== undefined);
  const { results } = e.attributes.branches[0];
  const real = results.flatMap((r, i) => (isReal(r) ? [i] : []));
  let asked: number[] = [];
  const dots = o.condOver(flag, [...closure, ...given], (vars) => {
    const at = vars.slice(0, closure.length);
    let k = closure.length;
    const along = moving.map((t) => (t === undefined ? undefined : vars[k++]));
    const [a, b] = bodiesOf(e as Expr).map((f) => jvpPartial(applyLambda(f, at), at, along));
    asked = real.filter((i) => a[i] !== undefined || b[i] !== undefined);
    const side = (ds: Tangents): Expr[] => asked.map((i) => ds[i] ?? zerosLike(results[i]));
    return [side(a), side(b)];
  });
  return results.map((_, i) => dots[asked.indexOf(i)]);
};

/** The tangents of a custom node's results: those of its value, whatever it declares for reverse mode. */
const forwardCustom = (e: Node<'custom'>, tangents: Tangents): (Expr | undefined)[] => {
  const { variables, results } = e.attributes.forward;
  const dots = jvpPartial(results, variables, tangents);
  const moving = dots.flatMap((d, i) => (d === undefined ? [] : [i]));
  const found = applyLambda({ variables, results: moving.map((i) => dots[i]!) }, e.inputs);
  return results.map((_, i) => found[moving.indexOf(i)]);
};

const pair = (values: readonly Expr[], dots: readonly Expr[]): (Expr | undefined)[] => {
  let k = 0;
  return values.map((v) => (isReal(v) ? dots[k++] : undefined));
};

const jvpPartial = (outputs: readonly Expr[], wrt: readonly Expr[], tangents: Tangents): (Expr | undefined)[] => {
  const order = topological(outputs);
  const live = wrt.filter((_, i) => tangents[i] !== undefined);
  const active = dependents(order, live);
  const t = new Map<Expr, Expr | undefined>();
  wrt.forEach((w, i) => {
    t.set(w, tangents[i]);
  });
  const seeded = new Set(wrt);
  const loops = new Map<Expr, (Expr | undefined)[]>();
  for (const e of order) {
    if (!active.has(e) || seeded.has(e)) continue;
    if (e.op === 'scan') loops.set(e, forwardScan(e, e.inputs.map((x) => t.get(x)))); // biome-ignore format: one idea
    else if (e.op === 'cond') loops.set(e, forwardCond(e, e.inputs.map((x) => t.get(x)))); // biome-ignore format: one idea
    else if (e.op === 'custom') loops.set(e, forwardCustom(e, e.inputs.map((x) => t.get(x)))); // biome-ignore format: one idea
    else if (e.op === 'project') t.set(e, loops.get(e.inputs[0])?.[e.attributes.index]);
    else if (isReal(e)) t.set(e, applyRule(forwardRules, e, e.inputs.map((x) => t.get(x)))); // biome-ignore format: one idea
  }
  return outputs.map((y) => t.get(y));
};

/**
 * Jacobian–vector product: the tangents of `outputs` when `wrt` moves along `tangents`. Exact; cost a small multiple of the program.
 *
 * @example
 * const x = input('x', [3]);
 * const [dy] = jvp([exp(x)], [x], [broadcastTo(1, [3])]);   // eˣ
 */
export const jvp = (outputs: readonly Expr[], wrt: readonly Expr[], tangents: readonly Expr[]): Expr[] => {
  wrt.forEach((x, i) => {
    if (!sameShape(tangents[i].shape, x.shape))
      raise('ShapeError', '', 'jvp: a tangent has another shape than its variable', {
        expected: showShape(x.shape),
        got: showShape(tangents[i].shape),
      });
  });
  return jvpPartial(outputs, wrt, tangents).map((t, i) => t ?? zerosLike(outputs[i]));
};
