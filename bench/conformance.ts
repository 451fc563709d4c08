/** `npm run conformance`: the conformance table of the interpreters that run here. `--backend name` (may be repeated), `--json`. */
import { parseArgs } from 'node:util';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { tfjs } from '../src/core/interpreters/tfjs/index.ts';
import type { Backend, Precision } from '../src/core/program.ts';
import { absence, type BackendRows, conformance, conformanceReport } from '../src/laws/index.ts';

const { values } = parseArgs({
  options: { backend: { type: 'string', multiple: true }, json: { type: 'boolean', default: false } },
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
