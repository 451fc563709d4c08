import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/core/differentiate/index.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { keyOf } from '../../src/core/prng.ts';
import { noiseTensor, program } from '../../src/core/program.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import { maximumLikelihood } from '../../src/inference/objective.ts';
import { adam, clipByGlobalNorm } from '../../src/inference/optimizers/index.ts';
import { flatten, groupsOf, joinFlat, joinGroups, layoutOf, splitGroups } from '../../src/inference/training/flat.ts';
import { initialParameters } from '../../src/inference/training/initialise.ts';
import { meanLoss } from '../../src/inference/training/move-plan.ts';
import { trainingProgram } from '../../src/inference/training/program.ts';
import { realNVP } from '../../src/models/index.ts';
import { atVector } from './at-vector.ts';

const [batchSize, steps] = [16, 3];
const backend = onnx('cpu', { threads: 1 });
const objective = maximumLikelihood(realNVP([2], { layers: 2, hidden: [200, 200] }));
const batch = o.input('batch', [batchSize, 2]);
const loss = meanLoss(objective, batch);
const layout = layoutOf([loss]);
const vector = (data: Float32Array): Tensor => ({ shape: [data.length], type: 'float32', data });

describe('parameters in groups', () => {
  it('are the large ones by themselves and the small ones together; nothing is lost', async () => {
    const groups = groupsOf(layout);
    expect(groups.map((g) => g.entries.length)).toEqual([layout.entries.length - 2, 1, 1]);
    const flat = o.input('flat', [layout.size]);
    const back = joinGroups(layout, groups, splitGroups(layout, groups, flat));
    const data = Float32Array.from({ length: layout.size }, (_, i) => i);
    const e = await backend.compile(program([back], 'float32'));
    expect((await e.run({ flat: vector(data) }))[0].data).toEqual(data);
  });

  it('take the steps that one vector of all takes, clipped by the norm of all', async () => {
    const batches = noiseTensor([steps, batchSize, 2], 'normal', 0, keyOf(3), 'float32');
    const norm = 0.05;
    const optimizer = pipe(adam({ learningRate: 1e-2 }), clipByGlobalNorm(norm));
    const rowsOf = (k: number): Tensor => ({
      ...batches,
      shape: [batchSize, 2],
      data: (batches.data as Float32Array).slice(k * batchSize * 2, (k + 1) * batchSize * 2),
    });
    const start = joinFlat(layout, await initialParameters(objective, 0, rowsOf(0), backend));

    const t = trainingProgram({ objective, optimizer, batchSize, steps });
    const inGroups = await backend.compile(t.program);
    const zeros = vector(new Float32Array(layout.size));
    const coefficients = Float32Array.from(Array.from({ length: steps }, (_, k) => optimizer.at(k)).flat());
    const [parameters] = await inGroups.run({
      ...Object.fromEntries(t.carry.map((name, i) => [name, i === 0 ? start : zeros])),
      batches,
      coefficients: { shape: [steps, optimizer.coefficients.length], type: 'float32', data: coefficients },
    });

    // The same by the textbook, in double, from gradients of one vector.
    const theta = o.input('theta', [layout.size]);
    const { outputs, pieces } = atVector([loss], layout, theta);
    const slope = await backend.compile(program([flatten(grad(outputs[0], pieces))], 'float32'));
    const now = Float64Array.from(start.data);
    const [m, v] = [new Float64Array(layout.size), new Float64Array(layout.size)];
    for (let k = 0; k < steps; k++) {
      const [{ data }] = await slope.run({ theta: vector(Float32Array.from(now)), batch: rowsOf(k) });
      const length = Math.sqrt((data as Float32Array).reduce((s, g) => s + g * g, 0));
      expect(length).toBeGreaterThan(norm);
      for (let i = 0; i < layout.size; i++) {
        const g = (data[i] * norm) / length;
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        const step = m[i] / (1 - 0.9 ** (k + 1)) / (Math.sqrt(v[i] / (1 - 0.999 ** (k + 1))) + 1e-8);
        now[i] -= 1e-2 * step;
      }
    }
    // Adam divides by the gradient's size: where that is next to nothing, rounding decides the step.
    const off = now.filter((x, i) => Math.sqrt(v[i]) > 1e-7 && Math.abs(x - parameters.data[i]) > 1e-4).length;
    expect(off).toBeLessThan(layout.size / 1000);
    const moved = now.reduce((s, x, i) => s + Math.abs(x - start.data[i]), 0) / layout.size;
    const apart = now.reduce((s, x, i) => s + Math.abs(x - parameters.data[i]), 0) / layout.size;
    expect(moved).toBeGreaterThan(1e-3);
    expect(apart / moved).toBeLessThan(1e-2);
  });
});
