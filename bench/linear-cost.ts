/**
 * What an invertible 1×1 convolution costs a pixel, in time, by channels and parametrisation, on onnx-cpu: `node dist-bench/bench/linear-cost.js`.
 * A cost of C² a pixel shows as a ratio of about 4 for twice the channels, C³ as 8. (The counts of operations, which do not depend on the
 * machine, are tested in `tests/bijectors/channel-layers.test.ts`.)
 */

import { invertible1x1, type Parametrisation } from '../src/bijectors/index.ts';
import * as D from '../src/core/draw.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { evaluateProgram } from '../src/core/interpreters/reference/index.ts';
import * as o from '../src/core/ops/index.ts';
import { initialValues } from '../src/core/parameters.ts';
import { noiseFeeds, parametersOf, program } from '../src/core/program.ts';
import { sizeOf } from '../src/core/shape.ts';
import { castTensor, type Tensor } from '../src/core/tensor.ts';
import { vmapAll } from '../src/core/vectorize.ts';

const BATCH = 32;
const SIDE = 16;
const PIXELS = BATCH * SIDE * SIDE;
const channels = [32, 64, 128, 256];
const parametrisations: readonly Parametrisation[] = ['lu', 'plain', 'qr', 'exponential', 'householder'];

/** Median microseconds of one run. */
const timed = async (parametrisation: Parametrisation, c: number, direction: 'encode' | 'decode'): Promise<number> => {
  const layer = invertible1x1({ parametrisation });
  const each = vmapAll((v) => {
    const step = D.runDraw(layer[direction](v));
    return [step.value, step.contribution];
  })(o.input('x', [BATCH, SIDE, SIDE, c]));
  const parameters = parametersOf(each);
  const init = program(initialValues(parameters), 'float64');
  const start = evaluateProgram(init, noiseFeeds(init, { seed: 0 }));
  const shape = [BATCH, SIDE, SIDE, c];
  const x: Tensor = {
    shape,
    type: 'float32',
    data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i)),
  };
  const feeds = {
    x,
    ...Object.fromEntries(parameters.map((e, i) => [e.attributes.name, castTensor(start[i], 'float32')])),
  };
  const run = await onnx('cpu').compile(program(each, 'float32'));
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const from = performance.now();
    await run.run(feeds);
    times.push(performance.now() - from);
  }
  await run.dispose();
  return (1000 * times.sort((a, b) => a - b)[4]) / PIXELS;
};

console.log(`microseconds a pixel, batch ${BATCH} of ${SIDE} × ${SIDE}; in brackets the ratio to half the channels`);
for (const direction of ['encode', 'decode'] as const)
  for (const parametrisation of parametrisations) {
    const times: number[] = [];
    for (const c of channels) times.push(await timed(parametrisation, c, direction));
    const cells = times.map(
      (t, i) => `${channels[i]}: ${t.toFixed(3)}${i === 0 ? '' : ` (${(t / times[i - 1]).toFixed(1)})`}`,
    );
    console.log(`${direction} ${parametrisation.padEnd(12)} ${cells.join('   ')}`);
  }
