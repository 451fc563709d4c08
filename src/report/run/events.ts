/** Events as pictures see them: images, vectors, points in the plane. */
import type { AnyDist } from '../../algebra/dist.ts';
import type { Evidence } from '../../algebra/evidence.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { type Dataset, readRows } from '../../data/dataset.ts';
import { imageGrid, type Picture } from '../image-grid.ts';
import { quantile, sortedFinite } from '../ranges.ts';

/** The layout of an event that is an image. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Height, width and channels of an event that is an image of grey or coloured levels. */
export const imageShape = (dist: Pick<AnyDist, 'shape'>, levels: number | undefined): ImageShape | undefined => {
  const [height, width, channels = 1] = dist.shape;
  const fits = levels !== undefined && (dist.shape.length === 2 || dist.shape.length === 3) && height > 1 && width > 1;
  return fits && (channels === 1 || channels === 3) ? { height, width, channels } : undefined;
};

/** Whether events are points in the plane. */
export const isPlane = ({ shape }: Pick<AnyDist, 'shape'>): boolean => shape.length === 1 && shape[0] === 2;

/** The unit losses are shown in: bits a dimension where data are levels, nats of an event elsewhere; none where a loss is no likelihood. */
export const lossUnit = (
  data: Pick<Dataset, 'shape' | 'levels'>,
  evidence: Evidence = 'exact',
): { readonly name: string; readonly perNat: number } =>
  evidence === 'none' || evidence === 'unnormalised'
    ? { name: '', perNat: 1 }
    : data.levels === undefined
      ? { name: 'nats', perNat: 1 }
      : { name: 'bits/dim', perNat: 1 / (sizeOf(data.shape) * Math.LN2) };

/** Samples drawn for a report: fewer where events are large. */
export const sampleCount = (dist: Pick<AnyDist, 'shape'>): number => (sizeOf(dist.shape) <= 64 ? 4000 : 100);

/** The first rows of a data set. */
export const firstRows = (data: Dataset, most: number): Tensor => {
  const n = Math.min(most, data.size);
  const rows = readRows(
    data,
    Int32Array.from({ length: n }, (_, i) => i),
  );
  return { shape: [n, ...data.shape], type: 'float32', data: rows };
};

/** Numbers of single precision. */
export const floats = (t: Tensor): Float32Array =>
  t.data instanceof Float32Array ? t.data : Float32Array.from(t.data);

/** Images of levels as a grid, small ones enlarged. */
export const gridOf = (t: Tensor, image: ImageShape, levels: number, most: number): Picture => {
  const n = Math.min(most, t.shape[0]) * sizeOf(t.shape.slice(1));
  const scale = Math.max(1, Math.min(6, Math.floor(56 / image.width)));
  const images = Float32Array.from(floats(t).subarray(0, n), (v) => v / (levels - 1));
  return imageGrid({ ...image, scale, images });
};

/** A square around nearly all of the data, a little wider. */
export const squareAround = (data: Float32Array) => {
  const sides = [0, 1].map((j) => {
    const sorted = sortedFinite(Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + j]));
    return [quantile(sorted, 0.001), quantile(sorted, 0.999)] as const;
  });
  const half = 0.58 * Math.max(...sides.map(([lo, hi]) => hi - lo), 1e-6);
  const [x, y] = sides.map(([lo, hi]) => (lo + hi) / 2);
  return { x0: x - half, x1: x + half, y0: y - half, y1: y + half };
};
