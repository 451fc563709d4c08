/** `npm run conformance`: the conformance table of the interpreters that run here. `--backend name` (may be repeated), `--json`. */
import { parseArgs } from 'node:util';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import type { Backend, Precision } from '../src/core/program.ts';
import { type BackendRows, conformance, conformanceReport } from '../src/laws/index.ts';

const { values } = parseArgs({
  options: { backend: { type: 'string', multiple: true }, json: { type: 'boolean', default: false } },
});

/** The tfjs interpreter, where this checkout has it. */
const tfjs = async (name: 'cpu' | 'wasm'): Promise<Backend> => {
  const at = '../src/core/interpreters/tfjs/index.js';
  const m = (await import(at)) as { readonly tfjs: (name: string) => Backend };
  return m.tfjs(name);
};

const candidates: readonly (readonly [name: string, precision: Precision, make: () => Promise<Backend> | Backend])[] = [
  ['onnx-cpu float32', 'float32', () => onnx('cpu')],
  ['onnx-cpu float64', 'float64', () => onnx('cpu')],
  ['tfjs-cpu', 'float32', () => tfjs('cpu')],
  ['tfjs-wasm', 'float32', () => tfjs('wasm')],
  ...(process.env.VK_ICD_FILENAMES === undefined ? [] : ([['onnx-webgpu', 'float32', () => onnx('webgpu')]] as const)),
];

const done: BackendRows[] = [];
for (const [name, precision, make] of candidates) {
  if (values.backend !== undefined && !values.backend.some((b) => name.startsWith(b))) continue;
  const start = performance.now();
  try {
    const rows = await conformance(await make(), { precision });
    done.push({ name, rows, seconds: (performance.now() - start) / 1000 });
  } catch (e) {
    console.error(`${name} does not run here: ${e instanceof Error ? e.message : String(e)}`);
  }
}
console.log(values.json ? JSON.stringify(done) : conformanceReport(done));
process.exitCode = done.some((b) => b.rows.some((r) => !r.pass)) ? 1 : 0;
