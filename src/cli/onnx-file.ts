/** A part of a trained distribution as an ONNX file: parameters inside, noise as inputs, what is what in its metadata. */
import type { AnyDist } from '../algebra/dist.ts';
import { raise } from '../core/errors.ts';
import { type Expr, substitute, topological } from '../core/expr.ts';
import { exportOnnx, onnx } from '../core/interpreters/index.ts';
import { loadRuntime } from '../core/interpreters/onnx/index.ts';
import { constant } from '../core/ops/leaves.ts';
import { type Feeds, noiseFeeds, type Program, program } from '../core/program.ts';
import { type Tensor, toNumbers } from '../core/tensor.ts';
import { distPrograms } from '../inference/run.ts';

/** The parts of a distribution that can be exported, and what comes out. */
export const PARTS = {
  sampler: { kind: 'sample', outputs: ['samples'] },
  'log-density': { kind: 'logDensity', outputs: ['log_density'] },
  score: { kind: 'score', outputs: ['score'] },
  encode: { kind: 'encode', outputs: ['codes'] },
} as const;
export type Part = keyof typeof PARTS;

/** An input of the file. */
interface Input {
  readonly name: string;
  readonly shape: readonly number[];
  /** What to fill it with. */
  readonly holds: string;
}

/** A part, ready to be written. */
export interface OnnxFile {
  readonly bytes: Uint8Array;
  readonly inputs: readonly Input[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly program: Program;
}

const withConstants = (p: Program, parameters: Feeds): Program => {
  const baked = new Map<Expr, Expr>();
  for (const e of topological(p.outputs))
    if (e.op === 'parameter') {
      const value =
        parameters[e.attributes.name] ?? raise('FileError', e.attributes.name, 'the checkpoint lacks this parameter');
      baked.set(e, constant(toNumbers(value), e.shape));
    }
  return program(substitute(p.outputs, baked), p.precision);
};

const dists = {
  normal: 'independent draws from N(0, 1)',
  uniform: 'independent draws from the uniform distribution on (0, 1)',
  rademacher: 'independent signs, −1 or 1 with probability ½',
} as const;

/** Slots in order; noise is called noise_0, noise_1, … */
const inputsOf = (p: Program): (Input & { readonly slot: string })[] => {
  let k = 0;
  return p.slots.map((s) => ({
    slot: s.name,
    name: s.noise === undefined ? s.name : `noise_${k++}`,
    shape: s.shape,
    holds: s.noise === undefined ? 'events, one a row' : dists[s.noise.dist],
  }));
};

/** The file of a part for `batch` examples. */
export const onnxFile = (dist: AnyDist, parameters: Feeds, part: Part, batch: number): OnnxFile => {
  const { kind, outputs: names } = PARTS[part];
  const p = withConstants(distPrograms(dist, batch, onnx('cpu'))[kind](), parameters);
  const inputs = inputsOf(p);
  const outputs = p.outputs.map((e, i) => ({ name: names[i], shape: e.shape }));
  const evidence = part === 'log-density' || part === 'score' ? { evidence: dist.evidence } : {};
  const shown = inputs.map(({ slot: _, ...i }) => i);
  const bytes = exportOnnx(
    p,
    { inputs: Object.fromEntries(inputs.map((i) => [i.slot, i.name])), outputs: names },
    {
      part,
      ...evidence,
      inputs: JSON.stringify(shown),
      outputs: JSON.stringify(outputs),
      spec: JSON.stringify(dist.spec),
    },
  );
  return { bytes, inputs: shown, outputs, program: p };
};

/** |a − b| relative to the larger of 1 and |b|, the largest over all elements; a wrong length or NaN is infinitely wrong. */
const distance = (a: Tensor, b: ArrayLike<number>): number => {
  if (a.data.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < b.length; i++) {
    const d = Math.abs(a.data[i] - b[i]) / Math.max(1, Math.abs(b[i]));
    worst = d <= worst ? worst : Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
  }
  return worst;
};

/**
 * Loads the file into ONNX Runtime as a stranger would and compares its numbers with the distribution's own program, run by the library: the largest
 * relative difference.
 */
export const checkFile = async (
  file: OnnxFile,
  dist: AnyDist,
  parameters: Feeds,
  part: Part,
  x: Tensor,
  seed: number,
): Promise<number> => {
  const batch = x.shape[0];
  const ort = await loadRuntime();
  const session = await ort.InferenceSession.create(file.bytes, { logSeverityLevel: 3 });
  const noise = noiseFeeds(file.program, { seed });
  const values = file.program.slots.map((s) => (s.noise === undefined ? x : noise[s.name]));
  const feeds = Object.fromEntries(
    file.inputs.map((input, i) => [
      input.name,
      new ort.Tensor('float32', Float32Array.from(values[i].data), [...input.shape]),
    ]),
  );
  const got = await session.run(feeds);
  await session.release();
  const own = distPrograms(dist, batch, onnx('cpu'))[PARTS[part].kind]();
  const executable = await onnx('cpu').compile(own);
  const want = await executable.run({ ...parameters, ...noiseFeeds(own, { seed }), x });
  return Math.max(...want.map((w, i) => distance(w, got[file.outputs[i].name].data as Float32Array)));
};
