/** What ONNX Runtime's own profiler says of a session. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';

/** A kernel that ran. */
export interface Kernel {
  readonly op: string;
  readonly microseconds: number;
  readonly provider: string;
  readonly outputs: unknown;
}

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly provider?: string; readonly output_type_shape?: unknown };
}

/** The kernels that ran while `work` used a session of a model, loop bodies and the copies that ONNX Runtime put in included. */
export const kernelsOf = async (
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
  work: (session: ort.InferenceSession) => Promise<unknown>,
): Promise<readonly Kernel[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'pushforward-profile-'));
  try {
    const profiling = { enableProfiling: true, profileFilePrefix: join(folder, 'profile') };
    const session = await ort.InferenceSession.create(model, { ...options, ...profiling });
    await work(session);
    session.endProfiling();
    await session.release();
    const events = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]), 'utf8')) as Event[];
    return events.flatMap(({ cat, name, dur, args }) =>
      cat === 'Node' && name.endsWith('_kernel_time') && args?.op_name !== undefined
        ? [{ op: args.op_name, microseconds: dur, provider: args.provider ?? '', outputs: args.output_type_shape }]
        : [],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Whether an operator's time is that of what it runs, which is listed too. */
export const isLoop = (op: string): boolean => ['Loop', 'Scan', 'If'].includes(op);

/** Milliseconds in the kernels of each operator, over `runs` runs. Loops are left out: what they run is listed. */
export const operatorTimes = async (
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
  feeds: Readonly<Record<string, ort.Tensor>>,
  runs: number,
): Promise<ReadonlyMap<string, number>> => {
  const kernels = await kernelsOf(model, options, async (session) => {
    for (let i = 0; i < runs; i++) await session.run(feeds);
  });
  const times = new Map<string, number>();
  for (const { op, microseconds } of kernels)
    if (!isLoop(op)) times.set(op, (times.get(op) ?? 0) + microseconds / 1000);
  return times;
};
