/**
 * `npm run conformance`: the conformance table of the interpreters that run here. `--backend name` (may be repeated), `--json`.
 * `--models` asks for a training step of every registered model instead (default backends: those on a GPU), `--only word` for those with a word in their name.
 */
import { parseArgs } from 'node:util';
import { toFailure } from '../src/core/errors.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { reference } from '../src/core/interpreters/reference/index.ts';
import { tfjs } from '../src/core/interpreters/tfjs/index.ts';
import type { Backend, Precision } from '../src/core/program.ts';
import { absence, type BackendRows, conformance, conformanceReport } from '../src/laws/index.ts';
import { checkModel, modelSteps } from './model-steps.ts';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    models: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});

const candidates: readonly (readonly [name: string, backend: Backend, precision: Precision])[] = [
  ['onnx-cpu float32', onnx('cpu'), 'float32'],
  ['onnx-cpu float64', onnx('cpu'), 'float64'],
  ['onnx-webgpu', onnx('webgpu'), 'float32'],
  ['onnx-cuda', onnx('cuda'), 'float32'],
  ['tfjs-cpu', tfjs('cpu'), 'float32'],
  ['tfjs-wasm', tfjs('wasm'), 'float32'],
  ['tfjs-webgpu', tfjs('webgpu'), 'float32'],
  ['tfjs-tensorflow', tfjs('tensorflow'), 'float32'],
];

const shown = (error: number): string => error.toExponential(1).padStart(9);

/** One line for each model: relative errors against `reference` in double precision, and onnx-cpu's largest beside them. */
const compareModels = async (backend: Backend): Promise<number> => {
  let failed = 0;
  console.log(`${backend.name}: two training steps against reference, relative errors`);
  console.log(`${''.padEnd(38)}   losses   parameters  carried   onnx-cpu`);
  for (const m of modelSteps.filter((s) => s.name.includes(values.only))) {
    try {
      const v = await checkModel(m, backend, onnx('cpu'), reference);
      if (!v.pass) failed++;
      const errors = [v.losses, v.parameters, v.carried, v.yardstick].map(shown).join(' ');
      console.log(
        `${v.pass ? '✓' : '✗'} ${m.name.padEnd(36)} ${errors}${v.pass ? '' : `  allowed ${shown(v.tolerance)}`}`,
      );
    } catch (e) {
      failed++;
      console.log(`✗ ${m.name.padEnd(36)} ${toFailure('BackendError', backend.name)(e).message.split('\n')[0]}`);
    }
  }
  return failed;
};

if (values.models) {
  const wanted = values.backend ?? ['onnx-webgpu', 'onnx-cuda'];
  let [asked, failed] = [0, 0];
  for (const [name, backend, precision] of candidates) {
    if (precision === 'float64' || !wanted.some((b) => name.startsWith(b))) continue;
    const why = await absence(backend);
    if (why !== undefined) {
      console.error(why);
      continue;
    }
    asked++;
    failed += await compareModels(backend);
  }
  console.log(asked === 0 ? 'nothing was asked: no such backend runs here' : `${failed} failures`);
  process.exit(failed > 0 ? 1 : 0);
}

const done: BackendRows[] = [];
for (const [name, backend, precision] of candidates) {
  if (values.backend !== undefined && !values.backend.some((b) => name.startsWith(b))) continue;
  const why = await absence(backend);
  if (why !== undefined) {
    console.error(why);
    continue;
  }
  const start = performance.now();
  const rows = await conformance(backend, { precision });
  done.push({ name, rows, seconds: (performance.now() - start) / 1000 });
}
console.log(values.json ? JSON.stringify(done) : conformanceReport(done));
process.exitCode = done.some((b) => b.rows.some((r) => !r.pass)) ? 1 : 0;
