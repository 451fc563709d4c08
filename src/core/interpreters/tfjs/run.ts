/** Runs plans on a backend: registers are filled in order and disposed where the plan says; nothing survives but the results. */
import type { Expr } from '../../expr.ts';
import { sizeOf } from '../../shape.ts';
import { allocate, type TensorData } from '../../tensor.ts';
import { callKernel, cloneTensor, dtypeOf, perform, uploadTensor } from './kernels.ts';
import type { CondStep, Plan, ScanStep } from './plan.ts';
import type { Tf, TfjsBackend, TfTensor } from './runtime.ts';

/** Where plans run. */
export interface Machine {
  readonly tf: Tf;
  readonly backend: TfjsBackend;
  /** The program's constants, uploaded. */
  readonly pool: readonly TfTensor[];
}

const disposeAll = (ts: Iterable<TfTensor | undefined>): void => {
  for (const t of ts) t?.dispose();
};

/** Runs a plan. It disposes its owned arguments, also where it fails; the results are the caller's. */
export const runPlan = (m: Machine, plan: Plan, args: readonly TfTensor[]): TfTensor[] => {
  const registers: (TfTensor | undefined)[] = new Array(plan.registers).fill(undefined);
  plan.parameters.forEach((p, i) => {
    registers[p.register] = args[i];
  });
  for (const c of plan.constants) registers[c.register] = m.pool[c.pool];
  const free = (r: number): void => {
    registers[r]?.dispose();
    registers[r] = undefined;
  };
  const results: TfTensor[] = [];
  try {
    plan.unread.forEach(free);
    for (const step of plan.steps) {
      const inputs = step.inputs.map((r) => registers[r]!);
      const made =
        typeof step.action === 'function'
          ? [perform(m.tf, m.backend, step.action, inputs)]
          : 'body' in step.action
            ? runScan(m, step.action, inputs)
            : runCond(m, step.action, inputs);
      step.outputs.forEach((r, i) => {
        registers[r] = made[i];
      });
      step.frees.forEach(free);
    }
    const given = new Set<number>();
    for (const r of plan.results) {
      results.push(plan.borrowed.has(r) || given.has(r) ? cloneTensor(m.tf, registers[r]!) : registers[r]!);
      given.add(r);
    }
    return results;
  } catch (e) {
    const owned = registers.filter((_, r) => !plan.borrowed.has(r));
    disposeAll(new Set([...owned, ...results]));
    throw e;
  }
};

/** The plan of the branch taken. */
const runCond = (m: Machine, { branches }: CondStep, [flag, ...closure]: readonly TfTensor[]): TfTensor[] =>
  runPlan(m, branches[flag.dataSync()[0] !== 0 ? 0 : 1], closure);

/** The slices of a sequence, one at a time: host memory where reading is free, a kernel elsewhere. */
const rowsOf = (m: Machine, x: TfTensor, v: Expr): ((i: number) => TfTensor) => {
  const size = sizeOf(v.shape);
  if (size === 0) return () => uploadTensor(m.tf, allocate(dtypeOf(v.type), 0), v.shape, v.type);
  if (m.backend === 'cpu' || m.backend === 'wasm') {
    const host = x.dataSync() as TensorData;
    return (i) => uploadTensor(m.tf, host.subarray(i * size, (i + 1) * size), v.shape, v.type);
  }
  return (i) =>
    perform(
      m.tf,
      m.backend,
      (k, [y]) => {
        const flat = k.run('Reshape', { x: y }, { shape: [y.shape[0], size] });
        return k.run('Reshape', { x: k.run('Slice', { x: flat }, { begin: [i, 0], size: [1, size] }) }, { shape: v.shape }); // biome-ignore format: one idea
      },
      [x],
    );
};

/** The value of a flag, which is disposed. */
const exitRead = (flag: TfTensor): boolean => {
  const done = flag.dataSync()[0] !== 0;
  flag.dispose();
  return done;
};

/** Rows as one array, with zeros for the iterations that were not run. */
const stackedRows = (m: Machine, ys: readonly TfTensor[], { shape, type }: ScanStep['results'][number]): TfTensor => {
  if (sizeOf(shape) === 0) return uploadTensor(m.tf, allocate(dtypeOf(type), 0), shape, type);
  const [packed] = callKernel(m.tf, 'Pack', ys, { axis: 0 });
  if (ys.length === shape[0]) return packed;
  const rest = [shape[0] - ys.length, ...shape.slice(1)];
  const zeros = uploadTensor(m.tf, allocate(dtypeOf(type), sizeOf(rest)), rest, type);
  try {
    return callKernel(m.tf, 'Concat', [packed, zeros], { axis: 0 })[0];
  } finally {
    disposeAll([packed, zeros]);
  }
};

/** A loop: the body consumes the carries and slices it is given and hands back new ones. */
const runScan = (m: Machine, step: ScanStep, inputs: readonly TfTensor[]): TfTensor[] => {
  const { length, carries, sequences, until, body, results } = step;
  const closure = inputs.slice(carries + sequences);
  const stacks: TfTensor[][] = results.slice(carries).map(() => []);
  let carry: TfTensor[] = [];
  try {
    const rows = length === 0 ? [] : step.variables.slice(carries, carries + sequences).map((v, k) => rowsOf(m, inputs[carries + k], v)); // biome-ignore format: one idea
    for (const x of inputs.slice(0, carries)) carry.push(cloneTensor(m.tf, x));
    for (let i = 0; i < length; i++) {
      const args = [...carry, ...rows.map((row) => row(i))];
      carry = [];
      const out = runPlan(m, body, [...args, ...closure]);
      carry = out.slice(0, carries);
      out.slice(carries, results.length).forEach((y, k) => {
        stacks[k].push(y);
      });
      if (until && exitRead(out[results.length])) break;
    }
    const stacked = stacks.map((ys, k) => stackedRows(m, ys, results[carries + k]));
    const out = [...carry, ...stacked];
    carry = [];
    return out;
  } finally {
    disposeAll(carry);
    disposeAll(stacks.flat());
  }
};
