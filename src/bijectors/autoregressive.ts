import { pipe } from 'fp-ts/lib/function.js';
import { type Cost, free } from '../algebra/cost.ts';
import { layerKind, mapKind } from '../algebra/kinds.ts';
import { bijection, type Endo, inverse, type Step } from '../algebra/transport.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import { showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { checkedDependence, type Dependence, dependenceFields, dependenceSpec, readsOf } from '../nn/dependence.ts';
import { networkKind } from '../nn/kinds.ts';
import { made } from '../nn/made.ts';
import type { Network } from '../nn/network.ts';
import { smallMade } from '../nn/small.ts';

import { affineMap, type LogScale, logScaleCodec } from './scalar/affine-map.ts';
import { type MapLike, type Mapped, mapOf, noRaw, type ScalarMap } from './scalar/scalar-map.ts';

/** Options of {@link autoregressive}. Without an order, passes or a graph, coordinate i reads those before it. */
export interface AutoregressiveOptions extends Dependence {
  /** A network whose parameters for coordinate i depend on coordinates before i only; default `made([64, 64])`. */
  readonly conditioner?: Network;
}

/** Decoding takes a pass for each coordinate, or as many as the graph is deep, where that is known. */
const costOf = ({ passes, adjacency }: Dependence, width: number): Cost => {
  if (width === 0) return free;
  const depth = adjacency === undefined ? passes : readsOf({ adjacency }, adjacency.length).passes;
  const encode = { how: 'parallel', passes: 1 } as const;
  if (depth === 1) return { encode, decode: encode };
  return {
    encode,
    decode: { how: 'sequential', ...(depth === undefined ? { passes: 0, perCoordinate: 1 } : { passes: depth }) },
  };
};

/** The conditioner with the masks of the dependence; throws `ArgumentError` where it has none and needs other ones. */
const conditionedBy = (conditioner: Network, dependence: Dependence): Network =>
  Object.keys(dependence).length === 0
    ? conditioner
    : (conditioner.masked?.(dependence) ??
      raise('ArgumentError', 'autoregressive', 'this conditioner has no masks for another order, passes or a graph', {
        expected: 'made(…)',
        got: conditioner.spec.type,
      }));

/**
 * An autoregressive layer by any scalar map (Papamakarios et al. 2017, arXiv:1705.07057): zᵢ = f(xᵢ; net(x₍<ᵢ₎)), so the Jacobian is triangular and
 * log |det ∂z/∂x| = Σ log f′. Encoding is one pass of the conditioner; decoding finds one coordinate a pass, D passes in a loop.
 *
 * `order` says which coordinates come before which, `passes` decodes blocks of the order at once (`passes: 2` is a coupling, `passes: 1` reads nothing), and
 * `adjacency` is a graph of its own: decoding then takes as many passes as its longest path has coordinates. A fixed map, `autoregressive(tanh())`,
 * asks for no network. Vectors `[D]` only. Throws `ArgumentError` for what is no order, no number of passes or a graph with a cycle, and where the conditioner
 * cannot be masked; `ShapeError` where the event is no vector, or of another size than the order or graph.
 *
 * @example
 * autoregressive(sinhArcsinhMap(), { order: 'reverse', passes: 2 })
 */
export const autoregressive = define(
  layerKind,
  {
    type: 'autoregressive',
    about: 'A scalar map of each coordinate, with parameters from the coordinates before it.',
    takes: ['map'],
    required: { map: nested(mapKind) },
    optional: { conditioner: nested(networkKind), ...dependenceFields },
    shapes: 'vectors',
    examples: [
      { map: { type: 'affineMap' }, conditioner: smallMade },
      { map: { type: 'splineMap', bins: 4, bound: 3 }, order: 'reverse', conditioner: smallMade },
      { map: { type: 'sinhArcsinhMap' }, passes: 2, conditioner: smallMade },
      {
        map: { type: 'powerMap' },
        conditioner: smallMade,
        adjacency: [
          [0, 1],
          [0, 0],
        ],
      },
    ],
  },
  (given: MapLike, { conditioner = made([64, 64]), ...options }: AutoregressiveOptions = {}): Endo<'bijective'> => {
    const map = mapOf(given);
    const dependence = checkedDependence(options);
    const spec = {
      type: 'autoregressive',
      map: map.spec,
      conditioner: conditioner.spec,
      ...dependenceSpec(dependence),
    };
    return autoregressiveNamed(spec, map, conditioner, dependence);
  },
);

const autoregressiveNamed = (
  spec: Endo<'bijective'>['spec'],
  map: ScalarMap,
  conditioner: Network,
  dependence: Dependence,
): Endo<'bijective'> => {
  const network = conditionedBy(conditioner, dependence);
  const parameters = (x: Expr): Sc.Scoped<Expr> => {
    if (x.shape.length !== 1)
      return raise('ShapeError', '', 'autoregressive: needs a vector', { expected: '[D]', got: showShape(x.shape) });
    readsOf(dependence, x.shape[0]);
    return map.width === 0 ? Sc.of(noRaw(x.shape)) : Sc.at('net', network.apply(x, [map.width, ...x.shape]));
  };
  const summed = ({ value, logSlope }: Mapped): Step => ({ value, contribution: o.sum(logSlope) });
  const encode = (x: Expr): Sc.Scoped<Step> =>
    pipe(
      parameters(x),
      Sc.chain((raw) => map.encode(x, raw)),
      Sc.map(summed),
    );
  const solve = (z: Expr, x: Expr): Sc.Scoped<Mapped> =>
    pipe(
      parameters(x),
      Sc.chain((raw) => map.decode(z, raw)),
    );
  const decode =
    (z: Expr): Sc.Scoped<Step> =>
    (scope) => {
      const [d] = z.shape;
      if (map.width === 0) return summed(solve(z, z)(scope));
      const { ranks, passes } = readsOf(dependence, d ?? 0);
      const inOrder = ranks.every((r, i) => r === i);
      const { carry } = o.scan({
        length: passes,
        init: [o.broadcastTo(0, z.shape)],
        xs: [o.iota(passes)],
        body: ([x], [i]) => {
          const mine = inOrder ? o.iota(d) : o.constant(ranks, [d], 'int32');
          const here = o.equal(mine, o.broadcastTo(i, [d]));
          // Read once by the body of the loop and once after it.
          return { carry: [o.where(here, Sc.again(solve(z, x))(scope).value, x)] };
        },
      });
      const { logSlope } = Sc.again(solve(z, carry[0]))(scope);
      return summed({ value: carry[0], logSlope });
    };
  return bijection({ spec, cost: costOf(dependence, map.width), encode, decode });
};

/** Options of {@link maf} and {@link iaf}. */
export interface MafOptions extends AutoregressiveOptions {
  readonly logScale?: LogScale;
}

/**
 * Masked autoregressive flow (Papamakarios et al. 2017): affine, fast density, sequential sampling. `order`, `passes` and `adjacency` as of
 * {@link autoregressive}.
 *
 * @example
 * maf({ passes: 2 })
 */
export const maf = define(
  layerKind,
  {
    type: 'maf',
    about: 'Masked autoregressive flow: density in one pass, samples one coordinate at a time.',
    optional: { logScale: logScaleCodec, conditioner: nested(networkKind), ...dependenceFields },
    shapes: 'vectors',
    examples: [
      { conditioner: smallMade },
      { logScale: 'learned', order: 'reverse', conditioner: smallMade },
      { passes: 2, conditioner: smallMade },
      {
        conditioner: smallMade,
        adjacency: [
          [0, 1],
          [0, 0],
        ],
      },
    ],
  },
  ({ conditioner = made([64, 64]), logScale = 'bounded', ...options }: MafOptions = {}): Endo<'bijective'> => {
    const dependence = checkedDependence(options);
    const spec = { type: 'maf', conditioner: conditioner.spec, logScale, ...dependenceSpec(dependence) };
    return autoregressiveNamed(spec, affineMap({ logScale }), conditioner, dependence);
  },
);

/**
 * Inverse autoregressive flow (Kingma et al. 2016, arXiv:1606.04934): fast sampling, sequential density. {@link maf} turned round, with its options.
 *
 * @example
 * pipe(standardNormal([3]), pushforward(iaf({ conditioner: made([32]) })));   // samples in one pass
 */
export const iaf = define(
  layerKind,
  {
    type: 'iaf',
    about: 'Inverse autoregressive flow: samples in one pass, density one coordinate at a time.',
    optional: { logScale: logScaleCodec, conditioner: nested(networkKind), ...dependenceFields },
    shapes: 'vectors',
    examples: [
      { conditioner: smallMade },
      { logScale: 'learned', order: 'reverse', passes: 2, conditioner: smallMade },
      {
        conditioner: smallMade,
        adjacency: [
          [0, 1],
          [0, 0],
        ],
      },
    ],
  },
  (options: MafOptions = {}): Endo<'bijective'> => {
    const turned = inverse(maf(options));
    return { ...turned, spec: { ...maf(options).spec, type: 'iaf' } };
  },
);
