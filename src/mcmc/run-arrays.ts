/** Host arrays of a run of chains: starting positions, kept draws, and failures. */
import { raise } from '../core/errors.ts';
import { fillNoise } from '../core/noise.ts';
import { foldIn, keyOf } from '../core/prng.ts';
import type { Precision } from '../core/program.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { leaves, pathsOf, type Struct } from '../core/struct.ts';
import { allocate, type Tensor } from '../core/tensor.ts';

/** Positions uniform on (−2, 2), as Stan starts: row i depends on (seed, attempt, i) alone. */
export const scattered = (seed: number, attempt: number, shape: Shape, type: Precision): Tensor => {
  const data = allocate(type, sizeOf(shape)) as Float32Array | Float64Array;
  const key = foldIn(foldIn(keyOf(seed), 'initial'), attempt);
  fillNoise('uniform', key, 0, shape[0], sizeOf(shape.slice(1)), data);
  for (let i = 0; i < data.length; i++) data[i] = 4 * data[i] - 2;
  return { shape, type, data };
};

/** Why a chain cannot start. */
export const startWords = (chain: number, density: number, attempts?: number): string => {
  const which = Number.isFinite(density)
    ? `the gradient of the log-density is not finite where chain ${chain} starts`
    : `the log-density is ${Number.isNaN(density) ? 'not a number' : density > 0 ? '+∞' : '−∞'} where chain ${chain} starts`;
  return attempts === undefined
    ? `${which}: start it elsewhere`
    : `${which}, at ${attempts} places drawn from (−2, 2): give \`initial\``;
};

/** The info of every part of a kernel under a name: the arrays at `name` and at `…/name`. */
export const saidOf = (infos: Readonly<Record<string, Tensor>>, name: string): readonly Tensor[] =>
  Object.entries(infos).flatMap(([path, t]) => (path === name || path.endsWith(`/${name}`) ? [t] : []));

/** Throws `NonFiniteError` where every step of a chain diverged: its draws are not samples of the target. */
export const checkMoving = (infos: Readonly<Record<string, Tensor>>, chains: number): void => {
  const divergent = infos.divergent;
  if (divergent === undefined || divergent.data.length === 0) return;
  const n = divergent.data.length / chains;
  for (let c = 0; c < chains; c++)
    if (divergent.data.subarray(c * n, (c + 1) * n).every((d) => d > 0))
      raise('NonFiniteError', 'runChains', `every step of chain ${c} diverged: take a smaller step size or a longer warm-up`, {
        got: `${n} divergent steps of ${n}`,
      }); // biome-ignore format: one sentence
};

interface Collecting {
  /** What is recorded of each step, `[steps, chains, …]` each; `position` is one of them. */
  readonly recorded: Struct;
  readonly chains: number;
  readonly samples: number;
  readonly thin: number;
  readonly burnIn: number;
  readonly type: Precision;
}

/** Gathers blocks of records into arrays `[chains, n, …]`, in the order of the record's leaves. */
export const collector = ({ recorded, chains, samples, thin, burnIn, type }: Collecting) => {
  const names = pathsOf(recorded);
  const arrays = leaves(recorded).map((leaf, i) => {
    const event = leaf.shape.slice(2);
    const every = names[i] === 'position' ? thin : 1;
    const length = (samples * thin) / every;
    const width = sizeOf(event);
    const own = leaf.type === 'real' ? type : leaf.type;
    return { event, every, length, width, type: own, data: allocate(own, chains * length * width) };
  });
  return {
    take: (from: number, outputs: readonly Tensor[]): void => {
      arrays.forEach(({ every, length, width, data }, k) => {
        const { data: source, shape } = outputs[k];
        for (let i = 0; i < shape[0]; i++) {
          const past = from + i - burnIn + 1; // steps after the warm-up, this one included
          if (past < 1 || past % every !== 0 || past / every > length) continue;
          for (let c = 0; c < chains; c++)
            data.set(
              source.subarray((i * chains + c) * width, (i * chains + c + 1) * width),
              (c * length + past / every - 1) * width,
            );
        }
      });
    },
    /** The arrays with `n` samples of each chain. */
    finish: (n: number): Tensor[] =>
      arrays.map(({ event, every, length, width, type: own, data }) => {
        const rows = (n * thin) / every;
        const kept = allocate(own, chains * rows * width);
        for (let c = 0; c < chains; c++)
          kept.set(data.subarray(c * length * width, (c * length + rows) * width), c * rows * width);
        return { shape: [chains, rows, ...event], type: own, data: kept };
      }),
  };
};
