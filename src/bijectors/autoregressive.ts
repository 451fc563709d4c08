import { pipe } from 'fp-ts/lib/function.js';
import type { Cost } from '../algebra/cost.ts';
import { bijection, type Endo, inverse, type Step } from '../algebra/transport.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import { showShape } from '../core/shape.ts';
import { made } from '../nn/made.ts';
import type { Network } from '../nn/network.ts';
import { affineMap, type LogScale } from './scalar/affine-map.ts';
import type { Mapped, ScalarMap } from './scalar/scalar-map.ts';

/** Options of {@link autoregressive}. */
export interface AutoregressiveOptions {
  /** A network whose parameters for coordinate i depend on coordinates before i only; default `made([64, 64])`. */
  readonly conditioner?: Network;
}

const oneSequential: Cost = { encode: { how: 'parallel', passes: 1 }, decode: { how: 'sequential', passes: 1 } };

/**
 * An autoregressive layer by any scalar map (Papamakarios et al. 2017, arXiv:1705.07057): zᵢ = f(xᵢ; net(x₍<ᵢ₎)), so the Jacobian is triangular and
 * log |det ∂z/∂x| = Σ log f′. Encoding is one pass of the conditioner; decoding finds one coordinate a pass, D passes in a loop.
 * Vectors `[D]` only.
 */
export const autoregressive = (
  map: ScalarMap,
  { conditioner = made([64, 64]) }: AutoregressiveOptions = {},
): Endo<'bijective'> =>
  autoregressiveNamed({ type: 'autoregressive', map: map.spec, conditioner: conditioner.spec }, map, conditioner);

const autoregressiveNamed = (
  spec: Endo<'bijective'>['spec'],
  map: ScalarMap,
  conditioner: Network,
): Endo<'bijective'> => {
  const parameters = (x: Expr): Sc.Scoped<Expr> =>
    x.shape.length === 1
      ? Sc.at('net', conditioner.apply(x, [map.width, ...x.shape]))
      : raise('ShapeError', '', 'autoregressive: needs a vector', { expected: '[D]', got: showShape(x.shape) });
  const encode = (x: Expr): Sc.Scoped<Step> =>
    pipe(
      parameters(x),
      Sc.chain((raw) => map.encode(x, raw)),
      Sc.map(({ value, logSlope }) => ({ value, contribution: o.sum(logSlope) })),
    );
  // Read once by the body of the loop and once after it.
  const solve = (z: Expr, x: Expr): Sc.Scoped<Mapped> =>
    Sc.again(
      pipe(
        parameters(x),
        Sc.chain((raw) => map.decode(z, raw)),
      ),
    );
  const decode =
    (z: Expr): Sc.Scoped<Step> =>
    (scope) => {
      const d = z.shape[0];
      const { carry } = o.scan({
        length: d,
        init: [o.broadcastTo(0, z.shape)],
        xs: [o.iota(d)],
        body: ([x], [i]) => {
          const here = o.equal(o.iota(d), o.broadcastTo(i, [d]));
          return { carry: [o.where(here, solve(z, x)(scope).value, x)] };
        },
      });
      const { logSlope } = solve(z, carry[0])(scope);
      return { value: carry[0], contribution: o.sum(logSlope) };
    };
  return bijection({ spec, cost: oneSequential, encode, decode });
};

/** Options of {@link maf} and {@link iaf}. */
export interface MafOptions extends AutoregressiveOptions {
  readonly logScale?: LogScale;
}

/** Masked autoregressive flow (Papamakarios et al. 2017): fast density, sequential sampling. */
export const maf = ({ conditioner = made([64, 64]), logScale = 'bounded' }: MafOptions = {}): Endo<'bijective'> =>
  autoregressiveNamed({ type: 'maf', conditioner: conditioner.spec, logScale }, affineMap({ logScale }), conditioner);

/** Inverse autoregressive flow (Kingma et al. 2016, arXiv:1606.04934): fast sampling, sequential density. The same layer turned round. */
export const iaf = (options: MafOptions = {}): Endo<'bijective'> => {
  const turned = inverse(maf(options));
  return { ...turned, spec: { ...maf(options).spec, type: 'iaf' } };
};
