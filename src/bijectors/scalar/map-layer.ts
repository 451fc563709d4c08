/** Layers that carry a fixed map are defined twice at once: as layers, and as the maps that couplings and autoregressions take. */

import * as E from 'fp-ts/lib/Either.js';
import { layerKind, mapKind } from '../../algebra/kinds.ts';
import type { MapLayer } from '../../algebra/transport.ts';
import type { t } from '../../core/codec.ts';
import { type Declaration, type Defined, type Definition, define } from '../../core/definition.ts';

/** The definition of a map from that of a layer which carries one. */
const asMap = (layer: Definition<MapLayer>): Definition => ({
  ...layer,
  kind: mapKind,
  validate: (u, c) => E.map((l: MapLayer) => l.map)(layer.validate(u, c)),
  build: (fields) => layer.build(fields).map,
});

/**
 * A constructor of a layer that carries its map, with the definition of both. Throws, when it is called, `ArgumentError` for an unknown option.
 *
 * @example
 * const double = defineMapLayer({ type: 'double', about: '2 x.', examples: [{}] }, () => scale(2));
 */
export const defineMapLayer = <F extends (...args: never[]) => MapLayer, R extends t.Props, O extends t.Props>(
  declaration: Declaration<MapLayer, R, O>,
  make: F,
): F & Defined => {
  const layer = define(layerKind, declaration, make);
  return Object.assign(layer, { definitions: layer.definitions.flatMap((d) => [d, asMap(d as Definition<MapLayer>)]) });
};
