/** Reverse mode: `vjp` and what is built on it (`grad`, `valueAndGrad`). */
import { raise } from '../errors.ts';
import {
  applyLambda,
  applyRule,
  dependents,
  type Expr,
  type Node,
  scanResults,
  topological,
  variable,
} from '../expr.ts';
import * as o from '../ops/index.ts';
import { sameShape, showShape } from '../shape.ts';
import { closeTightly } from '../simplify/loops.ts';
import { reverseCond } from './reverse-cond.ts';
import { reverseCustom } from './reverse-custom.ts';
import { isReal, reverseRules } from './reverse-rules.ts';

/**
 * Zeros with the shape of an expression.
 *
 * @example
 * value(zerosLike(ops.array([1, 2])));   // [0, 0]
 */
export const zerosLike = (x: { readonly shape: readonly number[] }): Expr => o.broadcastTo(o.scalar(0), x.shape);

/**
 * Ones with the shape of an expression.
 *
 * @example
 * value(onesLike(ops.array([1, 2])));   // [1, 1]
 */
export const onesLike = (x: { readonly shape: readonly number[] }): Expr => o.broadcastTo(o.scalar(1), x.shape);

const accumulate = (a: Expr | undefined, b: Expr): Expr => (a === undefined ? b : o.add(a, b));

/**
 * Vector–Jacobian product: for outputs y(w) and cotangents ȳ, the expressions Σ ȳᵀ ∂y/∂w for each of `wrt`.
 *
 * `wrt` may be any nodes of the graph (inputs, parameters, or intermediate values). Exact, to any order: the result is an ordinary
 * expression. Cost: a small multiple of the forward program (each primitive's rule costs at most two of its own kind).
 *
 * @example
 * const x = input('x', [3]);
 * const [dx] = vjp([sum(square(x))], [x], [scalar(1)]);   // 2x
 */
export const vjp = (outputs: readonly Expr[], wrt: readonly Expr[], cotangents: readonly Expr[]): Expr[] => {
  const order = topological(outputs);
  const active = dependents(order, wrt);
  const g = new Map<Expr, Expr>();
  const loops = new Map<Expr, (Expr | undefined)[]>();
  outputs.forEach((y, i) => {
    const c = cotangents[i];
    if (!sameShape(c.shape, y.shape))
      raise('ShapeError', '', 'vjp: a cotangent has another shape than its output', {
        expected: showShape(y.shape),
        got: showShape(c.shape),
      });
    if (active.has(y) && isReal(y)) g.set(y, accumulate(g.get(y), c));
  });
  const send = (x: Expr, c: Expr | undefined): void => {
    if (c !== undefined && active.has(x) && isReal(x)) g.set(x, accumulate(g.get(x), c));
  };
  const stop = new Set(wrt);
  for (let i = order.length - 1; i >= 0; i--) {
    const e = order[i];
    if (!active.has(e)) continue;
    if (e.op === 'scan') {
      const cs = loops.get(e);
      if (cs !== undefined) {
        // Gradients of what is closed over are summed over iterations: of the small array, not of its repetition.
        const loop = closeTightly(e, stop);
        const gs = reverseScan(loop, cs, loop.inputs.map((x) => active.has(x) && isReal(x))); // biome-ignore format: one idea
        loop.inputs.forEach((x, k) => {
          send(x, gs[k]);
        });
      }
      continue;
    }
    if (e.op === 'cond') {
      const cs = loops.get(e);
      if (cs !== undefined)
        reverseCond(e, cs, e.inputs.map((x) => active.has(x) && isReal(x)), vjp).forEach((c, k) => {
          send(e.inputs[k], c);
        }); // biome-ignore format: one idea
      continue;
    }
    if (e.op === 'custom') {
      const cs = loops.get(e);
      if (cs !== undefined)
        reverseCustom(e, cs).forEach((c, k) => {
          send(e.inputs[k], c);
        });
      continue;
    }
    const ge = g.get(e);
    if (ge === undefined || (stop.has(e) && e.inputs.every((x) => !active.has(x)))) continue;
    if (e.op === 'project') {
      const loop = e.inputs[0];
      const cs = loops.get(loop) ?? [];
      cs[e.attributes.index] = accumulate(cs[e.attributes.index], ge);
      loops.set(loop, cs);
      continue;
    }
    const cs = applyRule(reverseRules, e, ge, e.inputs.map((x) => active.has(x) && isReal(x))); // biome-ignore format: one idea
    e.inputs.forEach((x, k) => {
      send(x, cs[k]);
    });
  }
  return wrt.map((w) => g.get(w) ?? zerosLike(w));
};

/**
 * The backward loop of a scan: the forward loop is run again keeping each iteration's incoming carry, then a loop from the end
 * carries the cotangents of the carry and sums those of closed-over values. Where the forward loop ended early, it is counted how many
 * iterations were run, and the backward loop runs as many.
 */
const reverseScan = (
  e: Node<'scan'>,
  cotangents: readonly (Expr | undefined)[],
  needs: readonly boolean[],
): (Expr | undefined)[] => {
  const { length, carries, sequences, until, body } = e.attributes;
  const init = e.inputs.slice(0, carries);
  const xs = e.inputs.slice(carries, carries + sequences);
  const closure = e.inputs.slice(carries + sequences);
  const results = scanResults(e);

  const forward = o.scan({
    length,
    init: until ? [...init, o.scalar(0, 'int32')] : init,
    xs,
    body: (all, x) => {
      const c = all.slice(0, carries);
      const out = applyLambda(body, [...c, ...x, ...closure]);
      const counted = until ? [o.add(all[carries], 1)] : [];
      return { carry: [...out.slice(0, carries), ...counted], ys: c, done: until ? out[out.length - 1] : undefined };
    },
  });

  const realCarry = init.map((c) => isReal(c));
  const realClosure = closure.map((c, k) => isReal(c) && needs[carries + sequences + k]);
  const wantX = xs.map((x, k) => isReal(x) && needs[carries + k]);
  const at = <A>(all: readonly A[], keep: readonly boolean[]): A[] => all.filter((_, i) => keep[i]);

  const ys = results.slice(carries).map((r, k) => cotangents[carries + k] ?? zerosLike(r));
  const realY = results.slice(carries).map((r) => r.type === 'real');
  const last = until ? o.sub(forward.carry[carries], 1) : o.scalar(length - 1, 'int32');
  const read = [...forward.ys, ...xs, ...at(ys, realY)];

  const backward = o.scan({
    length,
    init: [
      ...at(init, realCarry).map((c, k) => {
        const index = realCarry.map((r, j) => (r ? j : -1)).filter((j) => j >= 0)[k];
        return cotangents[index] ?? zerosLike(c);
      }),
      ...at(closure, realClosure).map(zerosLike),
      ...(until ? [last] : []),
    ],
    xs: until ? [] : read.map((x) => o.reverse(x, 0)),
    body: (state, rows) => {
      const k = state[state.length - 1];
      const slices = until ? read.map((x) => o.gather(x, k)) : rows;
      const c = slices.slice(0, carries);
      const x = slices.slice(carries, carries + sequences);
      const gy = slices.slice(carries + sequences);
      const nc = at(init, realCarry).length;
      const cv = c.map((v) => variable(v.shape, v.type));
      const xv = x.map((v) => variable(v.shape, v.type));
      const kv = closure.map((v) => variable(v.shape, v.type));
      const out = applyLambda(body, [...cv, ...xv, ...kv]);
      const outputs = [...at(out.slice(0, carries), realCarry), ...at(out.slice(carries), realY)];
      const wrt = [...at(cv, realCarry), ...at(xv, wantX), ...at(kv, realClosure)];
      const grads = vjp(outputs, wrt, [...state.slice(0, nc), ...gy]);
      const bound = new Map<Expr, Expr>([
        ...cv.map((v, i) => [v, c[i]] as const),
        ...xv.map((v, i) => [v, x[i]] as const),
        ...kv.map((v, i) => [v, closure[i]] as const),
      ]);
      const values = substituteAll(grads, bound);
      const nx = at(xs, wantX).length;
      return {
        carry: [
          ...values.slice(0, nc),
          ...values.slice(nc + nx).map((v, i) => o.add(state[nc + i], v)),
          ...(until ? [o.max(o.sub(k, 1), 0)] : []),
        ],
        ys: values.slice(nc, nc + nx),
        done: until ? o.lessEqual(k, 0) : undefined,
      };
    },
  });

  const nc = at(init, realCarry).length;
  const gInit = backward.carry.slice(0, nc);
  const gClosure = backward.carry.slice(nc, nc + at(closure, realClosure).length);
  const gXs = backward.ys.map((g) => (until ? fromLast(g, last) : o.reverse(g, 0)));
  const spread = (keep: readonly boolean[], values: readonly Expr[]): (Expr | undefined)[] => {
    let k = 0;
    return keep.map((yes) => (yes ? values[k++] : undefined));
  };
  return [...spread(realCarry, gInit), ...spread(wantX, gXs), ...spread(realClosure, gClosure)];
};

/** Rows `last`, `last` − 1, …, 0 followed by zeros, put in order. */
const fromLast = (rows: Expr, last: Expr): Expr => {
  const length = rows.shape[0];
  const place = o.sub(last, o.iota(length));
  const run = o.reshape(o.lessEqual(0, place), [length, ...rows.shape.slice(1).map(() => 1)]);
  return o.where(run, o.gather(rows, o.max(place, 0)), 0);
};

const substituteAll = (es: readonly Expr[], bound: ReadonlyMap<Expr, Expr>): Expr[] =>
  applyLambda({ variables: [...bound.keys()], results: es }, [...bound.values()]);

/**
 * Gradient of a scalar expression by each of `wrt`. Throws `ShapeError` where the expression is not a scalar.
 *
 * @example
 * const x = input('x', [2]);
 * const [g] = grad(sum(mul(x, x)), [x]);
 */
export const grad = (y: Expr, wrt: readonly Expr[]): Expr[] =>
  y.shape.length === 0
    ? vjp([y], wrt, [o.scalar(1)])
    : raise('ShapeError', '', 'grad: the output is not a scalar', { expected: '[]', got: showShape(y.shape) });
