/**
 * NumPy's `.npy` files (format versions 1, 2 and 3): `\x93NUMPY`, the version, the header's length (2 bytes in version 1,
 * 4 after), a Python dictionary with `descr`, `fortran_order` and `shape`, then the elements. The first axis is the rows.
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, raise } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import type { Tensor, TensorType } from '../core/tensor.ts';
import { writeBytes } from '../core/write-file.ts';
import { type ByteSource, type ElementKind, elementBytes, rowsOfBytes } from './bytes.ts';
import { type Dataset, type DatasetOptions, fromSource, type RowSource } from './dataset.ts';

const MAGIC = '\x93NUMPY';

interface Header {
  readonly start: number;
  readonly kind: ElementKind;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: Shape;
}

const KINDS: readonly ElementKind[] = ['u1', 'b1', 'i1', 'i2', 'i4', 'i8', 'f4', 'f8'];

const parseHeader = (source: ByteSource): Header => {
  const { path } = source;
  const latin1 = (from: number, length: number) => Buffer.from(source.read(from, length)).toString('latin1');
  if (latin1(0, 6) !== MAGIC) raise('FileError', path, 'not an npy file: it does not begin with \\x93NUMPY');
  const prefix = source.read(6, 6);
  const version = prefix[0];
  if (!(version >= 1 && version <= 3))
    raise('FileError', path, 'unknown version of the npy format', { expected: '1, 2 or 3', got: `${version}` });
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const before = version === 1 ? 10 : 12;
  const length =
    prefix.length < before - 6 ? Infinity : version === 1 ? view.getUint16(2, true) : view.getUint32(2, true);
  if (before + length > source.size) raise('FileError', path, 'truncated: the file ends inside its header');
  const text = latin1(before, length);
  const field = (name: string, value: string): string =>
    new RegExp(`['"]${name}['"]\\s*:\\s*${value}`).exec(text)?.[1] ??
    raise('FileError', path, `the npy header has no ${name} that can be read`, { got: text.trim() });
  const descr = field('descr', '[\'"]([^\'"]+)[\'"]');
  const kind = KINDS.find((k) => k === descr.slice(1));
  if (kind === undefined || !'<>|='.includes(descr[0]))
    return raise('DataError', path, 'element type not supported; convert the array with astype(numpy.float32)', {
      expected: '<f4, <f8, <i4, <i8, |u1 or |b1',
      got: descr,
    });
  return {
    start: before + length,
    kind,
    little: descr[0] !== '>',
    fortran: field('fortran_order', '(True|False)') === 'True',
    shape: field('shape', '\\(([^)]*)\\)')
      .split(',')
      .map((s) => s.trim())
      .filter((s) => s !== '')
      .map(Number),
  };
};

/**
 * Rows of an array in Fortran order: element (i, e₁, e₂, …) is at `i + n·(e₁ + d₁·(e₂ + …))`, so the offsets inside an
 * event are the same for every row. The numbers are kept in memory.
 */
const fortranRows = (stored: RowSource, rows: number, event: Shape): RowSource => {
  const width = sizeOf(event);
  const all = new Float32Array(rows * width);
  stored.read([0], all);
  const offsets = Int32Array.from({ length: width }, (_, j) => {
    let rest = j;
    let offset = 0;
    for (let k = event.length - 1; k >= 0; k--) {
      offset += (rest % event[k]) * rows * sizeOf(event.slice(0, k));
      rest = Math.floor(rest / event[k]);
    }
    return offset;
  });
  return {
    length: rows,
    read: (indices, out) => {
      for (let r = 0, at = 0; r < indices.length; r++) for (const o of offsets) out[at++] = all[indices[r] + o];
    },
  };
};

/** An npy array as a data set; throws `FileError` and `DataError`. |u1 has 256 levels and |b1 two. */
export const npyDataset = (source: ByteSource, name: string, options: DatasetOptions = {}): Dataset => {
  const { path } = source;
  const { start, kind, little, fortran, shape } = parseHeader(source);
  if (shape.length === 0) raise('DataError', path, 'a single number is not a data set');
  const [rows, ...event] = shape;
  if (sizeOf(shape) === 0) raise('DataError', path, 'the array is empty', { got: showShape(shape) });
  const expected = start + sizeOf(shape) * elementBytes(kind);
  if (source.size !== expected)
    raise('FileError', path, source.size < expected ? 'truncated: elements are missing' : 'bytes follow the array', {
      expected: `${expected} bytes for ${showShape(shape)} of ${kind}`,
      got: `${source.size}`,
    });
  const width = sizeOf(event);
  const values =
    fortran && event.length > 0
      ? fortranRows(rowsOfBytes(source, { start, kind, little, rows: 1, width: rows * width }), rows, event)
      : rowsOfBytes(source, { start, kind, little, rows, width });
  const levels = kind === 'u1' ? { levels: 256 } : kind === 'b1' ? { levels: 2 } : {};
  const checked = kind[0] !== 'f' && kind !== 'b1' && options.levels === undefined;
  return { ...fromSource(path, values, event, { ...levels, ...options }, checked), name };
};

const DESCR: { readonly [K in TensorType]: string } = { float32: '<f4', float64: '<f8', int32: '<i4', bool: '|b1' };

/**
 * The bytes of an npy file (version 1, C order) of a tensor; little-endian, as all machines that Node runs on.
 *
 * @example
 * encodeNpy(tensorOf([1, 2, 3])).length;   // 152: 128 of header, 24 of numbers
 */
export const encodeNpy = ({ data, shape, type }: Tensor): Uint8Array => {
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const header = `{'descr': '${DESCR[type]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const padded = `${header.padEnd(64 * Math.ceil((header.length + 11) / 64) - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([
    Buffer.from(`${MAGIC}\x01\x00`, 'latin1'),
    length,
    Buffer.from(padded, 'latin1'),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
};

/**
 * Writes a tensor to an npy file, atomically. Returns a `FileError` where the file cannot be written.
 *
 * @example
 * const write = writeNpy('samples.npy', tensorOf([1, 2, 3]));   // await write() writes the file
 */
export const writeNpy = (path: string, tensor: Tensor): TaskEither<Failure, void> =>
  writeBytes(path, [encodeNpy(tensor)]);
