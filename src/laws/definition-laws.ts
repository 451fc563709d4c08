/** Laws of a definition: its examples are read, come back from JSON as they were, and what they make keeps the laws of its kind. */
import * as E from 'fp-ts/lib/Either.js';
import type { AnyDist } from '../algebra/dist.ts';
import { distributionKind, layerKind } from '../algebra/kinds.ts';
import type { Layer } from '../algebra/transport.ts';
import { decode } from '../core/codec.ts';
import type { Definition } from '../core/definition.ts';
import { sentence, toFailure } from '../core/errors.ts';
import type { Shape } from '../core/shape.ts';
import { codecOf } from '../models/codec.ts';
import { distLaws } from './dist-laws.ts';
import type { Region } from './region.ts';
import { transportLaws } from './transport-laws.ts';
import { type Verdict, verdict } from './verdict.ts';

const failed = (law: string, said: string): Verdict => verdict(law, 1, 0, said);
const held = (law: string): Verdict => verdict(law, 0, 0, '');

const guarded = (law: string, laws: () => readonly Verdict[]): readonly Verdict[] => {
  try {
    return laws();
  } catch (e) {
    return [failed(law, sentence(toFailure('ArgumentError')(e)))];
  }
};

/** Shapes on which a layer's examples are tried: those that its definition names, else a few. */
const shapesOf = ({ shapes }: Definition): readonly Shape[] =>
  shapes === undefined ? [[2], [2, 3]] : shapes === 'vectors' ? [[2], [3]] : shapes;

const regionOf = ({ regions }: Definition): Region | undefined =>
  regions === 'own' ? undefined : regions === 'any' || regions === undefined ? 'reals' : regions[0];

/** The laws of what an example makes. */
const lawsOf = (definition: Definition, made: unknown): readonly Verdict[] => {
  if (definition.kind.name === distributionKind.name) {
    const dist = made as AnyDist;
    return dist.evidence === 'none' ? [] : distLaws(dist, { count: 512, quadrature: 1e-3 });
  }
  const region = regionOf(definition);
  if (definition.kind.name !== layerKind.name || region === undefined) return [];
  return shapesOf(definition).flatMap((shape) => transportLaws(made as Layer, { shape, region, tolerance: 1e-7 }));
};

/**
 * Holds a definition to what is promised of all: there is an example; every example is read; what it makes is written as JSON and read again as the same; every option that JSON can hold
 * is in an example; and the laws of its kind hold for what was made (layers: {@link transportLaws}, distributions: {@link distLaws}). `modules` are the exports that examples mention
 * beside the library.
 *
 * @example
 * assertLaws('affine', definitionLaws(definitionsOf(affine)[0]));
 */
export const definitionLaws = (definition: Definition, modules: readonly object[] = []): readonly Verdict[] => {
  const { kind, type, examples, required, optional } = definition;
  const codec = codecOf(kind, modules);
  const mentioned = new Set(examples.flatMap((e) => Object.keys(e)));
  const silent = Object.keys({ ...required, ...optional }).filter((k) => !mentioned.has(k));
  return [
    verdict('there is an example', examples.length === 0 ? 1 : 0, 0, ''),
    verdict('every option is in an example', silent.length, 0, silent.join(', ')),
    ...examples.flatMap((example, i) => {
      const law = `example ${i + 1} comes back from JSON`;
      const read = decode(codec, { type, ...example });
      if (E.isLeft(read)) return [failed(law, sentence(read.left))];
      const written: unknown = codec.encode(read.right);
      const again = decode(codec, JSON.parse(JSON.stringify(written ?? null)));
      if (E.isLeft(again)) return [failed(law, sentence(again.left))];
      const same = JSON.stringify(codec.encode(again.right)) === JSON.stringify(written);
      return [same ? held(law) : failed(law, 'it is another'), ...guarded(law, () => lawsOf(definition, read.right))];
    }),
  ];
};
