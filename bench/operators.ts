/** What ONNX Runtime's own profiler says of a session. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** Operators whose time is that of what they run. */
const LOOPS: readonly string[] = ['Loop', 'Scan', 'If'];

/** Milliseconds in the kernels of each operator, over `runs` runs. Loops are left out: what they run is listed. */
export const operatorTimes = async (
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
  feeds: Readonly<Record<string, ort.Tensor>>,
  runs: number,
): Promise<ReadonlyMap<string, number>> => {
  const folder = mkdtempSync(join(tmpdir(), 'pushforward-profile-'));
  try {
    const session = await ort.InferenceSession.create(model, {
      ...options,
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    });
    for (let i = 0; i < runs; i++) await session.run(feeds);
    session.endProfiling();
    await session.release();
    const events = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]), 'utf8')) as Event[];
    const times = new Map<string, number>();
    for (const { cat, name, dur, args } of events)
      if (
        cat === 'Node' &&
        name.endsWith('_kernel_time') &&
        args?.op_name !== undefined &&
        !LOOPS.includes(args.op_name)
      )
        times.set(args.op_name, (times.get(args.op_name) ?? 0) + dur / 1000);
    return times;
  } finally {
    rmSync(folder, { recursive: true });
  }
};
