/** What is asked of a case: its value, its derivatives of first, second and mixed order, and its vectorisation, as expressions. */
import { jvp, vjp } from '../core/differentiate/index.ts';
import { type ElementType, type Expr, makeNode } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Feeds } from '../core/program.ts';
import type { Shape } from '../core/shape.ts';
import { sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';
import { vmapAll } from '../core/vectorize.ts';
import { between, type Case, type CaseInput, drawInput } from './conformance-case.ts';

/**
 * The comparisons that {@link conformance} makes for each case.
 *
 * @example
 * kinds.includes('vjp');   // true
 */
export const kinds = ['value', 'vjp', 'jvp', 'second', 'mixed', 'vmap'] as const;

/** One of {@link kinds}. */
export type Kind = (typeof kinds)[number];

/** Examples in the vectorised questions. */
export const examples = 3;

/** A case with free leaves in place of its inputs, cotangent, tangents, scales and examples. */
export interface PlacedCase {
  readonly id: string;
  readonly source: Case;
  readonly xs: readonly Expr[];
  readonly y: Expr;
  /** A cotangent of y and a tangent of each x that is differentiated by. */
  readonly c: Expr;
  readonly wrt: readonly Expr[];
  readonly ts: readonly Expr[];
  /** A factor near 1 for each x that is differentiated by. */
  readonly ws: readonly Expr[];
  /** Each x with a leading axis of {@link examples}. */
  readonly es: readonly Expr[];
  readonly feeds: Feeds;
}

const leafOf = (x: CaseInput, name: string): Expr => {
  if (x.leaf === 'parameter') return o.parameterLeaf(name, o.broadcastTo(0, x.shape));
  if (x.leaf === 'noise') return makeNode('noise', [], { dist: 'normal', path: name, batch: 0 }, x.shape, 'real');
  return o.input(name, x.shape, x.type);
};

const feedName = (x: CaseInput, name: string): string => (x.leaf === 'noise' ? `noise:${name}` : name);

const stacked = (parts: readonly Tensor[], shape: Shape): Tensor => {
  const n = sizeOf(shape);
  const data = parts[0].data.slice(0, 0).constructor as new (n: number) => Tensor['data'];
  const all = new data(n * parts.length);
  parts.forEach((p, i) => {
    all.set(p.data as never, i * n);
  });
  return tensor(all, [parts.length, ...shape]);
};

const asReal = (y: Expr): Expr => (y.type === 'real' ? y : o.cast(y, 'real'));

/** Places a case: makes its leaves under names that start with `id`, and draws what is fed to them. */
export const place = (id: string, source: Case, seed = 0): PlacedCase => {
  const specs = source.inputs;
  const xs = specs.map((x, i) => leafOf(x, `${id}/x${i}`));
  const live = specs.map((x, i) => [x, i] as const).filter(([x]) => x.type === 'real' && x.fixed !== true);
  const y = source.build(...xs);
  const extra = (kind: string, x: CaseInput, i: number): readonly [string, Tensor] => [
    `${id}/${kind}${i}`,
    drawInput(x, `${id}/${kind}${i}`, seed),
  ];
  const leaf = (kind: string, shape: Shape, i: number, type: ElementType = 'real'): Expr =>
    o.input(`${id}/${kind}${i}`, shape, type);
  return {
    id,
    source,
    xs,
    y,
    c: leaf('c', y.shape, 0),
    wrt: live.map(([, i]) => xs[i]),
    ts: live.map(([x, i]) => leaf('t', x.shape, i)),
    ws: live.map(([x, i]) => leaf('w', x.shape, i)),
    es: specs.map((x, i) => leaf('e', [examples, ...x.shape], i, x.type)),
    feeds: Object.fromEntries([
      ...specs.map((x, i) => [feedName(x, `${id}/x${i}`), drawInput(x, `${id}/x${i}`, seed)] as const),
      extra('c', between(y.shape, -1, 1), 0),
      ...live.map(([x, i]) => extra('t', between(x.shape, -1, 1), i)),
      ...live.map(([x, i]) => extra('w', between(x.shape, 0.98, 1.02), i)),
      ...specs.map((x, i) => {
        const parts = Array.from({ length: examples }, (_, k) => drawInput(x, `${id}/e${i}.${k}`, seed));
        return [`${id}/e${i}`, stacked(parts, x.shape)] as const;
      }),
    ]),
  };
};

/** Σ c · y. */
const paired = (p: PlacedCase, y: Expr): Expr => o.dot(p.c, asReal(y));

/** ‖∇ₓ Σ c·f(x∘w)‖² over all x: a function of w whose gradient mixes the derivatives by x and by w. */
export const slopeNorm = (p: PlacedCase): Expr => {
  let k = 0;
  const scaled = p.xs.map((x) => (p.wrt.includes(x) ? o.mul(x, p.ws[k++]) : x));
  const slopes = vjp([paired(p, p.source.build(...scaled))], p.wrt, [o.scalar(1)]);
  return o.addAll(slopes.map((g) => o.sum(o.square(g))));
};

/** Which inputs have an example axis: all, the first alone, all but the first. */
export const vmapMasks = (n: number): readonly (readonly boolean[])[] => {
  const mask = (f: (i: number) => boolean): boolean[] => Array.from({ length: n }, (_, i) => f(i));
  return n < 2 ? [mask(() => true)] : [mask(() => true), mask((i) => i === 0), mask((i) => i > 0)];
};

/** The value and the vjp of a case as one function of its inputs. */
export const valueAndPullback =
  (p: PlacedCase) =>
  (...xs: Expr[]): Expr[] => {
    const y = p.source.build(...xs);
    const wrt = xs.filter((_, i) => p.wrt.includes(p.xs[i]));
    return [y, ...(wrt.length === 0 ? [] : vjp([asReal(y)], wrt, [p.c]))];
  };

/** The expressions that answer a kind of question about a case; none where it does not apply. */
export const answers = (p: PlacedCase, kind: Kind): readonly Expr[] => {
  const none = p.wrt.length === 0;
  switch (kind) {
    case 'value':
      return [p.y];
    case 'vjp':
      return none ? [] : vjp([asReal(p.y)], p.wrt, [p.c]);
    case 'jvp':
      return none ? [] : jvp([asReal(p.y)], p.wrt, p.ts);
    case 'second':
      return none ? [] : vjp(jvp([asReal(p.y)], p.wrt, p.ts), p.wrt, [p.c]);
    case 'mixed':
      return none ? [] : vjp([slopeNorm(p)], p.ws, [o.scalar(1)]);
    case 'vmap':
      return p.source.vmap === false
        ? []
        : vmapMasks(p.xs.length).flatMap((mapped) =>
            vmapAll(valueAndPullback(p), { mapped })(...p.xs.map((x, i) => (mapped[i] ? p.es[i] : x))),
          );
  }
};
