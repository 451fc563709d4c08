import { having } from '../algebra/capability.ts';
import { free } from '../algebra/cost.ts';
import { fixing } from '../algebra/fixed.ts';
import { layerKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { finite, list } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import * as o from '../core/ops/index.ts';
import { constant } from '../core/ops/leaves.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';

/** Options of {@link shiftScale}: one number for each element of an event, row-major. */
export interface ShiftScaleOptions {
  readonly shift: readonly number[];
  /** Not zero. */
  readonly scale: readonly number[];
}

/**
 * The fixed elementwise map z = (x − shift) / scale: log |det ∂z/∂x| = −Σ log |scale|. Data of any units become data of order one, and since the
 * map belongs to the distribution, its samples and densities are in the data's own units. Throws `ArgumentError` where a number cannot be used and,
 * in use, `ShapeError` where the event has another size.
 *
 * @example
 * pipe(realNVP([2]), pushforward(shiftScale({ shift: [170, 70], scale: [10, 15] })))
 */
export const shiftScale = define(
  layerKind,
  {
    type: 'shiftScale',
    about: 'Fixed offsets and scales: standardisation.',
    required: { shift: list(finite), scale: list(finite) },
    shapes: [[2]],
    examples: [{ shift: [1, -2], scale: [0.5, 3] }],
  },
  ({ shift, scale }: ShiftScaleOptions): Endo<'bijective'> => {
    if (shift.length !== scale.length)
      return raise('ArgumentError', 'shiftScale', 'as many scales as shifts', {
        expected: `${shift.length}`,
        got: `${scale.length}`,
      });
    const wrong = [...shift, ...scale.map((s) => (s === 0 ? Number.NaN : s))].findIndex((v) => !Number.isFinite(v));
    if (wrong >= 0)
      return raise('ArgumentError', 'shiftScale', 'a shift is a finite number, and a scale not zero', {
        got: `${[...shift, ...scale][wrong]}`,
      });
    const contribution = -scale.reduce((sum, s) => sum + Math.log(Math.abs(s)), 0);
    const constants = (shape: Shape) =>
      sizeOf(shape) === shift.length
        ? { t: constant(shift, shape), s: constant(scale, shape) }
        : raise('ShapeError', 'shiftScale', 'the event has another size', {
            expected: `${shift.length} elements`,
            got: showShape(shape),
          });
    const layer = bijection({
      spec: { type: 'shiftScale', shift, scale },
      cost: free,
      encode: (x) => () => {
        const { t, s } = constants(x.shape);
        return { value: o.div(o.sub(x, t), s), contribution: o.scalar(contribution) };
      },
      decode: (z) => () => {
        const { t, s } = constants(z.shape);
        return { value: o.add(t, o.mul(s, z)), contribution: o.scalar(contribution) };
      },
    });
    return having(fixing, () => ({ kind: 'affine', shift, scale }))(layer);
  },
);
