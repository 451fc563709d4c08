/** Kinds of declarations of the algebra, and what JSON says without types: a layer of any shape, a bijection. */
import { kind } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import type { Conditional } from './conditional.ts';
import type { Context } from './context.ts';
import type { AnyDist } from './dist.ts';
import { plainGrade } from './evidence.ts';
import type { ScalarMap } from './scalar-map.ts';
import type { Endo, Layer } from './transport.ts';

/**
 * Distributions.
 *
 * @example
 * codecOf(distributionKind).decode({ type: 'standardNormal', shape: [2] });
 */
export const distributionKind = kind<AnyDist>('distribution');

/**
 * Layers.
 *
 * @example
 * codecOf(layerKind).decode({ type: 'affine' });
 */
export const layerKind = kind<Layer>('layer');

/**
 * Scalar maps.
 *
 * @example
 * codecOf(mapKind).decode({ type: 'affineMap' });
 */
export const mapKind = kind<ScalarMap>('map');

/**
 * Conditional distributions.
 *
 * @example
 * codecOf(conditionalKind).decode({ type: 'parametrised', family: 'normal', context: [2], event: [1] });
 */
export const conditionalKind = kind<Conditional<Context, Shape>>('conditional');

/** A layer as one that keeps any shape: types were checked when the declaration was written, what JSON says is checked where it is pushed forward. */
export const asEndo = (layer: Layer): Endo<'bijective'> => layer as Endo<'bijective'>;

/** A layer that must have two exact directions. Throws `ArgumentError`. */
export const bijective = (owner: string, layer: Layer): Endo<'bijective'> =>
  plainGrade(layer.grade) === 'bijective'
    ? asEndo(layer)
    : raise('ArgumentError', '', `${owner}: only a bijection can be inverted`, {
        expected: 'a layer of grade bijective',
        got: `${layer.spec.type}, of grade ${layer.grade}`,
      });
