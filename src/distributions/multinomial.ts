import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { type Facts, withFacts } from '../algebra/facts.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { integer, shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { type Shape, scalarShape } from '../core/shape.ts';
import { argument } from './argument-codec.ts';
import { checkTotal } from './binomial.ts';
import { type CategoricalOptions, classLogits, logSoftmax } from './categorical.ts';
import { isInteger, poissonLog } from './counts.ts';
import { familyOf } from './family-of.ts';
import { onSupport } from './on-support.ts';
import { drawBinomial } from './rejection.ts';

/** Parameters of {@link multinomial}. */
export interface MultinomialOptions<S extends Shape> extends CategoricalOptions<S> {
  /** Number of draws, an integer from 1 to 2²⁴. */
  readonly total: number;
}

/**
 * How often each of K classes comes in `total` draws: events `[…shape, K]` of counts that sum to n. log P(x) = log n! − Σ log xₖ! +
 * Σ xₖ log pₖ nats: independent Poisson counts of means n pₖ given their sum, hence log P = Σ Poisson(xₖ; n pₖ) − Poisson(n; n), which keeps
 * its digits for large n; −∞ where the counts are no counts or do not sum to n. Sampled by one binomial count a class out of
 * what remains (a loop of K steps). Throws `ArgumentError` for a total outside 1 … 2²⁴.
 *
 * @example
 * const rolls = multinomial({ total: 100, logits: [0, 0, 0, 0, 0, 0] });
 */
export const multinomial = define(
  distributionKind,
  {
    type: 'multinomial',
    about: 'How often each class was drawn.',
    required: { total: integer, logits: argument },
    optional: { shape: shapeCodec },
    examples: [
      { total: 5, logits: [0, 0.5, -1] },
      {
        total: 5,
        logits: [
          [0, 0.5],
          [1, 0],
        ].flat(),
        shape: [],
      },
    ],
  },
  <const S extends Shape = readonly []>({
    total,
    logits,
    shape = scalarShape<S>(),
  }: MultinomialOptions<S>): Dist<readonly [...S, number], Exact & Samples> & Facts<'mean' | 'variance'> => {
    checkTotal('multinomial', total);
    const l = classLogits('multinomial', logits, shape);
    const rank = shape.length;
    const logp = logSoftmax(l);
    const p = o.exp(logp);
    const n = o.scalar(total);
    const dist = distribution<readonly [...S, number], Exact & Samples>({
      shape: l.shape as readonly [...S, number],
      ...familyOf('multinomial', shape, { total, logits }, l.shape),
      evidence: 'exact',
      logDensity: (x) => {
        const counts = o.cast(isInteger(x, 0, total), 'real');
        const legal = o.and(o.equal(o.sum(counts, -1), l.shape[rank]), o.equal(o.sum(x, -1), total));
        const safe = o.where(isInteger(x, 0, total), x, 0);
        const each = o.sum(poissonLog(safe, o.mul(total, p), o.add(Math.log(total), logp)), -1);
        return D.of(o.sum(onSupport(each, legal, 0, (v) => o.sub(v, poissonLog(n, n, o.log(n))))));
      },
      sample: D.fromRandom(drawCounts(total, l)),
    });
    return withFacts(dist, { mean: o.mul(total, p), variance: o.mul(total, o.mul(p, o.sub(1, p))) });
  },
);

/** Class by class: a binomial count out of what remains, at the class's chance among those left. */
const drawCounts = (total: number, l: Expr): R.Random<Expr> => {
  const rank = l.shape.length - 1;
  const k = l.shape[rank];
  const full = o.broadcastTo(o.scalar(total), l.shape.slice(0, rank));
  if (k === 1) return R.of(o.expandDims(full, rank));
  const left = (i: number): Expr => o.logSumExp(o.sliceAxis(l, rank, i + 1, k), rank);
  const chances = Array.from({ length: k - 1 }, (_, i) =>
    o.sub(o.squeezeDims(o.sliceAxis(l, rank, i, i + 1), rank), left(i)),
  );
  return pipe(
    R.scanRandom({
      length: k - 1,
      init: [full],
      xs: [o.stack(chances)],
      body: ([rest], [logit]) =>
        pipe(
          drawBinomial(rest, logit, total < 20 ? 'table' : 'either'),
          R.map((count) => ({ carry: [o.sub(rest, count)], ys: [count] })),
        ),
    }),
    R.map(({ carry: [rest], ys: [counts] }) => o.concat([o.moveAxis(counts, 0, rank), o.expandDims(rest, rank)], rank)),
  );
};
