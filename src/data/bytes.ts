/** Bytes by position, from memory or from a file, and rows of numbers over them. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { raise } from '../core/errors.ts';
import type { RowSource } from './dataset.ts';

/** Bytes that can be read anywhere. */
export interface ByteSource {
  readonly path: string;
  readonly size: number;
  /** bytes `from … from + length − 1`; fewer at the end */
  readonly read: (from: number, length: number) => Uint8Array;
}

/** Bytes in memory. */
export const memoryBytes = (path: string, bytes: Uint8Array): ByteSource => ({
  path,
  size: bytes.length,
  read: (from, length) => bytes.subarray(from, from + length),
});

const descriptors = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

/** A file left where it is, read at offsets; it is closed when the source is no longer reachable. */
export const openBytes = (path: string): ByteSource => {
  const descriptor = openSync(path, 'r');
  const source: ByteSource = {
    path,
    size: fstatSync(descriptor).size,
    read: (from, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, source.size - from)));
      let got = 0;
      while (got < bytes.length) {
        const n = readSync(descriptor, bytes, got, bytes.length - got, from + got);
        if (n === 0) return raise('FileError', path, 'the file became shorter while it was in use');
        got += n;
      }
      return bytes;
    },
  };
  descriptors.register(source, descriptor);
  return source;
};

/** A file as bytes: in memory up to `memoryLimit` bytes, left on disk above. */
export const fileBytes = (path: string, size: number, memoryLimit: number): ByteSource =>
  size <= memoryLimit ? memoryBytes(path, readFileSync(path)) : openBytes(path);

/** Element types of binary files: unsigned, signed, float or boolean, with the number of bytes. */
export type ElementKind = 'u1' | 'i1' | 'i2' | 'i4' | 'i8' | 'f4' | 'f8' | 'b1';

export const elementBytes = (kind: ElementKind): number => Number(kind[1]);

/** Elements of one kind in one byte order as float32 numbers. */
const decode = (bytes: Uint8Array, kind: ElementKind, little: boolean, out: Float32Array, at: number): void => {
  const step = elementBytes(kind);
  const n = bytes.length / step;
  if (kind === 'u1' || kind === 'b1') {
    out.set(bytes, at);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (kind === 'f4') for (let i = 0; i < n; i++) out[at + i] = view.getFloat32(4 * i, little);
  else if (kind === 'f8') for (let i = 0; i < n; i++) out[at + i] = view.getFloat64(8 * i, little);
  else if (kind === 'i4') for (let i = 0; i < n; i++) out[at + i] = view.getInt32(4 * i, little);
  else if (kind === 'i2') for (let i = 0; i < n; i++) out[at + i] = view.getInt16(2 * i, little);
  else if (kind === 'i1') for (let i = 0; i < n; i++) out[at + i] = view.getInt8(i);
  else for (let i = 0; i < n; i++) out[at + i] = Number(view.getBigInt64(8 * i, little));
};

/** The position of the numbers in a file. */
export interface Layout {
  /** position of the first element */
  readonly start: number;
  readonly kind: ElementKind;
  readonly little: boolean;
  readonly rows: number;
  /** elements of one row */
  readonly width: number;
}

/** Consecutive rows of `width` elements; runs of consecutive rows are read together. */
export const rowsOfBytes = (source: ByteSource, { start, kind, little, rows, width }: Layout): RowSource => {
  const rowBytes = width * elementBytes(kind);
  return {
    length: rows,
    read: (indices, out) => {
      for (let r = 0, run = 1; r < indices.length; r += run) {
        run = 1;
        while (r + run < indices.length && indices[r + run] === indices[r] + run) run++;
        decode(source.read(start + indices[r] * rowBytes, run * rowBytes), kind, little, out, r * width);
      }
    },
  };
};
