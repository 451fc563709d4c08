/**
 * Random compositions, for property tests with fast-check. fast-check is handed in, so that the library does not depend on it:
 *
 *     fc.assert(fc.property(arbitraryTransport(fc), (t) => assertLaws(`${t}`, transportLaws(t.layer, t))))
 *
 * The layers are the examples of their definitions: a layer with a definition, the library's or one's own, takes part without a line here.
 */
import type * as FastCheck from 'fast-check';
import { asEndo, layerKind } from '../algebra/kinds.ts';
import { compose, inverse, type Layer } from '../algebra/transport.ts';
import type { Definition } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { input } from '../core/ops/leaves.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { reader, tablesOf } from '../core/specification.ts';
import { tensor } from '../core/tensor.ts';
import { definitions as library } from '../models/codec.ts';
import { type PlainRegion, randomised, valuesOf } from './region.ts';

/** A random bijective composition and where it lives. */
export interface RandomTransport {
  readonly layer: Layer;
  /** The data side: where events have this shape and lie in this region. */
  readonly shape: Shape;
  readonly region: PlainRegion;
  /** The latent side. */
  readonly latent: { readonly shape: Shape; readonly region: PlainRegion };
}

/** What {@link arbitraryTransport} needs of fast-check. */
export type FastCheckLike = Pick<typeof FastCheck, 'array' | 'boolean' | 'constantFrom' | 'nat' | 'record'>;

/** A layer of an example, with the regions it maps; inverses are candidates too. */
interface Candidate {
  readonly layer: Layer;
  readonly inverted: boolean;
  /** Data, latents; the same on both sides where it may be anything. */
  readonly regions: 'any' | readonly [PlainRegion, PlainRegion];
  readonly shapes: Definition['shapes'];
}

/** The layers of examples, both ways round: exact bijections between regions that compositions know. */
const candidatesOf = (definitions: readonly Definition[]): readonly Candidate[] => {
  const codec = reader(layerKind, tablesOf(definitions));
  return definitions
    .filter((d) => d.kind.name === layerKind.name && d.regions !== 'own')
    .flatMap(({ type, examples, regions = ['reals', 'reals'], shapes }) =>
      examples.flatMap((example) => {
        const read = codec.decode({ type, ...example });
        if (read._tag === 'Left' || read.right.grade !== 'bijective') return [];
        const layer = read.right;
        const turned = typeof regions === 'string' ? 'any' : ([regions[1], regions[0]] as const);
        return [
          { layer, inverted: false, regions: typeof regions === 'string' ? 'any' : regions, shapes } as const,
          { layer: inverse(asEndo(layer)), inverted: true, regions: turned, shapes } as const,
        ];
      }),
    );
};

interface Place {
  readonly shape: Shape;
  readonly region: PlainRegion;
  readonly layers: readonly Layer[];
}

/** The shape that a layer maps data of a shape to; nothing where it does not fit. */
const mapped = (layer: Layer, shape: Shape): Shape | undefined => {
  try {
    const latent = D.runDraw(layer.encode(input('probe', shape))).value.shape;
    return sameShape(D.runDraw(layer.decode(input('probe', latent))).value.shape, shape) ? latent : undefined;
  } catch {
    return undefined;
  }
};

const extremes: { readonly [R in PlainRegion]: readonly number[] } = {
  reals: [-30, 30],
  unit: [1e-3, 1 - 1e-3],
  positive: [1e-3, 30],
};

const within: { readonly [R in PlainRegion]: (x: number) => boolean } = {
  reals: () => true,
  unit: (x) => x >= 0 && x <= 1,
  positive: (x) => x >= 0,
};

/** Whether decoding stays where data are: a logit that pulls its ends in does not, and then nothing may stand before it. */
const staysInside = (layer: Layer, latent: Shape, [data, of]: readonly [PlainRegion, PlainRegion]): boolean => {
  if (data === 'reals') return true;
  const z = input('z', latent);
  const x = D.runDraw(layer.decode(z)).value;
  const parameters = randomised([x]);
  return extremes[of].every((v) =>
    valuesOf([x], { ...parameters, z: tensor(new Float64Array(sizeOf(latent)).fill(v), latent) })[0].data.every(
      within[data],
    ),
  );
};

/** What a candidate makes of a place; nothing where it does not fit there. */
const followed = ({ layer, regions, shapes }: Candidate, { shape, region, layers }: Place): Place | undefined => {
  const [from, to] = regions === 'any' ? [region, region] : regions;
  if (from !== region || (shapes === 'vectors' && shape.length !== 1)) return undefined;
  const latent = mapped(layer, shape);
  if (latent === undefined || latent.length === 0 || (latent[latent.length - 1] < 2 && shapes === undefined))
    return undefined;
  if (layers.length > 0 && !staysInside(layer, latent, [from, to])) return undefined;
  return { shape: latent, region: to, layers: [...layers, layer] };
};

/** Answers of {@link followed}, which do not change, by candidate, shape, region and whether it is the first. */
const remembered = (): typeof followed => {
  const known = new Map<Candidate, Map<string, Place | undefined>>();
  return (candidate, place) => {
    const answers = known.get(candidate) ?? new Map<string, Place | undefined>();
    known.set(candidate, answers);
    const key = `${showShape(place.shape)} ${place.region} ${place.layers.length > 0}`;
    if (!answers.has(key)) answers.set(key, followed(candidate, place));
    const answer = answers.get(key);
    return answer === undefined ? undefined : { ...answer, layers: [...place.layers, candidate.layer] };
  };
};

const starts: readonly Shape[] = [[2], [3], [4], [5], [2, 3], [2, 4, 1]];

/** Options of {@link arbitraryTransport}. */
export interface ArbitraryTransportOptions {
  /** Greatest number of layers; default 5. */
  readonly depth?: number;
  /** Shapes of events; default [2] … [5], [2, 3] and [2, 4, 1]. */
  readonly shapes?: readonly Shape[];
  /** The definitions whose examples are used; default the library's. */
  readonly definitions?: readonly Definition[];
}

/**
 * Random bijective compositions of 1 to `depth` layers, each an example of a definition or its inverse, over events of shapes [2] … [5], [2, 3] and [2, 4, 1], on the reals, (0, 1) or
 * the positive numbers. Definitions of your own take part beside the library's: `definitions: [...definitions, ...definitionsOf(mine)]`.
 *
 * @example
 * const [{ layer, region }] = fc.sample(arbitraryTransport(fc, { depth: 2 }), 1);
 */
export const arbitraryTransport = (
  fc: FastCheckLike,
  { depth = 5, shapes = starts, definitions = library }: ArbitraryTransportOptions = {},
): FastCheck.Arbitrary<RandomTransport> => {
  const candidates = candidatesOf(definitions);
  const follow = remembered();
  const extend = (
    place: Place,
    { choice, inverted }: { readonly choice: number; readonly inverted: boolean },
  ): Place => {
    const fitting = candidates.filter((c) => c.inverted === inverted).flatMap((c) => follow(c, place) ?? []);
    return fitting.length === 0 ? place : fitting[choice % fitting.length];
  };
  return fc
    .record({
      shape: fc.constantFrom<Shape>(...shapes),
      region: fc.constantFrom<PlainRegion>('reals', 'reals', 'unit', 'positive'),
      picks: fc.array(fc.record({ choice: fc.nat(9999), inverted: fc.boolean() }), { minLength: 1, maxLength: depth }),
    })
    .map(({ shape, region, picks }) => {
      const end = picks.reduce(extend, { shape, region, layers: [] } as Place);
      const layer: Layer = compose(...end.layers.map(asEndo));
      const text = `${showShape(shape)} ${region}: ${JSON.stringify(layer.spec)}`;
      return {
        layer,
        shape,
        region,
        latent: { shape: end.shape, region: end.region },
        toString: () => text,
        [Symbol.for('fast-check/toStringMethod')]: () => text,
      };
    });
};
