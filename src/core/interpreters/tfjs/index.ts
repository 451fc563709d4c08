/** The `tfjs` interpreters: programs run eagerly, kernel by kernel, on a backend of TensorFlow.js. Forward kernels only, float32. */
import { failure, PushforwardError, raise } from '../../errors.ts';
import { type Expr, topological } from '../../expr.ts';
import {
  type Backend,
  checkFeeds,
  type Executable,
  type Feeds,
  hostType,
  type Program,
  slotName,
} from '../../program.ts';
import { allocate, castTensor, type Tensor } from '../../tensor.ts';
import { uploadTensor } from './kernels.ts';
import { prepare } from './lowering.ts';
import { type Plan, type Pool, planOf } from './plan.ts';
import { runPlan } from './run.ts';
import { onBackend, startBackend, type Tf, type TfjsBackend, type TfTensor, tfjsBackends } from './runtime.ts';

export { type TfjsBackend, tfjsBackends } from './runtime.ts';

/** Copies a result to the host. */
const download = async (t: TfTensor, e: Expr): Promise<Tensor> => {
  const type = hostType(e.type, 'float32');
  const data = allocate(type, t.size);
  if (t.size > 0) data.set((await t.data()) as ArrayLike<number>);
  return { shape: e.shape, type, data };
};

/** The nodes of each slot: equal leaves may be different objects. */
const leavesOf = (outputs: readonly Expr[]): Expr[] =>
  topological(outputs).filter((e) => e.op === 'input' || e.op === 'parameter' || e.op === 'noise');

const nameOf = (e: Expr): string => slotName(e as Parameters<typeof slotName>[0]);

interface Compiled {
  readonly tf: Tf;
  readonly name: TfjsBackend;
  readonly ready: Program;
  readonly leaves: readonly Expr[];
  readonly plan: Plan;
  readonly pool: Pool;
}

const compiled = async (p: Program, name: TfjsBackend): Promise<Compiled> => {
  if (p.precision !== 'float32')
    return raise('BackendError', `tfjs-${name}`, 'TensorFlow.js computes in single precision only', {
      expected: 'float32',
      got: p.precision,
    });
  const tf = await startBackend(name);
  const ready = prepare(p, name);
  const leaves = leavesOf(ready.outputs);
  const pool: Pool = { constants: [], places: new Map() };
  const plan = planOf(ready.outputs, leaves.map((variable) => ({ variable, owned: true })), name, pool); // biome-ignore format: one idea
  return { tf, name, ready, leaves, plan, pool };
};

const uploadFeeds = (c: Compiled, feeds: Feeds): TfTensor[] =>
  c.leaves.map((e) => {
    const { data } = castTensor(feeds[nameOf(e)], hostType(e.type, 'float32'));
    return uploadTensor(c.tf, data, e.shape, e.type);
  });

const execute = async (c: Compiled, constants: TfTensor[], feeds: Feeds): Promise<Tensor[]> => {
  for (const e of c.pool.constants.slice(constants.length)) {
    const host = castTensor({ shape: e.shape, type: e.type === 'real' ? 'float64' : e.type, data: e.attributes.data }, hostType(e.type, 'float32')); // biome-ignore format: one idea
    constants.push(uploadTensor(c.tf, host.data, e.shape, e.type));
  }
  const results = runPlan({ tf: c.tf, backend: c.name, pool: constants }, c.plan, uploadFeeds(c, feeds));
  try {
    const out: Tensor[] = [];
    for (let i = 0; i < results.length; i++) out.push(await download(results[i], c.ready.outputs[i]));
    return out;
  } finally {
    for (const t of results) t.dispose();
  }
};

const executable = (p: Program, c: Compiled): Executable => {
  const constants: TfTensor[] = [];
  let disposed = false;
  return {
    program: p,
    run: async (feeds) => {
      const bad = disposed
        ? failure('BackendError', `tfjs-${c.name}`, 'this executable was disposed: compile the program again')
        : checkFeeds(c.ready, feeds);
      if (bad !== undefined) throw new PushforwardError(bad);
      return onBackend(c.tf, c.name, () => execute(c, constants, feeds)).catch((e: unknown) => {
        if (e instanceof PushforwardError) throw e;
        return raise(
          'BackendError',
          `tfjs-${c.name}`,
          `a kernel failed: ${e instanceof Error ? e.message : String(e)}`,
        );
      });
    },
    dispose: () =>
      onBackend(c.tf, c.name, async () => {
        disposed = true;
        for (const t of constants.splice(0)) t.dispose();
      }),
  };
};

/** The best backend that starts here. */
const bestBackend = async (): Promise<TfjsBackend> => {
  for (const name of tfjsBackends)
    if (
      await startBackend(name).then(
        () => true,
        () => false,
      )
    )
      return name;
  return raise('BackendError', 'tfjs', 'no backend of TensorFlow.js starts on this machine');
};

/**
 * An interpreter on a backend of TensorFlow.js: `tensorflow` (@tensorflow/tfjs-node-gpu or tfjs-node), `webgpu`, `wasm`, `cpu`, or with
 * `auto` the first of these that starts. Constants stay on the device until `dispose`; everything else is freed at its last use.
 */
export const tfjs = (backend: TfjsBackend | 'auto' = 'auto'): Backend => ({
  name: `tfjs-${backend}`,
  precisions: ['float32'],
  compile: async (p) => executable(p, await compiled(p, backend === 'auto' ? await bestBackend() : backend)),
});
