/** The path of a diffusion model between noise and data: a strip of images, or paths in the plane. */
import type { AnyDist } from '../../algebra/dist.ts';
import { decodeFromBase } from '../../algebra/pushed.ts';
import * as D from '../../core/draw.ts';
import type { Expr } from '../../core/expr.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { denoiserOf, hasDenoiser } from '../../inference/scores/index.ts';
import {
  type Denoiser,
  type DiffusionSampler,
  ddim,
  eulerMaruyama,
  flowSampler,
  logSnrGrid,
  trajectory,
} from '../../sde/index.ts';
import { imageGrid } from '../image-grid.ts';
import { trajectories } from '../trajectories.ts';
import { firstRows, floats, type ImageShape, imageShape, isPlane, squareAround } from './events.ts';
import { type Figure, type Finder, nothing, type RunRecord } from './record.ts';

type Signal = Denoiser<AnyDist['shape'], 'signal'>;

const denoiserIn = (dist: AnyDist): Signal | undefined => {
  const found = hasDenoiser(dist) ? denoiserOf(dist) : undefined;
  return found?.process.terminal === 'signal' ? (found as Signal) : undefined;
};

/** Every state of a sampler, as events: through whatever the diffusion distribution was pushed. `[times, …event]` for each row of a tensor that is not looked at. */
const states = ({ running, seed }: RunRecord, denoiser: Signal, sampler: DiffusionSampler<'signal'>, steps: number, n: number): Promise<readonly Tensor[]> =>
  running.each(() =>
    D.chain((path: Expr) => D.vmapDraw((x) => D.map((y: Expr): readonly Expr[] => [y])(decodeFromBase(running.dist, x)))(path))(
      trajectory(sampler, logSnrGrid(steps))(denoiser),
    ),
  )({ shape: [n], type: 'float32', data: new Float32Array(n) }, seed); // biome-ignore format: one idea

const ROWS = 8;
const COLUMNS = 12;
const STEPS = 55;

/** Columns of the strip: more of them where the picture comes out. */
const shownAt = (k: number): number => Math.round(STEPS * (k / (COLUMNS - 1)) ** 0.8);

const strip = async (record: RunRecord, denoiser: Signal, image: ImageShape): Promise<Figure> => {
  const [all] = await states(record, denoiser, ddim({ eta: 1 }), STEPS, ROWS);
  const size = sizeOf(record.running.dist.shape);
  const levels = record.test.levels ?? 256;
  const images = new Float32Array(ROWS * COLUMNS * size);
  for (let r = 0; r < ROWS; r++)
    for (let c = 0; c < COLUMNS; c++) {
      const from = (r * (STEPS + 1) + shownAt(c)) * size;
      for (let j = 0; j < size; j++) images[(r * COLUMNS + c) * size + j] = all.data[from + j] / (levels - 1);
    }
  return {
    name: 'denoising',
    title: 'From noise to data',
    caption: `Eight samples on their way, from noise on the left: ${STEPS} ancestral steps.`,
    ...imageGrid({ ...image, scale: Math.max(1, Math.min(6, Math.floor(56 / image.width))), columns: COLUMNS, images }),
  };
};

const PATHS = 14;

/** The square of the data, half as wide again: paths come from outside. */
const WIDER = 1.5;
const widened = (low: number, high: number): [number, number] => {
  const [middle, half] = [(low + high) / 2, (WIDER * (high - low)) / 2];
  return [middle - half, middle + half];
};

const paths = async (record: RunRecord, denoiser: Signal): Promise<Figure> => {
  const { test } = record;
  const square = squareAround(floats(firstRows(test, 4000)));
  const axes = test.columns === undefined ? {} : { axes: [test.columns[0], test.columns[1]] as const };
  const [noisy] = await states(record, denoiser, eulerMaruyama(), 200, PATHS);
  const [smooth] = await states(record, denoiser, flowSampler(), 200, PATHS);
  return {
    name: 'paths',
    title: 'From noise to data',
    caption:
      'The same draws of the prior taken to the data by the reverse stochastic equation and by the probability flow.',
    svg: trajectories({
      panels: [
        { title: 'reverse SDE', paths: floats(noisy) },
        { title: 'probability flow', paths: floats(smooth) },
      ],
      points: 201,
      x: widened(square.x0, square.x1),
      y: widened(square.y0, square.y1),
      ...axes,
    }),
  };
};

/** Diffusion models: what they do between noise and data. */
export const diffusion: Finder = async (record) => {
  const { dist } = record.running;
  const denoiser = denoiserIn(dist);
  if (denoiser === undefined) return nothing;
  const image = imageShape(dist, record.test.levels);
  if (image !== undefined) return { figures: [await strip(record, denoiser, image)] };
  return isPlane(dist) ? { figures: [await paths(record, denoiser)] } : nothing;
};
