/** The distribution of a diffusion model in single precision on ONNX Runtime, as `run` runs any distribution. */
import { describe, expect, test } from 'vitest';
import { onnx, reference } from '../../src/core/interpreters/index.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { mixture, normal } from '../../src/distributions/index.ts';
import { dormandPrince } from '../../src/dynamics/index.ts';
import { run } from '../../src/inference/index.ts';
import {
  type DiffusionOptions,
  diffusion,
  dpmSolver,
  edm,
  edmHeun,
  exactDenoiser,
  karrasGrid,
  logSnrGrid,
  subVp,
  uniformGrid,
  ve,
  vp,
} from '../../src/sde/index.ts';

const dist = mixture({
  logits: [0, 0.5],
  components: [normal([2], { loc: [1, -1], scale: [0.8, 1.2] }), normal([2], { loc: [-1, 0.5], scale: 0.9 })],
});
const options: DiffusionOptions = {
  sampler: edmHeun(),
  grid: karrasGrid(12),
  likelihood: { divergence: 'exact', solver: dormandPrince({ rtol: 1e-5, atol: 1e-5 }), grid: uniformGrid(1) },
};
const points = {
  shape: [3, 2],
  type: 'float32' as const,
  data: Float32Array.from([0.4, -1.1, 1.5, 0.2, -2, 2]),
};

describe('on ONNX Runtime', () => {
  test.each(
    [vp(), subVp(), ve({ sigmaMax: 10 }), edm({ sigmaMax: 10 })].map((p) => [p.spec.type, p] as const),
  )('%s: samples and adaptive densities are those of double precision', async (_, process) => {
    const model = diffusion(exactDenoiser(process, dist), options);
    const [single, double] = [onnx('cpu'), reference].map((backend) => run(model, {}, backend));
    const close = (a: readonly number[], b: readonly number[]): void =>
      a.forEach((v, i) => {
        expect(Math.abs(v - b[i])).toBeLessThan(2e-3);
      });
    close(toNumbers(await single.sample(5, 1)), toNumbers(await double.sample(5, 1)));
    close(toNumbers(await single.logDensity(points)), toNumbers(await double.logDensity(points)));
  });

  test('a sample is the same, bit for bit, whatever the number of samples', async () => {
    const model = diffusion(exactDenoiser(vp(), dist), { sampler: dpmSolver(), grid: logSnrGrid(10) });
    const running = run(model, {}, onnx('cpu'));
    const [few, many] = [toNumbers(await running.sample(3, 5)), toNumbers(await running.sample(300, 5))];
    expect(few).toEqual(many.slice(0, 6));
  });
});
