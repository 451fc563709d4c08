/** Score-matching objectives through JSON: the same spec, the same loss; and the sentences about those that cannot be read. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { shiftScale } from '../../src/bijectors/index.ts';
import { sentence } from '../../src/core/errors.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, noiseKey, noiseTensor, parametersOf, program } from '../../src/core/program.ts';
import type { Shape } from '../../src/core/shape.ts';
import { normal, pushforward } from '../../src/distributions/index.ts';
import {
  batchLosses,
  denoisingScoreMatching,
  denoisingScoreMatchingAt,
  gaussian,
  ladderTime,
  type Objective,
  scoreMatching,
  scoreNetwork,
  slicedScoreMatching,
  sphere,
  varianceReducedSlicedScoreMatching,
} from '../../src/inference/index.ts';
import { readObjective } from '../../src/models/index.ts';
import { mlp, resMlp, unet } from '../../src/nn/index.ts';
import { diffusion, edmWeighting, importanceTime, likelihoodWeighting, logNormalTime, predict, ve, vp } from '../../src/sde/index.ts'; // biome-ignore format: one line
import { dequantise } from '../../src/transports/index.ts';

const net = mlp([3], { activation: 'tanh', zeroLast: false });
const denoiser = predict('velocity', vp(), resMlp([4]), { shape: [2] });
const dist = pipe(
  diffusion(predict('data', ve({ sigmaMax: 5 }), unet({ channels: 4, multipliers: [1], groups: 2, heads: 2 }), { shape: [2, 2, 1] })),
  pushforward(shiftScale({ shift: [-1, -1, -1, -1], scale: [2, 2, 2, 2] })),
  pushforward(dequantise({ levels: 4 })),
); // biome-ignore format: one idea

/** The losses of three events with parameters drawn by name. */
const losses = (objective: Objective<Shape>): number[] => {
  const p = program([batchLosses(objective, o.input('x', [3, ...objective.shape]))], 'float64');
  const drawn = (name: string, shape: Shape) => noiseTensor(shape, 'normal', 0, noiseKey(1, 0, name), 'float64');
  const parameters = parametersOf(p.outputs).map(
    (e) => [e.attributes.name, drawn(e.attributes.name, e.shape)] as const,
  );
  const feeds = { ...noiseFeeds(p, { seed: 2 }), ...Object.fromEntries(parameters), x: drawn('x', [3, ...objective.shape]) }; // biome-ignore format: one line
  return Array.from(evaluateProgram(p, feeds)[0].data);
};

const objectives: readonly (readonly [string, Objective<Shape>])[] = [
  ['denoising of a denoiser', denoisingScoreMatching(denoiser, { weighting: likelihoodWeighting, drawnBy: importanceTime })],
  ['denoising of a distribution over levels', denoisingScoreMatching(dist, { weighting: edmWeighting(), time: logNormalTime() })],
  ['denoising on a ladder', denoisingScoreMatching(denoiser, { time: ladderTime(10) })],
  ['denoising at one scale', denoisingScoreMatchingAt(0.2)(normal([2], { scale: 0.7 }))],
  ['exact', scoreMatching(scoreNetwork([2], net))],
  ['sliced', slicedScoreMatching({ projection: sphere, projections: 2 })(normal([2], { loc: 1 }))],
  ['sliced with variance reduction', varianceReducedSlicedScoreMatching({ projection: gaussian })(scoreNetwork([2], net))],
] as never; // biome-ignore format: one line each

describe('score matching through JSON', () => {
  test.each(objectives)('%s', (_, objective) => {
    const again = readObjective(JSON.parse(JSON.stringify(objective.spec)));
    if (E.isLeft(again)) throw new Error(sentence(again.left));
    expect(again.right.spec).toEqual(objective.spec);
    const found = losses(objective);
    expect(found.every(Number.isFinite)).toBe(true);
    expect(losses(again.right as Objective<Shape>)).toEqual(found);
  });

  const refused = (spec: unknown): string => {
    const r = readObjective(spec);
    return E.isLeft(r) ? sentence(r.left) : 'it was read';
  };

  test('is refused on the sphere where directions must have second moment I', () =>
    expect(refused({ ...objectives[6][1].spec, projection: 'sphere' })).toContain('projection'));

  test('of nothing, or of a distribution without a denoiser, is refused', () => {
    expect(refused({ type: 'denoisingScoreMatching' })).toContain("one of 'dist' and 'denoiser' is needed");
    expect(refused({ type: 'denoisingScoreMatching', dist: { type: 'standardNormal', shape: [2] } })).toContain('no denoiser to train'); // biome-ignore format: one line
  });
});
