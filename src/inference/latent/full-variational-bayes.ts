import { pipe } from 'fp-ts/lib/function.js';
import { checkClaims, type Parameter } from '../../core/claims.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import { type Expr, substitute, topological } from '../../core/expr.ts';
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import { normal, type Random } from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import type { BatchObjective, Objective } from '../objective.ts';

/** Options of {@link fullVariationalBayes}. */
export interface FullBayesOptions {
  /** N, the number of events in the data: the divergence of the parameters is shared by all of them. */
  readonly events: number;
  /** Standard deviation of the prior N(0, s²) of every free parameter; default 1. */
  readonly priorScale?: number;
  /** Standard deviation of the posterior before the first step; default 0.05. */
  readonly initialScale?: number;
}

const MEAN = ':mean';
const SCALE = ':scale';

/**
 * Variational Bayes over the parameters as well (Kingma & Welling 2014, appendix F): every free parameter θ of an objective's distribution gets a normal
 * posterior, drawn once a batch by reparameterisation, and a normal prior:
 *
 *     loss = E_q(θ) [ loss(x; θ) ] + KL(q(θ) ‖ N(0, s²)) / N
 *
 * so that −N · loss is a bound on the log evidence of all data. Works with any objective: of an exact distribution it is Bayes by backprop (Blundell et al. 2015), of a
 * VAE the paper's full VB. What is learned has the parameters' names with `:mean` and `:scale` (before softplus); {@link posteriorMeans} gives the
 * distribution's own names back. Parameters under a constraint have their prior before it.
 *
 * @example
 * const objective = fullVariationalBayes({ events: 1000 })(elbo(vae([2])));
 */
export const fullVariationalBayes = (
  options: FullBayesOptions,
): (<S extends Shape>(objective: Objective<S>) => BatchObjective<S>) => {
  const {
    events,
    priorScale = 1,
    initialScale = 0.05,
  } = knownOptions('fullVariationalBayes', options, { events: true, priorScale: true, initialScale: true });
  if (!(Number.isInteger(events) && events > 0))
    raise('ArgumentError', 'fullVariationalBayes', 'the number of events must be positive', { got: `${events}` });
  for (const s of [priorScale, initialScale])
    if (!(s > 0))
      raise('ArgumentError', 'fullVariationalBayes', 'a standard deviation must be positive', { got: `${s}` });
  const start = Math.log(Math.expm1(initialScale));
  return (objective) => ({
    shape: objective.shape,
    spec: { type: 'fullVariationalBayes', events, priorScale, initialScale, objective: objective.spec },
    evidence: objective.evidence === 'exact' ? 'bound' : objective.evidence,
    batchLoss: (batch) =>
      pipe(
        D.vmapDraw((x) => D.map((l: Expr): readonly Expr[] => [l])(objective.loss(x)))(batch),
        D.chain(([losses]) => {
          const parameters = topological([losses]).filter(
            (e): e is Parameter => e.op === 'parameter' && e.attributes.role === undefined,
          );
          checkClaims(parameters);
          return pipe(
            D.fromRandom(posteriors(parameters, { priorScale, start })),
            D.map(({ values, divergence }) => {
              const [drawn] = substitute([losses], values);
              return o.add(drawn, o.broadcastTo(o.div(divergence, events), drawn.shape));
            }),
          );
        }),
      ),
  });
};

/** A draw for every parameter, and the divergence of all posteriors from their priors. */
const posteriors =
  (
    parameters: readonly Parameter[],
    { priorScale, start }: { readonly priorScale: number; readonly start: number },
  ): Random<{ readonly values: ReadonlyMap<Expr, Expr>; readonly divergence: Expr }> =>
  (cursor) => {
    const drawn = new Map<string, { readonly value: Expr; readonly divergence: Expr }>();
    const values = new Map<Expr, Expr>();
    let at = cursor;
    for (const p of parameters) {
      const { name, definition, ...details } = p.attributes;
      const known = drawn.get(name);
      if (known !== undefined) {
        values.set(p, known.value);
        continue;
      }
      const [noise, next] = normal(p.shape)(at);
      at = next;
      const mean = o.parameterLeaf(name + MEAN, definition, details);
      const scale = o.softplus(
        o.parameterLeaf(name + SCALE, o.broadcastTo(o.scalar(start), p.shape), { ...details, kind: 'deviation' }),
      );
      const ratio = o.square(o.div(scale, priorScale));
      const each = o.sub(o.add(ratio, o.square(o.div(mean, priorScale))), o.add(1, o.log(ratio)));
      const value = o.add(mean, o.mul(scale, noise));
      drawn.set(name, { value, divergence: o.mul(0.5, o.sum(each)) });
      values.set(p, value);
    }
    const divergence = o.addAll([o.scalar(0), ...[...drawn.values()].map((d) => d.divergence)]);
    return [{ values, divergence }, at];
  };

/**
 * The distribution's own parameters at the means of their posteriors, from what {@link fullVariationalBayes} learned: `run(dist, posteriorMeans(fitted.parameters), backend)`.
 *
 * @example
 * const means = posteriorMeans({ 'w:mean': tensorOf([1, 2]), 'w:scale': tensorOf([0, 0]) });   // { w: [1, 2] }
 */
export const posteriorMeans = (learned: Readonly<Record<string, Tensor>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(learned).flatMap(([name, value]) =>
      name.endsWith(MEAN) ? [[name.slice(0, -MEAN.length), value] as const] : [],
    ),
  );
