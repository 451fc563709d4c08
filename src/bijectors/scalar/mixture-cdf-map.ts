import { mapKind } from '../../algebra/kinds.ts';
import { positiveInteger } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import * as Sc from '../../core/scope.ts';
import { sizeOf } from '../../core/shape.ts';
import { increasingRoot } from './root.ts';
import type { Mapped, ScalarMap } from './scalar-map.ts';

/** Options of {@link mixtureCdfMap}. */
export interface MixtureCdfOptions {
  /** Logistic components, 1 or more; default 4. */
  readonly components?: number;
}

const BOUND = 4;

/** Where components start: spread over [−½, ½], so that no two learn the same. */
const centres = (k: number): Expr =>
  o.constant(
    Float64Array.from({ length: k }, (_, i) => (k === 1 ? 0 : i / (k - 1) - 0.5)),
    [1, k],
  );

/** log π, μ and s of each component: `[n, k]`. */
interface Mixture {
  readonly logWeight: Expr;
  readonly centre: Expr;
  readonly logScale: Expr;
}

const mixtureOf = (raw: Expr, n: number, k: number): Mixture => {
  const rows = o.transpose(o.reshape(raw, [3 * k, n]));
  const logits = o.sliceAxis(rows, 1, 0, k);
  return {
    logWeight: o.sub(logits, o.expandDims(o.logSumExp(logits, 1), 1)),
    centre: o.add(o.sliceAxis(rows, 1, k, 2 * k), centres(k)),
    logScale: o.mul(BOUND, o.tanh(o.mul(1 / BOUND, o.sliceAxis(rows, 1, 2 * k, 3 * k)))),
  };
};

/** logit F(x) and log of its slope, all in logs: log F, log (1 − F) and log f are log-sum-exps over the components. */
const logitCdf = (x: Expr, { logWeight, centre, logScale }: Mixture): Mapped => {
  const u = o.mul(o.sub(o.expandDims(x, 1), centre), o.exp(o.neg(logScale)));
  const below = o.neg(o.softplus(o.neg(u)));
  const above = o.sub(below, u);
  const density = o.sub(o.add(below, above), logScale);
  const logs = o.logSumExp(o.add(o.stack([below, above, density], 0), logWeight), 2);
  const row = (i: number): Expr => o.reshape(o.sliceAxis(logs, 0, i, i + 1), x.shape);
  const [cdf, survival, pdf] = [row(0), row(1), row(2)];
  return { value: o.sub(cdf, survival), logSlope: o.sub(o.sub(pdf, cdf), survival) };
};

/**
 * The logit of the distribution function of a mixture of logistics (Flow++, Ho et al. 2019, arXiv:1902.00275), a map from the reals onto the reals
 * that bends as often as there are components:
 *
 *     z = log F(x) − log (1 − F(x)),   F(x) = Σₖ πₖ σ((x − μₖ) e^{−sₖ})      log ∂z/∂x = log f − log F − log (1 − F)
 *
 * Everything is in logs, so tails are straight lines, never infinite. `raw` holds logits, centres (added to a spread over [−½, ½]) and log-scales
 * (4 tanh(raw / 4)) of the components; raw = 0 is nearly the identity. Encoding is closed; decoding is iterative: the root lies
 * between the smallest and the largest of the components' own quantiles μₖ + e^{sₖ} z, and is found there by safeguarded Newton steps in a fixed loop,
 * with the implicit function's gradient ({@link increasingRoot}). Throws `ArgumentError` where there is no component.
 *
 * @example
 * coupling(mixtureCdfMap({ components: 8 }))
 */
export const mixtureCdfMap = define(
  mapKind,
  {
    type: 'mixtureCdfMap',
    about: 'The distribution function of a mixture of logistics.',
    optional: { components: positiveInteger },
    examples: [{ components: 3 }],
  },
  ({ components = 4 }: MixtureCdfOptions = {}): ScalarMap => {
    if (!(Number.isInteger(components) && components >= 1))
      return raise('ArgumentError', 'mixtureCdfMap', 'an empty mixture', {
        expected: 'components = 1, 2, …',
        got: `${components}`,
      });
    const along = (x: Expr, raw: Expr, move: (flat: Expr, m: Mixture) => Mapped): Mapped => {
      const n = sizeOf(x.shape);
      const { value, logSlope } = move(o.reshape(x, [n]), mixtureOf(raw, n, components));
      return { value: o.reshape(value, x.shape), logSlope: o.reshape(logSlope, x.shape) };
    };
    return {
      spec: { type: 'mixtureCdfMap', components },
      width: 3 * components,
      encode: (x, raw) => Sc.of(along(x, raw, logitCdf)),
      decode: (z, raw) =>
        Sc.of(
          along(z, raw, (flat, m) => {
            const quantiles = o.add(m.centre, o.mul(o.exp(m.logScale), o.expandDims(flat, 1)));
            const f = (x: Expr) => {
              const { value, logSlope } = logitCdf(x, m);
              return { value, slope: o.exp(logSlope) };
            };
            const low = o.neg(o.reduceMax(o.neg(quantiles), 1));
            const value = increasingRoot(f, flat, { low, high: o.reduceMax(quantiles, 1) });
            return { value, logSlope: logitCdf(value, m).logSlope };
          }),
        ),
    };
  },
);
