/**
 * Score-SDE on two moons (Song et al. 2021, arXiv:2011.13456), with the public API alone.   npm run example score-sde
 *
 * One declaration of a noising process: its sampler, its loss, its probability flow and its likelihood follow. VE, VP and sub-VP differ by one word,
 * and so do the samplers that draw from one trained model.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  cosine,
  denoisingScoreMatching,
  diffusion,
  dpmSolver,
  edmWeighting,
  eulerMaruyama,
  evaluate,
  fit,
  flowSampler,
  logNormalTime,
  logSnrGrid,
  onnx,
  predict,
  pushforward,
  resMlp,
  run,
  shiftScale,
  showEvaluation,
  subVp,
  ve,
  vp,
} from 'pushforward';
import { standardScaling, toyDataset } from 'pushforward/data';

const data = toyDataset('twoMoons', { size: 50_000, seed: 0 });
const held = toyDataset('twoMoons', { size: 4096, seed: 1 });
if (isLeft(data) || isLeft(held)) throw new Error('no such toy');
const scaling = standardScaling(data.right);

/** The distribution of a denoiser with one sampler or another: the same parameters, so what was trained is drawn from in many ways. */
const declared = (process: ReturnType<typeof vp>, sampler = flowSampler(), steps = 50) =>
  pipe(
    diffusion(predict('data', process, resMlp([128, 128, 128]), { shape: [2] }), {
      sampler,
      grid: logSnrGrid(steps),
      likelihood: { divergence: 'exact' },
    }),
    pushforward(shiftScale(scaling)),
  );

const steps = 2000;
for (const process of [ve({ sigmaMax: 10 }), vp(), subVp()]) {
  const fitted = await fit({
    objective: denoisingScoreMatching(declared(process), {
      weighting: edmWeighting(),
      time: logNormalTime({ mean: -1, deviation: 1.4 }),
    }),
    data: data.right,
    optimizer: adam({ learningRate: cosine(3e-3, steps) }),
    steps,
    batchSize: 512,
    ema: 0.995,
    seed: 0,
  })();
  if (isLeft(fitted)) throw new Error(fitted.left.message);
  const parameters = fitted.right.parameters;
  const backend = onnx('cpu');
  const evaluation = await evaluate(run(declared(process), parameters, backend), held.right);
  console.log(`${process.spec.type}: ${showEvaluation(evaluation)}, entropy ${data.right.entropy?.toFixed(4)}`);
  for (const [name, dist] of Object.entries({
    'probability flow, 50 steps': declared(process),
    'DPM-Solver++, 15 steps': declared(process, dpmSolver(), 15),
    'Euler–Maruyama, 200 steps': declared(process, eulerMaruyama(), 200),
  })) {
    const { data: drawn } = await run(dist, parameters, backend).sample(2000, 0);
    const upper = drawn.filter((_, i) => i % 2 === 1 && drawn[i] > 0.25).length / 2000;
    console.log(`  ${name}: ${(100 * upper).toFixed(1)} % of 2000 samples above y = ¼ (the distribution has half)`);
  }
}
