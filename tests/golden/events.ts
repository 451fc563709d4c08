/** Events that golden records are taken on: the same numbers on every machine. */
import { keyOf } from '../../src/core/prng.ts';
import { noiseTensor } from '../../src/core/program.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { Tensor } from '../../src/core/tensor.ts';
import { type Dataset, fromRows } from '../../src/data/index.ts';
import type { EventInfo } from '../../src/models/index.ts';

/** Rows of a golden data set, and of one batch. */
export const ROWS = 64;
export const BATCH = 8;

/** `2`, `4×4 levels 4`, `2 classes 3`. */
export const showEvent = ({ shape, levels, classes }: EventInfo): string =>
  [shape.join('×'), ...(levels === undefined ? [] : [`levels ${levels}`]), ...(classes === undefined ? [] : [`classes ${classes}`])].join(' '); // biome-ignore format: one idea

/** Normal events, uniform levels, or normal events with a one-hot class as the last columns. */
export const eventData = ({ shape, levels, classes }: EventInfo): Dataset => {
  const width = sizeOf(shape);
  const drawn = noiseTensor([ROWS, width], levels === undefined ? 'normal' : 'uniform', 0, keyOf(0), 'float32').data;
  const values = levels === undefined ? drawn : drawn.map((u: number) => Math.floor(u * levels));
  if (classes === undefined) return fromRows('golden', Float32Array.from(values), shape, levels === undefined ? {} : { levels }); // biome-ignore format: one idea
  const rows = Array.from({ length: ROWS }, (_, i) => [
    ...values.slice(i * width, (i + 1) * width),
    ...Array.from({ length: classes }, (_, c) => (i % classes === c ? 1 : 0)),
  ]);
  return fromRows('golden', Float32Array.from(rows.flat()), [width + classes]);
};

/** The first rows of a data set. */
export const firstRows = (data: Dataset, rows: number): Tensor => {
  const out = new Float32Array(rows * sizeOf(data.shape));
  data.values.read(
    Int32Array.from({ length: rows }, (_, i) => i),
    out,
  );
  return { shape: [rows, ...data.shape], type: 'float32', data: out };
};
