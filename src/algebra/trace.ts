/**
 * Traces: what a distribution that is a chain of transports infers about one event, group by group. The same walk as `logDensity`, with the ledger kept open:
 *
 *     log w = reconstruction + Σ_g (logPriorᵍ − logPosteriorᵍ)
 *
 * where group g is what the g-th stochastic layer inferred, and its prior term is what the layers after it (up to the next one that infers, or the base
 * distribution) contribute. How each posterior is treated is a {@link Reading}: estimators are readings.
 */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { stopGradient } from '../core/ops/control.ts';
import { add, addAll, sub } from '../core/ops/elementwise.ts';
import { scalar } from '../core/ops/leaves.ts';
import type { Scope, Scoped } from '../core/scope.ts';
import type { AnyDist, Scored } from './dist.ts';
import { onBase, placeOf, withinDist } from './pushed.ts';
import type { Layer } from './transport.ts';

/** A distribution with the place where its parameters stand. */
export interface PlacedDist {
  readonly dist: AnyDist;
  readonly scope: Scope;
}

/** Runs something with a distribution where its parameters stand. */
export const withPlaced =
  <A>({ dist, scope }: PlacedDist, f: (dist: AnyDist) => D.Draw<A>): D.Draw<A> =>
  () =>
    f(dist)(scope);

/** Something inferred: u ~ q(u | x). */
export interface Inferred {
  readonly posterior: PlacedDist;
  readonly value: Expr;
  /** log q(u | x) in nats. */
  readonly logPosterior: Expr;
}

/** What one stochastic layer inferred. */
export interface InferredGroup extends Inferred {
  /** What follows the layer, in nats: log p(z_g | …), or what stands for it. */
  readonly logPrior: Expr;
  /** The distribution of the group where nothing lies between it and the base distribution. */
  readonly prior?: PlacedDist;
}

/** The ledger of one event. */
export interface Trace {
  /** log p(x | first group) and all that is contributed before a stochastic layer; the whole of log p(x) where there is none. */
  readonly reconstruction: Expr;
  readonly groups: readonly InferredGroup[];
  /** Everything inferred in order: the groups, and what augmentations drew. */
  readonly sites: readonly Inferred[];
  /** log w, the sum of all: what `logDensity` is under the same noise. */
  readonly logDensity: Expr;
}

/** How a trace is read. */
export interface Reading {
  /** The value of the site with this number, and what its log q counts as. */
  readonly infer: (posterior: Scoped<AnyDist>, site: number) => D.Draw<Scored>;
  /** How the parts of the model (all but posteriors) are run. */
  readonly model: <A>(part: D.Draw<A>) => D.Draw<A>;
}

const onDist =
  <A>(q: Scoped<AnyDist>, f: (dist: AnyDist) => D.Draw<A>): D.Draw<A> =>
  (scope) =>
    f(q(scope))(scope);

/** Everything as it is drawn: the reading under which a trace sums to `logDensity`. */
export const asDrawn: Reading = { infer: (q) => onDist(q, (dist) => dist.sampleAndLogDensity), model: (part) => part };

/** Values are drawn and then constants to every derivative; log q is differentiated in its parameters. */
export const asConstants: Reading = {
  infer: (q) =>
    onDist(q, (dist) =>
      pipe(
        dist.sample,
        D.map(stopGradient),
        D.chain((value) => D.map((logDensity: Expr): Scored => ({ value, logDensity }))(dist.logDensity(value))),
      ),
    ),
  model: (part) => part,
};

/** Values are drawn; in log q the posterior's parameters are constants, so that derivatives run along the path of the value alone. */
export const alongThePath: Reading = {
  infer: (q) =>
    pipe(
      onDist(q, (dist) => dist.sample),
      D.chain((value) =>
        pipe(
          D.detached(onDist(q, (dist) => dist.logDensity(value))),
          D.map((logDensity): Scored => ({ value, logDensity })),
        ),
      ),
    ),
  model: (part) => part,
};

/** Values and posteriors are drawn, and constants to every derivative: what is left is the model. */
export const modelOnly: Reading = {
  infer: (q, site) =>
    pipe(
      asConstants.infer(q, site),
      D.map(({ value, logDensity }) => ({ value, logDensity: stopGradient(logDensity) })),
    ),
  model: (part) => part,
};

/** {@link alongThePath} with the model's parameters constants to every derivative: what is left is the posterior's path. */
export const pathOnly: Reading = { infer: alongThePath.infer, model: D.detached };

/** Values are given, in order, and scored by the posterior. */
export const scoredAt = (values: readonly Expr[]): Reading => ({
  infer: (q, site) =>
    onDist(q, (dist) =>
      D.map((logDensity: Expr): Scored => ({ value: values[site], logDensity }))(dist.logDensity(values[site])),
    ),
  model: (part) => part,
});

/** The values are given, in order; log q counts as 0, so that the trace's `logDensity` is log p(x, u). */
export const atValues = (values: readonly Expr[]): Reading => ({
  infer: (_, site) => D.of({ value: values[site], logDensity: scalar(0) }),
  model: (part) => part,
});

interface Ledger {
  readonly value: Expr;
  readonly reconstruction: Expr;
  readonly groups: readonly InferredGroup[];
  readonly sites: readonly Inferred[];
}

/** A contribution goes to the group that is open, or to the reconstruction where none is. */
const credited = ({ groups, ...rest }: Ledger, amount: Expr, prior?: PlacedDist): Ledger => {
  if (groups.length === 0) return { ...rest, groups, reconstruction: add(rest.reconstruction, amount) };
  const { prior: _, ...last } = groups[groups.length - 1];
  const more: InferredGroup = {
    ...last,
    logPrior: add(last.logPrior, amount),
    ...(prior === undefined ? {} : { prior }),
  };
  return { ...rest, groups: [...groups.slice(0, -1), more] };
};

/** Whether something is inferred in a layer, or in one that it is made of. */
export const infers = (layer: Layer): boolean =>
  layer.inference !== undefined || layer.parts.some((p) => infers(p.layer));

const throughLayer =
  (layer: Layer, reading: Reading) =>
  (ledger: Ledger): D.Draw<Ledger> => {
    const { inference } = layer;
    if (inference !== undefined) {
      const { place, posterior, join } = inference;
      return pipe(
        D.at(place, (scope) => {
          // Applied once: what reads the group later sees the same expressions, and one derivative serves both.
          const dist = posterior(ledger.value)(scope);
          const q: Scoped<AnyDist> = (at) => (at === scope ? dist : posterior(ledger.value)(at));
          return D.map((s: Scored) => ({ value: s.value, logPosterior: s.logDensity, posterior: { dist, scope } }))(
            reading.infer(q, ledger.sites.length),
          )(scope);
        }),
        D.chain((site) =>
          pipe(
            reading.model(join(ledger.value, site.value)),
            D.map((step): Ledger => {
              const sites = [...ledger.sites, site];
              if (step.value !== site.value)
                return { ...credited(ledger, sub(step.contribution, site.logPosterior)), sites, value: step.value };
              const before = credited(ledger, step.contribution);
              return {
                ...before,
                sites,
                value: step.value,
                groups: [...before.groups, { ...site, logPrior: scalar(0) }],
              };
            }),
          ),
        ),
      );
    }
    if (layer.parts.length > 0 && infers(layer))
      return D.owned(
        layer.declaration,
        layer.parts.reduce<D.Draw<Ledger>>(
          (sofar, { segment, layer: part }) =>
            pipe(
              sofar,
              D.chain((l) =>
                D.at(
                  segment,
                  pipe(
                    throughLayer(part, reading)(l),
                    D.chain((next) => D.map((value: Expr): Ledger => ({ ...next, value }))(D.labelled(next.value))),
                  ),
                ),
              ),
            ),
          D.of(ledger),
        ),
      );
    return pipe(
      reading.model(layer.encode(ledger.value)),
      D.map((step) => ({ ...credited(ledger, step.contribution), value: step.value })),
    );
  };

const throughDist =
  (dist: AnyDist, reading: Reading) =>
  (ledger: Ledger): D.Draw<Ledger> =>
    withinDist(dist, (inner) => throughParts(inner, reading)(ledger));

const throughParts =
  (dist: AnyDist, reading: Reading) =>
  (ledger: Ledger): D.Draw<Ledger> => {
    const { pushed } = dist;
    if (pushed === undefined)
      return (scope) =>
        pipe(
          reading.model((inner) => D.map((l: Expr) => ({ l, scope: inner }))(dist.logDensity(ledger.value))(inner)),
          D.map(({ l, scope: inner }) => {
            const open = ledger.groups[ledger.groups.length - 1];
            const direct = open !== undefined && open.value === ledger.value;
            return credited(ledger, l, direct ? { dist, scope: inner } : undefined);
          }),
        )(scope);
    return pipe(
      D.at(placeOf(pushed), throughLayer(pushed.transport, reading)(ledger)),
      D.chain((next) => onBase(pushed.base, throughDist(pushed.base, reading)(next))),
    );
  };

/**
 * The trace of an event under a distribution: a distribution whose stochastic layers stand in its chain of transports (also inside `compose` and `repeat`). What
 * stands elsewhere, such as a VAE inside a mixture, is part of the reconstruction or of a prior term.
 *
 * @example
 * const groups = (x: Expr) => draw.map((t) => t.groups.length)(trace(vae([2]))(x));
 */
export const trace =
  (dist: AnyDist, reading: Reading = asDrawn) =>
  (x: Expr): D.Draw<Trace> =>
    pipe(
      throughDist(dist, reading)({ value: x, reconstruction: scalar(0), groups: [], sites: [] }),
      D.map(({ reconstruction, groups, sites }) => ({
        reconstruction,
        groups,
        sites,
        logDensity: addAll([reconstruction, ...groups.map((g) => sub(g.logPrior, g.logPosterior))]),
      })),
    );

/**
 * log p(x, u) in nats at values of everything that is inferred about x, in order: what a Markov chain on p(u | x) needs.
 *
 * @example
 * const target = (x: Expr, z: Expr) => draw.runDraw(logJoint(vae([2], { latent: 3 }))(x, [z]));   // x of shape [2], z of shape [3]
 */
export const logJoint =
  (dist: AnyDist) =>
  (x: Expr, values: readonly Expr[]): D.Draw<Expr> =>
    D.map((t: Trace) => t.logDensity)(trace(dist, atValues(values))(x));
