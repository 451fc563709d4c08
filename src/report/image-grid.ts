import { raise } from '../core/errors.ts';
import { encodePixels, pngAddress, toPng } from './png.ts';
import { element, sentenceFigure, svgDocument } from './svg.ts';

/** Images one after the other, each `height × width × channels` (channels last), values 0 to 1. */
export interface ImagesRecord {
  readonly images: Float32Array | Float64Array;
  readonly height: number;
  readonly width: number;
  /** 1 for grey, 3 for red, green, blue. */
  readonly channels: 1 | 3;
  /** Images in a row (default: about a square). */
  readonly columns?: number;
  /** Screen pixels for each pixel (default 3). */
  readonly scale?: number;
}

/** A picture as a PNG file and as an SVG that holds the same pixels. */
export interface Picture {
  readonly png: Uint8Array;
  readonly svg: string;
}

/** Clear pixels between the images. */
const GAP = 2;

const positive = (name: string, n: number): number =>
  Number.isInteger(n) && n > 0
    ? n
    : raise('ArgumentError', 'imageGrid', `${name} is not a positive integer`, { got: String(n) });

/** A value as a byte; what is not a number is black. */
const byte = (v: number): number => (v > 0 ? Math.round(255 * Math.min(1, v)) : 0);

/**
 * Images in rows, from the top left, as PNG and SVG; each pixel is a sharp square. Throws `ArgumentError` where a size is not a positive integer and `ShapeError` where the values
 * do not fill whole images.
 *
 * @example
 * import { imageGrid } from 'pushforward/report';
 * const { svg } = imageGrid({ images: new Float32Array(8), height: 2, width: 2, channels: 1 });
 */
export const imageGrid = (record: ImagesRecord): Picture => {
  const height = positive('height', record.height);
  const width = positive('width', record.width);
  const scale = positive('scale', record.scale ?? 3);
  const { channels, images } = record;
  const size = height * width * channels;
  if (images.length % size !== 0)
    return raise('ShapeError', 'imageGrid', 'the values do not divide into images', {
      expected: `a multiple of ${size} for ${height} × ${width} × ${channels}`,
      got: String(images.length),
    });
  const count = images.length / size;
  if (count === 0) {
    const svg = sentenceFigure('There are no images to show.');
    return { svg, png: toPng(svg, { width: 640 }) };
  }
  const columns = Math.min(count, positive('columns', record.columns ?? Math.ceil(Math.sqrt(count))));
  const rows = Math.ceil(count / columns);
  const w = columns * width * scale + (columns - 1) * GAP;
  const h = rows * height * scale + (rows - 1) * GAP;
  const depth = channels === 1 ? 2 : 4;
  const pixels = new Uint8Array(w * h * depth);
  for (let k = 0; k < count; k++) {
    const left = (k % columns) * (width * scale + GAP);
    const top = Math.floor(k / columns) * (height * scale + GAP);
    for (let y = 0; y < height * scale; y++)
      for (let x = 0; x < width * scale; x++) {
        const from = k * size + (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels;
        const to = ((top + y) * w + left + x) * depth;
        for (let c = 0; c < channels; c++) pixels[to + c] = byte(images[from + c]);
        pixels[to + channels] = 255;
      }
  }
  const png = encodePixels(pixels, w, h, depth);
  const svg = svgDocument(
    w,
    h,
    `${count} ${count === 1 ? 'image' : 'images'} of ${height} × ${width} pixels`,
    element('image', { x: 0, y: 0, width: w, height: h, href: pngAddress(png), style: 'image-rendering:pixelated' }),
  );
  return { png, svg };
};
