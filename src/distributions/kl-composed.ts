/** Closed forms of KL(p ‖ q) of distributions made of distributions: independent parts add up, a bijection that both were pushed through cancels. */
import { pipe } from 'fp-ts/lib/function.js';
import type { AnyDist } from '../algebra/dist.ts';
import { sameExpression } from '../algebra/family.ts';
import { placeOf } from '../algebra/pushed.ts';
import type { Step } from '../algebra/transport.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import type { KlPair, KlTable } from './kl-table.ts';

const summed = (terms: readonly (D.Draw<Expr> | undefined)[]): D.Draw<Expr> | undefined =>
  terms.length > 0 && terms.every((t) => t !== undefined)
    ? (terms as readonly D.Draw<Expr>[]).reduce((a, b) =>
        pipe(
          a,
          D.chain((x) => D.map((y: Expr) => o.add(x, y))(b)),
        ),
      )
    : undefined;

/** Σ over independent parts, times the number of copies. */
const products: KlPair = (p, q, parts) => {
  const [a, b] = [p.family?.parts ?? [], q.family?.parts ?? []];
  const n = p.family?.copies ?? 1;
  if (a.length !== b.length || n !== (q.family?.copies ?? 1)) return undefined;
  const total = summed(a.map((l, i) => parts(l, b[i])));
  return total && D.map((d: Expr) => o.mul(n, d))(total);
};

type Pushed = NonNullable<AnyDist['pushed']>;

/** What encoding an event makes of it where the layer stands; nothing where the layer cannot be run by itself (it asks for a context from outside). */
const encoded = (pushed: Pushed, x: Expr): Step | undefined => {
  try {
    return D.runDraw(pushed.transport.encode(x), { path: placeOf(pushed) });
  } catch {
    return undefined;
  }
};

/**
 * Whether two distributions were pushed through one bijection: the same layer, or layers that encode the same event to the same value and contribution, over the
 * same parameters and the same contexts, at one place. What they were declared as does not matter.
 */
const oneBijection = (p: Pushed, q: Pushed, shape: Shape): boolean => {
  if (p.transport.grade !== 'bijective' || q.transport.grade !== 'bijective' || placeOf(p) !== placeOf(q)) return false;
  if (p.transport === q.transport) return true;
  const x = o.input('pushed', shape);
  const [a, b] = [encoded(p, x), encoded(q, x)];
  return (
    a !== undefined &&
    b !== undefined &&
    sameExpression(a.value, b.value) &&
    sameExpression(a.contribution, b.contribution)
  );
};

const pushforwards: KlPair = (p, q, parts) =>
  p.pushed !== undefined && q.pushed !== undefined && oneBijection(p.pushed, q.pushed, p.shape)
    ? parts(p.pushed.base, q.pushed.base)
    : undefined;

/** Distributions made of distributions. */
export const composedPairs: KlTable = {
  'independent/independent': products,
  'product/product': products,
  'pushforward/pushforward': pushforwards,
};
