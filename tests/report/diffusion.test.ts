/** What a report says of a diffusion model: paths from noise to data, where they start and where they end. */
import { describe, expect, it } from 'vitest';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { tensor } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import { mixture, normal } from '../../src/distributions/index.ts';
import { evaluate, run } from '../../src/inference/index.ts';
import { rateDistortionCurve, trajectories } from '../../src/report/index.ts';
import { runReport } from '../../src/report/run-report.ts';
import {
  ddim,
  diffusion,
  exactDenoiser,
  flowSampler,
  logSnrGrid,
  sampleWith,
  trajectory,
  vp,
} from '../../src/sde/index.ts';

const around = (x: number, y: number) => normal([2], { loc: o.constant([x, y]), scale: 0.3 });
const dist = mixture({ logits: [0, 0, 0], components: [around(-1.5, 0), around(1.5, 0), around(0, 2)] });
const denoiser = exactDenoiser(vp(), dist);
const backend = onnx('cpu');

describe('trajectory', () => {
  it('ends where the sampler ends, from the same draw of the prior', async () => {
    const grid = logSnrGrid(12);
    const model = diffusion(denoiser, { sampler: ddim(), grid, finish: 'noisy' });
    const running = run(model, {}, backend);
    const rows = tensor(new Float32Array(5), [5]);
    const [paths] = await running.each(() => (s) => (c) => {
      const [p, next] = trajectory(ddim(), grid)(denoiser)(s)(c);
      return [[p], next];
    })(rows, 3);
    const [ends] = await running.each(() => (s) => (c) => {
      const [x, next] = sampleWith(ddim(), grid, { finish: 'noisy' })(denoiser)(s)(c);
      return [[x], next];
    })(rows, 3);
    expect(paths.shape).toEqual([5, 13, 2]);
    for (let i = 0; i < 5; i++)
      for (const j of [0, 1]) expect(paths.data[i * 26 + 24 + j]).toBeCloseTo(ends.data[2 * i + j], 4);
  });
});

describe('the report of a diffusion model', () => {
  it('draws paths of the reverse equation beside the probability flow', async () => {
    const model = diffusion(denoiser, {
      sampler: flowSampler(),
      grid: logSnrGrid(20),
      likelihood: { divergence: 'exact' },
    });
    const running = run(model, {}, backend);
    const data = fromRows('three', Float32Array.from((await running.sample(200, 1)).data), [2]);
    const { figures } = await runReport({ title: '', subtitle: '', running, train: data, test: data, history: [], evaluation: await evaluate(running, data), objective: { name: 'maximumLikelihood', evidence: 'exact' }, facts: [], command: '', footer: '', seed: 0 }); // biome-ignore format: one call
    expect(figures.map((f) => f.name)).toEqual(['paths', 'loss', 'samples', 'density']);
    const { svg } = figures[0];
    expect(svg).toContain('reverse SDE');
    expect(svg).toContain('probability flow');
  });

  it('says so where there are no paths', () => {
    expect(trajectories({ panels: [], points: 3, x: [0, 1], y: [0, 1] })).toContain('no paths');
  });
});

describe('the rate–distortion curve', () => {
  it('goes through every step that is a number, and needs two', () => {
    const svg = rateDistortionCurve({ rate: [0, 0.5, 1, Number.NaN], distortion: [80, 20, 3, 2] });
    expect(svg).toContain('3 steps');
    expect(svg).toContain('bits/dim');
    expect(rateDistortionCurve({ rate: [0], distortion: [1] })).toContain('no curve');
    expect(() => rateDistortionCurve({ rate: [0, 1], distortion: [1] })).toThrow('one distortion for every rate');
  });
});
