/** No false alarms: every registered model under every estimator that takes it, its samples and its densities, tie nothing by chance. */

import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import type { AnyDist } from '../../src/algebra/dist.ts';
import { rewrite } from '../../src/algebra/rewrite.ts';
import * as D from '../../src/core/draw.ts';
import { PushforwardError } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { parametersOf } from '../../src/core/program.ts';
import { batchStep } from '../../src/inference/training/move-plan.ts';
import { type EventInfo, models, objectiveNamed, objectives } from '../../src/models/index.ts';
import { smallOptions } from './small.ts';

const events: readonly EventInfo[] = [
  { shape: [3] },
  { shape: [4, 4] },
  { shape: [4, 4], levels: 2 },
  { shape: [4, 4, 1], levels: 8 },
  { shape: [2], classes: 3 },
];

const isPlaces = (e: PushforwardError): boolean => /one name|shared name|applied to what it gave/.test(e.detail);

/** The parameters of some expressions, or the refusal of something that this distribution has not. */
const names = (build: () => readonly Expr[]): readonly string[] | string => {
  try {
    return parametersOf(build()).map((p) => p.attributes.name);
  } catch (e) {
    if (e instanceof PushforwardError && !isPlaces(e)) return e.message;
    throw e;
  }
};

describe.each(Object.values(models).map((m) => [m.name, m] as const))('%s', (_, model) => {
  const dists = events.flatMap((event): AnyDist[] => {
    try {
      return [model.build(event, smallOptions(model.name))];
    } catch (e) {
      if (e instanceof PushforwardError && !isPlaces(e)) return [];
      throw e;
    }
  });

  test('samples and densities, read several times and rewritten', () => {
    expect(dists.length).toBeGreaterThan(0);
    for (const dist of dists) {
      const x = o.input('x', dist.shape);
      const read = (l: AnyDist): readonly Expr[] => [
        ...(l.evidence === 'none' ? [] : [D.runDraw(l.logDensity(x)), D.runDraw(l.logDensity(o.neg(x)))]),
      ];
      const once = names(() => read(dist).slice(0, 1));
      expect(names(() => read(dist))).toEqual(once);
      expect(names(() => read(rewrite(dist)))).toEqual(once);
      names(() => [D.runDraw(dist.sample), ...read(dist)]);
      names(() => [D.runDraw(dist.sampleAndLogDensity).value, ...read(dist)]);
    }
  });

  test('every estimator that takes it', () => {
    let built = 0;
    for (const dist of dists)
      for (const text of Object.keys(objectives)) {
        const made = objectiveNamed(text)(dist);
        if (isLeft(made)) continue;
        const found = names(() => {
          const { loss, advances } = batchStep(made.right, o.input('batch', [4, ...made.right.shape]));
          return [loss, ...advances.map((a) => a.next)];
        });
        if (typeof found !== 'string') built++;
      }
    for (const dist of dists)
      if (model.objective !== undefined) {
        const own = model.objective(dist);
        const { loss, advances } = batchStep(own, o.input('batch', [256, ...own.shape]));
        expect(parametersOf([loss, ...advances.map((a) => a.next)]).length).toBeGreaterThan(0);
        built++;
      }
    expect(built).toBeGreaterThan(0);
  });
});
