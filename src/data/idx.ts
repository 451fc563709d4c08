/**
 * IDX files (the format of MNIST): two zero bytes, the element type, the number of axes, each axis as a big-endian 32-bit
 * integer, then the elements, big-endian, row-major. The first axis is the rows.
 */
import { raise } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import { type ByteSource, type ElementKind, elementBytes, rowsOfBytes } from './bytes.ts';
import { type Dataset, type DatasetOptions, fromSource } from './dataset.ts';

const KINDS = new Map<number, ElementKind>([
  [0x08, 'u1'],
  [0x09, 'i1'],
  [0x0b, 'i2'],
  [0x0c, 'i4'],
  [0x0d, 'f4'],
  [0x0e, 'f8'],
]);

/** Whether bytes begin as an IDX file does. */
export const isIdx = (head: Uint8Array): boolean =>
  head.length >= 4 && head[0] === 0 && head[1] === 0 && KINDS.has(head[2]) && head[3] > 0;

/** An IDX array as a data set; throws `FileError` and `DataError`. Unsigned bytes have 256 levels. */
export const idxDataset = (source: ByteSource, name: string, options: DatasetOptions = {}): Dataset => {
  const { path } = source;
  const head = source.read(0, 4);
  if (!isIdx(head))
    raise('FileError', path, 'not an IDX file: wrong magic number', {
      expected: '00 00 type axes',
      got: Buffer.from(head).toString('hex'),
    });
  const kind = KINDS.get(head[2]) as ElementKind;
  const start = 4 + 4 * head[3];
  const axes = source.read(4, 4 * head[3]);
  if (axes.length < 4 * head[3]) raise('FileError', path, 'truncated: the file ends inside its header');
  const view = new DataView(axes.buffer, axes.byteOffset, axes.byteLength);
  const shape = Array.from({ length: head[3] }, (_, k) => view.getUint32(4 * k));
  if (sizeOf(shape) === 0) raise('DataError', path, 'the array is empty', { got: showShape(shape) });
  const expected = start + sizeOf(shape) * elementBytes(kind);
  if (source.size !== expected)
    raise('FileError', path, source.size < expected ? 'truncated: elements are missing' : 'bytes follow the array', {
      expected: `${expected} bytes for ${showShape(shape)} of ${kind}`,
      got: `${source.size}`,
    });
  const [rows, ...event] = shape;
  const values = rowsOfBytes(source, { start, kind, little: false, rows, width: sizeOf(event) });
  const checked = kind[0] !== 'f' && options.levels === undefined;
  const levels = kind === 'u1' ? { levels: 256 } : {};
  return { ...fromSource(path, values, event, { ...levels, ...options }, checked), name };
};
