/** What a report says of a distribution that infers: reconstructions, units in use, KL by group, and a collapsed posterior called by its name. */
import { describe, expect, it } from 'vitest';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { keyOf } from '../../src/core/prng.ts';
import { noiseTensor } from '../../src/core/program.ts';
import { tensor } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import { elbo, evaluate, initialParameters, run } from '../../src/inference/index.ts';
import { realNVP, vae } from '../../src/models/index.ts';
import { latentUnits } from '../../src/report/index.ts';
import { activityOf } from '../../src/report/run/inference.ts';
import { runReport } from '../../src/report/run-report.ts';

const images = fromRows(
  'bars',
  Float32Array.from({ length: 64 * 16 }, (_, i) => (Math.floor(i / 16) % 4 === i % 4 ? 1 : 0)),
  [4, 4],
  { levels: 2 },
);

const reportOf = async (change: (name: string, data: Float32Array) => Float32Array) => {
  const dist = vae([4, 4], { latent: 2, hidden: [8], decoder: 'bernoulli' });
  const backend = onnx('cpu');
  const start = await initialParameters(elbo(dist), 1, tensor(new Float32Array(16), [1, 4, 4]), backend);
  const parameters = Object.fromEntries(
    Object.entries(start).map(([name, t]) => [name, { ...t, data: change(name, t.data as Float32Array) }]),
  );
  const running = run(dist, parameters, backend);
  return runReport({
    title: 't',
    subtitle: 's',
    running,
    train: images,
    test: images,
    history: [],
    evaluation: await evaluate(running, images),
    objective: { name: 'elbo', evidence: 'bound' },
    facts: [],
    command: 'c',
    footer: 'f',
    seed: 0,
  });
};

describe('the report of a distribution that infers', () => {
  it('shows reconstructions, a walk through two numbers and the units', async () => {
    const { figures, html } = await reportOf((_, data) => data.map((v) => 3 * v));
    expect(figures.map((f) => f.name)).toEqual([
      'samples',
      'data',
      'reconstructions',
      'walk',
      'units',
      'loss',
      'latent',
    ]);
    expect(html).toMatch(/KL\(posterior ‖ prior\)/);
    expect(html).toMatch(/of 2 units in use/);
  });

  it('says so where the posterior is the prior whatever the event', async () => {
    const { html } = await reportOf((name, data) => (name.includes('encoder') ? data.map(() => 0) : data));
    expect(html).toContain('posterior collapse');
    expect(html).toContain('0.00 nats');
  });

  it('finds nothing to say of a flow', async () => {
    const dist = realNVP([2], { layers: 2, hidden: [4] });
    const backend = onnx('cpu');
    const data = fromRows(
      'points',
      Float32Array.from({ length: 200 }, (_, i) => Math.sin(i)),
      [2],
    );
    const running = run(
      dist,
      await initialParameters(elbo(dist), 0, tensor(new Float32Array(2), [1, 2]), backend),
      backend,
    );
    const { figures } = await runReport({ title: '', subtitle: '', running, train: data, test: data, history: [], evaluation: await evaluate(running, data), objective: { name: 'maximumLikelihood', evidence: 'exact' }, facts: [], command: '', footer: '', seed: 0 }); // biome-ignore format: one call
    expect(figures.map((f) => f.name)).toEqual(['loss', 'samples', 'density', 'latent']);
  });
});

describe('activity of units', () => {
  it('is the variance of the posterior mean, without the noise of the draws', () => {
    const n = 20_000;
    const normal = (key: number) => noiseTensor([n, 2], 'normal', 0, keyOf(key), 'float64').data;
    const means = normal(0);
    // The posterior of the first unit is N(x, 1.4²) for x ~ N(0, 1); that of the second knows nothing.
    const draw = (key: number) => {
      const noise = normal(key);
      return tensor(
        Float64Array.from(noise, (e, i) => (i % 2 === 0 ? means[i] : 0) + 1.4 * e),
        [n, 2],
      );
    };
    const [used, idle] = activityOf(draw(1), draw(2));
    expect(Math.abs(used - 1)).toBeLessThan(0.08);
    expect(idle).toBeLessThan(0.05);
  });

  it('is drawn in order, group by group, and counted', () => {
    const svg = latentUnits({
      groups: [
        { name: 'top', activity: [0.001, 1] },
        { name: 'bottom', activity: [0.5] },
      ],
    });
    expect(svg).toContain('2 of 3 units');
    expect(latentUnits({ groups: [] })).toContain('no latent units');
  });
});

it('a base point decodes to the event it came from', async () => {
  const dist = realNVP([2], { layers: 2, hidden: [4] });
  const backend = onnx('cpu');
  const running = run(
    dist,
    await initialParameters(elbo(dist), 0, tensor(new Float32Array(2), [1, 2]), backend),
    backend,
  );
  const { decodeFromBase, encodeToBase } = await import('../../src/algebra/pushed.ts');
  const { chain, map } = await import('../../src/core/draw.ts');
  const x = tensor(Float32Array.of(0.3, -1.2, 2, 0.1), [2, 2]);
  const [back] = await running.each((v) => chain((z: typeof v) => map((y: typeof v) => [o.sub(y, v)])(decodeFromBase(dist, z)))(encodeToBase(dist, v)))(x); // biome-ignore format: one idea
  for (const d of back.data) expect(Math.abs(d)).toBeLessThan(1e-5);
});
