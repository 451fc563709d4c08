/**
 * The safetensors format: 8 bytes with the header's length (little endian), a JSON header, then the numbers.
 *
 *     {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
 *
 * https://github.com/huggingface/safetensors#format. Python reads what is written here, and the other way round. Everything is checked on
 * reading; a file that is not right is a `FileError` with one sentence.
 */
import { readFile } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { decode, isRecord, list, natural, oneOf, parseJson, strict, text } from '../core/codec.ts';
import { type Failure, failure, raise, sentence, toFailure } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shape.ts';
import type { Tensor, TensorData, TensorType } from '../core/tensor.ts';
import { fileFailure, writeBytes } from '../core/write-file.ts';
import { duplicateKey } from './json-keys.ts';

/** Named arrays with a map of texts. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const METADATA = '__metadata__';
/** Longer headers are refused, as the reference implementation does. */
const LONGEST_HEADER = 100_000_000;

/** Element types by their names in files, with their bytes. Bytes (`U8`) are kept as they are under the host type `bool`. */
const dtypes = {
  F64: { type: 'float64', bytes: 8 },
  F32: { type: 'float32', bytes: 4 },
  I32: { type: 'int32', bytes: 4 },
  BOOL: { type: 'bool', bytes: 1 },
  U8: { type: 'bool', bytes: 1 },
} as const satisfies { readonly [name: string]: { readonly type: TensorType; readonly bytes: number } };

type Dtype = keyof typeof dtypes;

const dtypeOf: { readonly [T in TensorType]: Dtype } = { float64: 'F64', float32: 'F32', int32: 'I32', bool: 'BOOL' };

const entryCodec = strict({
  dtype: oneOf(Object.keys(dtypes) as Dtype[]),
  shape: list(natural, 'a shape: a list of integers from 0'),
  data_offsets: list(natural, 'two integers from 0'),
});

const bad = (
  path: string,
  message: string,
  details: { readonly expected?: string; readonly got?: string } = {},
): never => raise('FileError', path, message, details);

/** The value, or the failure inside the header as a failure of the file. */
const orBad = <A>(path: string, result: E.Either<Failure, A>): A =>
  E.getOrElse<Failure, A>((f) => bad(path, `the header is not right: ${sentence(f)}`))(result);

const headerOf = (
  path: string,
  bytes: Uint8Array,
): { readonly header: Record<string, unknown>; readonly start: number } => {
  if (bytes.length < 8)
    return bad(path, 'truncated: a safetensors file begins with 8 bytes', { got: `${bytes.length}` });
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER))
    return bad(path, 'not a safetensors file: the length of its header makes no sense', {
      expected: `at most ${LONGEST_HEADER} bytes`,
      got: `${length}`,
    });
  const start = 8 + Number(length);
  if (start > bytes.length)
    return bad(path, 'truncated: the file ends inside its header', {
      expected: `${start} bytes`,
      got: `${bytes.length}`,
    });
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start));
  } catch {
    return bad(path, 'the header is not right: it is not UTF-8');
  }
  const header = orBad(path, parseJson(source));
  if (!isRecord(header) || !source.startsWith('{'))
    return bad(path, 'the header is not right: it is not a JSON object');
  const twice = duplicateKey(source);
  if (twice !== undefined) return bad(path, `the header is not right: the name '${twice}' is there twice`);
  return { header, start };
};

const metadataOf = (path: string, json: unknown): Record<string, string> => {
  if (!isRecord(json)) return bad(path, `the header is not right: ${METADATA} is not an object of texts`);
  return Object.fromEntries(
    Object.entries(json).map(([k, v]): [string, string] => [
      k,
      text.is(v) ? v : bad(path, `the header is not right: the value of '${k}' in ${METADATA} is not a text`),
    ]),
  );
};

interface Place {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const placeOf = (path: string, name: string, json: unknown, size: number): Place => {
  const { dtype, shape, data_offsets } = orBad(path, decode(entryCodec, json, `['${name}']`));
  if (data_offsets.length !== 2)
    return bad(path, `the offsets of '${name}' are not two numbers`, { got: `${data_offsets.length}` });
  const [begin, end] = data_offsets;
  if (begin > end) return bad(path, `the offsets of '${name}' are out of order`, { got: `[${begin}, ${end}]` });
  if (end > size)
    return bad(path, `truncated: '${name}' ends after the end of the file`, {
      expected: `${end} bytes of numbers`,
      got: `${size}`,
    });
  const wanted = sizeOf(shape) * dtypes[dtype].bytes;
  if (wanted !== end - begin)
    return bad(path, `the bytes of '${name}' do not fit its shape`, {
      expected: `${wanted} bytes for ${dtype} ${showShape(shape)}`,
      got: `${end - begin}`,
    });
  return { name, dtype, shape, begin, end };
};

/** Every byte belongs to one array. */
const checkCover = (path: string, places: readonly Place[], size: number): void => {
  let at = 0;
  let before = 'the header';
  for (const p of [...places].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (p.begin < at) bad(path, `'${p.name}' and '${before}' overlap`);
    if (p.begin > at) bad(path, `there is a hole of ${p.begin - at} bytes before '${p.name}'`);
    at = p.end;
    before = p.name;
  }
  if (at !== size) bad(path, 'bytes follow the last array', { expected: `${at} bytes of numbers`, got: `${size}` });
};

/** A typed array over a copy of the bytes (views need aligned offsets). */
const arrayOf = (type: TensorType, bytes: Uint8Array): TensorData => {
  const { buffer } = new Uint8Array(bytes);
  return type === 'float32'
    ? new Float32Array(buffer)
    : type === 'float64'
      ? new Float64Array(buffer)
      : type === 'int32'
        ? new Int32Array(buffer)
        : new Uint8Array(buffer);
};

/** The arrays and texts in the bytes of a file; `path` is for messages. */
export const decodeSafetensors = (bytes: Uint8Array, path = ''): E.Either<Failure, Safetensors> =>
  E.tryCatch(
    () => {
      const { header, start } = headerOf(path, bytes);
      const size = bytes.length - start;
      const places = Object.entries(header)
        .filter(([name]) => name !== METADATA)
        .map(([name, json]) => placeOf(path, name, json, size));
      checkCover(path, places, size);
      return {
        tensors: Object.fromEntries(
          places.map(({ name, dtype, shape, begin, end }): [string, Tensor] => {
            const { type } = dtypes[dtype];
            return [name, { shape, type, data: arrayOf(type, bytes.subarray(start + begin, start + end)) }];
          }),
        ),
        metadata: Object.hasOwn(header, METADATA) ? metadataOf(path, header[METADATA]) : {},
      };
    },
    toFailure('FileError', path),
  );

/** The parts of a file: its head, then the arrays (not copied), the widest elements first so that every array is aligned. */
export const encodeSafetensors = ({ tensors, metadata }: Safetensors): Uint8Array[] => {
  const entries = Object.entries(tensors)
    .map(([name, tensor]) => ({ name, tensor, dtype: dtypeOf[tensor.type] }))
    .sort((a, b) => dtypes[b.dtype].bytes - dtypes[a.dtype].bytes);
  let at = 0;
  const described = entries.map(({ name, tensor, dtype }): [string, unknown] => {
    if (name === METADATA) raise('ArgumentError', name, 'an array cannot have this name in a safetensors file');
    const begin = at;
    at += tensor.data.byteLength;
    return [name, { dtype, shape: tensor.shape, data_offsets: [begin, at] }];
  });
  const texts = Object.keys(metadata).length === 0 ? [] : [[METADATA, metadata] as [string, unknown]];
  const json = Buffer.from(JSON.stringify(Object.fromEntries([...texts, ...described])));
  const header = Buffer.alloc(8 * Math.ceil(json.length / 8), ' ');
  json.copy(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return [
    length,
    header,
    ...entries.map(({ tensor: { data } }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
};

/**
 * Reads all arrays and metadata texts of a safetensors file. Returns a `FileError` where the file is missing, truncated or malformed, or has an element
 * type that the library does not know.
 *
 * @example
 * const read = readSafetensors('runs/moons.safetensors');   // await read() gives Either<Failure, { tensors, metadata }>
 */
export const readSafetensors = (path: string): TE.TaskEither<Failure, Safetensors> =>
  pipe(
    TE.tryCatch(
      () => readFile(path),
      (e) => {
        const { code } = e as NodeJS.ErrnoException;
        return code === 'ENOENT'
          ? failure('FileError', path, 'there is no such file')
          : fileFailure(path, 'not read')(e);
      },
    ),
    TE.chainEitherK((bytes) => decodeSafetensors(bytes, path)),
  );

/**
 * Writes arrays and metadata texts to a safetensors file, atomically: either the whole file appears, or an existing one stays. Returns a `FileError` where it cannot
 * be written.
 *
 * @example
 * const write = writeSafetensors('weights.safetensors', fitted.parameters, { trained: 'on moons' });   // await write() writes the file
 */
export const writeSafetensors = (
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): TE.TaskEither<Failure, void> =>
  pipe(
    TE.fromEither(E.tryCatch(() => encodeSafetensors({ tensors, metadata }), toFailure('FileError', path))),
    TE.chain((parts) => writeBytes(path, parts)),
  );
