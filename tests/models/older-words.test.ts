/** Files of before the rename say `law` for `dist`, `laws` for `dists` and `cldLaw` for `cldDiffusion`: they are read as what they were. */
import fc from 'fast-check';
import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { type AnyDist, type Dist, named } from '../../src/algebra/dist.ts';
import type { Json, Spec } from '../../src/algebra/spec.ts';
import { sentence } from '../../src/core/errors.ts';
import { jointly, normal, parametricFamilies, parametrised, product, standardNormal, tempered } from '../../src/distributions/index.ts'; // biome-ignore format: one import
import { maximumLikelihood } from '../../src/inference/index.ts';
import { models, readDist, readObjective, realNVP } from '../../src/models/index.ts';
import { arbitraryDist } from './arbitrary.ts';

const words: { readonly [word: string]: string | undefined } = { dist: 'law', dists: 'laws', cldDiffusion: 'cldLaw' };

/** A specification as it was written before. */
const aged = (spec: Json): Json => {
  if (Array.isArray(spec)) return spec.map(aged);
  if (spec === null || typeof spec !== 'object') return spec;
  return Object.fromEntries(
    Object.entries(spec).map(([key, value]) => [
      words[key] ?? key,
      key === 'type' && typeof value === 'string' ? (words[value] ?? value) : aged(value),
    ]),
  );
};
const through = (spec: Spec): unknown => JSON.parse(JSON.stringify(aged(spec)));

const part = parametrised(parametricFamilies.normal, { context: [3], event: [2] });
const made: Readonly<Record<string, AnyDist>> = {
  named: named('teacher')(standardNormal([2])),
  product: product([normal([1]), standardNormal([2])]),
  tempered: tempered(0.5)(normal([2])),
  jointly: jointly(standardNormal([3]), part),
  cld: models.cld.build({ shape: [2] }),
};

describe('specifications of the older words', () => {
  it.each(Object.entries(made))('%s', (_, { spec }) => {
    expect(JSON.stringify(through(spec))).toMatch(/"laws?":|cldLaw/);
    const read = readDist(through(spec));
    expect(isRight(read) ? read.right.spec : sentence(read.left)).toEqual(spec);
  });

  it('random ones', () => {
    fc.assert(
      fc.property(arbitraryDist, ({ spec }) => {
        const read = readDist(through(spec));
        expect(isRight(read) ? read.right.spec : sentence(read.left)).toEqual(spec);
      }),
      { numRuns: 100 },
    );
  });

  it('objectives', () => {
    const { spec } = maximumLikelihood(realNVP([2], { layers: 1, hidden: [4] }));
    const read = readObjective(through(spec));
    expect(isRight(read) ? read.right.spec : sentence(read.left)).toEqual(spec);
  });

  it('errors have the path of the file; a key said in both ways is one too many', () => {
    const wrong = readDist({ type: 'named', name: 'a', law: { type: 'standardNormal', shape: [0] } });
    expect(isLeft(wrong) ? sentence(wrong.left) : '').toMatch(/^law\.shape\[0\]: /);
    const { spec } = named('a')(standardNormal([2]) as Dist<readonly [2], unknown>);
    const both = readDist({ ...spec, law: spec.dist });
    expect(isLeft(both) ? sentence(both.left) : '').toMatch(/unknown key 'law'/);
  });
});
