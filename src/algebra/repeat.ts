/** The same layer many times: unrolled, or as one loop whose body is the layer. */
import { oneOf, positiveInteger, that } from '../core/codec.ts';
import { oneBody } from '../core/copies.ts';
import { define } from '../core/definition.ts';
import type { Draw } from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import { variable } from '../core/expr.ts';
import { scan } from '../core/ops/control.ts';
import { add } from '../core/ops/elementwise.ts';
import { scalar } from '../core/ops/leaves.ts';
import { nested } from '../core/specification.ts';
import { capability, having } from './capability.ts';
import { chainOf, inOrder, placed, type Running } from './chain.ts';
import type { Grade } from './evidence.ts';
import { asEndo, layerKind } from './kinds.ts';
import type { Endo, Layer, Step } from './transport.ts';

/** A number of copies that can be built; more is a slip of the pen. */
const copies = that('an integer from 1 to 10000', (u): u is number => positiveInteger.is(u) && u <= 10_000);

/**
 * How often a repetition repeats its layer.
 *
 * @example
 * capabilityOf(repeating, repeat(3, affine()));   // 3
 */
export const repeating = capability<number>()('times');

/** Options of {@link repeat}. */
export interface RepeatOptions {
  /** How the program says it; default: a scan from 64 copies on, where copies are alike. */
  readonly as?: 'scan' | 'unrolled';
}

/** From so many copies on a loop is the smaller and no slower program (docs/maintainers/performance.md). */
const MANY = 64;

/** One body for all copies, where they are copies of one program; else one after the other. */
const asScan: Running = (parts, direction) => (from) => {
  const turned = direction === 'encode' ? parts : [...parts].reverse();
  const run: Draw<Step> = (scope) => (cursor) => {
    const x = variable(from.shape, from.type);
    let at = cursor;
    const one = oneBody(x, turned.length, (i) => {
      const { segment, layer } = turned[i];
      const [{ value, contribution }, next] = placed(segment, () => layer[direction](x))(scope)(at);
      at = next;
      return [value, contribution];
    });
    if (one === undefined) return inOrder(parts, direction)(from)(scope)(cursor);
    const { carry } = scan({
      length: turned.length,
      init: [from, scalar(0)],
      xs: one.stacks,
      body: ([value, total], slices) => {
        const [after, contribution] = one.body(value, slices);
        return { carry: [after, add(total, contribution)] };
      },
    });
    return [{ value: carry[0], contribution: carry[1] }, at];
  };
  return run;
};

/**
 * The same layer `n` times, each with parameters of its own, at `0.type`, `1.type`, …
 *
 * A long repetition is a loop: the program holds the layer once, and the parameters of all copies stacked. `as: 'scan'` asks for that from the first copy
 * on, `as: 'unrolled'` never; without it 64 copies or more are a loop. A layer that draws noise, moves buffers or starts from its data (ActNorm) is unrolled
 * whatever was asked, as are copies whose programs differ. Names, initial values and noise are the same either way, results up to rounding. Throws `ArgumentError` where `n` is not
 * 1, 2, …
 *
 * @example
 * repeat(8, compose(affineCoupling(), reverse()))
 */
export const repeat = define(
  layerKind,
  {
    type: 'repeat',
    about: 'A layer so many times, each copy with parameters of its own.',
    required: { times: copies, layer: nested(layerKind) },
    optional: { as: oneOf(['scan', 'unrolled']) },
    takes: ['times', 'layer'],
    build: ({ times, layer, ...options }): Layer => repeat(times, asEndo(layer), options),
    examples: [
      { times: 2, layer: { type: 'additiveCoupling', conditioner: { type: 'mlp', hidden: [4], activation: 'tanh' } } },
      { times: 3, as: 'scan', layer: { type: 'affine' } },
    ],
  },
  <G extends Grade>(n: number, layer: Endo<G>, { as }: RepeatOptions = {}): Endo<G> => {
    if (!Number.isInteger(n) || n < 1)
      return raise('ArgumentError', 'repeat', 'needs a positive number of layers', {
        expected: '1, 2, …',
        got: `${n}`,
      });
    const copies = Array.from({ length: n }, () => layer);
    const spec = { type: 'repeat', times: n, layer: layer.spec, ...(as === undefined ? {} : { as }) };
    const loops = as === 'scan' || (as === undefined && n >= MANY);
    const chain = chainOf(copies, spec, loops ? asScan : inOrder);
    const repeated: Layer = having(repeating, n)({ ...chain, endo: true as const });
    return repeated as Endo<G>;
  },
);
