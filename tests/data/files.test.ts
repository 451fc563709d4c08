import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { sentence } from '../../src/core/errors.ts';
import { tensor } from '../../src/core/tensor.ts';
import { allRows, type Dataset, readRows } from '../../src/data/dataset.ts';
import { type LoadOptions, loadDataset } from '../../src/data/load.ts';
import { encodeNpy, writeNpy } from '../../src/data/npy.ts';
import { statistics } from '../../src/data/scaling.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pushforward-data-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string | Uint8Array): string => {
  const where = path.join(folder, name);
  writeFileSync(where, content);
  return where;
};
const loaded = async (where: string, options?: LoadOptions): Promise<Dataset> => {
  const r = await loadDataset(where, options)();
  if (r._tag === 'Left') throw new Error(sentence(r.left));
  return r.right;
};
/** The failure as `tag sentence`, the folder left out. */
const refused = async (where: string, options?: LoadOptions): Promise<string> => {
  const r = await loadDataset(where, options)();
  if (r._tag === 'Right') throw new Error('it was loaded');
  return `${r.left._tag} ${sentence(r.left)}`.replaceAll(`${folder}/`, '');
};
const csv = (name: string, text: string, options?: LoadOptions) => loaded(file(name, text), options);
const badCsv = (text: string, options?: LoadOptions) => refused(file('bad.csv', text), options);

describe('csv', () => {
  it('finds a header or none', async () => {
    const a = await csv('a.csv', 'x, y\n1,2\n3,-4e-1\n');
    expect([a.name, a.size, a.shape, a.columns]).toEqual(['a', 2, [2], ['x', 'y']]);
    expect(allRows(a)).toEqual(Float32Array.of(1, 2, 3, -0.4));
    const b = await csv('b.csv', '\ufeff1,2\r\n3,4');
    expect([b.size, b.columns]).toEqual([2, undefined]);
    const c = await csv('c.csv', '0,1\n5,6\n', { header: true });
    expect([c.size, c.columns]).toEqual([1, ['0', '1']]);
    const e = await csv('e.csv', ',a,b\n0,5,6\n');
    expect(e.columns).toEqual(['', 'a', 'b']);
  });

  it('chooses columns by name or index, in the order asked for', async () => {
    const text = 'id,name,x,y\n0,ann,1,2\n1,"bob, jr",3,4\n';
    const d = await csv('d.csv', text, { columns: ['y', 2] });
    expect([d.columns, ...allRows(d)]).toEqual([['y', 'x'], 2, 1, 4, 3]);
    expect(await badCsv(text, { columns: ['nme'] })).toBe(
      'UnknownName bad.csv: there is no column "nme"; did you mean "name"? (expected one of id, name, x, y)',
    );
    expect(await badCsv(text, { columns: [4] })).toMatch(/there is no column "4"/);
  });

  it('reads tab-separated and packed files, other shapes, and quotes', async () => {
    expect(Array.from(allRows(await csv('t.tsv', 'a\tb\n1\t2\n')))).toEqual([1, 2]);
    expect(Array.from(allRows(await csv('s.csv', '1;2\n', { delimiter: ';' })))).toEqual([1, 2]);
    const packed = file('p.csv.gz', gzipSync('a,b,c,d\n1,2,3,4\n"5",6,7,8\n'));
    expect((await loaded(packed, { shape: [2, 2] })).shape).toEqual([2, 2]);
    expect(await refused(packed, { shape: [3] })).toMatch(/ShapeError .*do not have that many elements/);
  });

  it('names the line and the column of a cell that is not a number', async () => {
    expect(await badCsv('x,y\n1,2\n\n3,abc\n')).toBe(
      'DataError bad.csv:4: column "y" is not a finite number (got "abc")',
    );
    expect(await badCsv('1,2\n3,NaN\n')).toBe('DataError bad.csv:2: column 1 is not a finite number (got "NaN")');
    expect(await badCsv('1,2\n,4\n')).toBe('DataError bad.csv:2: column 0 is not a finite number (got an empty cell)');
    for (const cell of ['inf', '0x10', '1e39', '1 2', '--1'])
      expect(await badCsv(`1\n${cell}\n`)).toMatch(/bad\.csv:2/);
    expect(await badCsv('1,x\n2,3\n')).toMatch(/bad\.csv:1: neither names nor numbers/);
  });

  it('counts lines over quoted line breaks and long files', async () => {
    expect(await badCsv('t,x\n"a\nb",1\nc,two\n', { columns: ['x'] })).toMatch(/bad\.csv:4: column "x"/);
    expect(await badCsv(`${'1,2\n'.repeat(30_000)}1,oops\n`)).toMatch(/bad\.csv:30001: .*"oops"/);
  });

  it('names the line of a ragged row', async () => {
    expect(await badCsv('x,y\n1,2\n3\n')).toBe(
      'DataError bad.csv:3: the row has another number of cells than the first (expected 2, got 1)',
    );
    expect(await badCsv('1,2\n3,4,5\n')).toMatch(/bad\.csv:2: .*got 3/);
    expect(await badCsv('1,2\n"3,4\n')).toMatch(/bad\.csv:2: Quote Not Closed/);
  });

  it('refuses files without rows and levels that are none', async () => {
    expect(await badCsv('')).toBe('DataError bad.csv: there are no rows');
    expect(await badCsv('x,y\n')).toBe('DataError bad.csv: there are no rows');
    expect(await badCsv('x\n0\n2\n', { levels: 2 })).toMatch(/DataError bad.csv: row 1, column "x": not a level/);
  });

  it('reads what was written, for any float32 table', async () => {
    const table = fc.integer({ min: 1, max: 5 }).chain((w) =>
      fc.array(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: w, maxLength: w }), {
        minLength: 1,
      }),
    );
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        const d = await csv('any.csv', rows.map((r) => r.join(',')).join('\n'));
        expect(Array.from(allRows(d), (v) => v + 0)).toEqual(rows.flat().map((v) => v + 0));
      }),
      { numRuns: 40 },
    );
  });
});

const npy = (descr: string, fortran: boolean, shape: string, body: Uint8Array, version = 1): Uint8Array => {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape}), }\n`;
  const head = Buffer.alloc(version === 1 ? 10 : 12);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(text.length, 8);
  else head.writeUInt32LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text), body]);
};
const bytes = (a: ArrayBufferView): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
const numbers = [0, 1, 2, 3, 4, 5];

describe('npy', () => {
  it.each([
    ['<f4', bytes(Float32Array.from(numbers))],
    ['<f8', bytes(Float64Array.from(numbers))],
    ['<i4', bytes(Int32Array.from(numbers))],
    ['<i8', bytes(BigInt64Array.from(numbers.map(BigInt)))],
    ['|u1', Uint8Array.from(numbers)],
    ['>i2', bytes(Int16Array.from(numbers.map((n) => n << 8)))],
  ])('reads %s in every version, from memory and from disk', async (descr, body) => {
    for (const version of [1, 2, 3]) {
      const where = file('n.npy', npy(descr, false, '3, 2', body, version));
      for (const memoryLimit of [0, 1e6]) {
        const d = await loaded(where, { memoryLimit });
        expect([d.size, d.shape, d.levels]).toEqual([3, [2], descr === '|u1' ? 256 : undefined]);
        expect(Array.from(readRows(d, [2, 0, 1]))).toEqual([4, 5, 0, 1, 2, 3]);
      }
    }
  });

  it('reads booleans and vectors', async () => {
    const d = await loaded(file('b.npy', npy('|b1', false, '3,', Uint8Array.of(1, 0, 1))));
    expect([d.shape, d.levels, ...allRows(d)]).toEqual([[], 2, 1, 0, 1]);
  });

  it('reads Fortran order', async () => {
    // element (i, j, k) of shape (2, 3, 2) is 100 i + 10 j + k
    const values: number[] = [];
    for (const k of [0, 1]) for (const j of [0, 1, 2]) for (const i of [0, 1]) values.push(100 * i + 10 * j + k);
    const d = await loaded(file('f.npy', npy('<f8', true, '2, 3, 2', bytes(Float64Array.from(values)))));
    expect(Array.from(readRows(d, [1, 0]))).toEqual([100, 101, 110, 111, 120, 121, 0, 1, 10, 11, 20, 21]);
  });

  it('writes what it reads', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(Float32Array, Float64Array, Int32Array),
        async (shape, Type) => {
          const data = new Type(shape.reduce((a, b) => a * b, 1)).map((_: number, i: number) => 3 * i - 5);
          const where = path.join(folder, 'w.npy');
          expect((await writeNpy(where, tensor(data, shape))())._tag).toBe('Right');
          const d = await loaded(where);
          expect([d.size, ...d.shape]).toEqual(shape);
          expect(Array.from(allRows(d))).toEqual(Array.from(data));
        },
      ),
      { numRuns: 30 },
    );
    const encoded = encodeNpy(tensor(new Float32Array(3), [3]));
    expect((encoded.length - 12) % 64).toBe(0);
  });

  it('says what is wrong', async () => {
    const bad = (content: Uint8Array) => refused(file('bad.npy', content));
    const good = npy('<f4', false, '3, 2', bytes(Float32Array.from(numbers)));
    expect(await bad(good.subarray(0, good.length - 1))).toMatch(/FileError bad.npy: truncated: elements are missing/);
    for (const n of [0, 5, 7, 9, 11, 40])
      expect(await bad(good.subarray(0, n))).toMatch(/FileError bad.npy: (truncated|not an npy|unknown version)/);
    expect(await bad(Buffer.concat([good, Buffer.alloc(3)]))).toMatch(/bytes follow the array/);
    expect(await bad(Buffer.from('something else'))).toMatch(/does not begin with/);
    expect(await bad(npy('<c8', false, '1,', new Uint8Array(8)))).toMatch(/astype.*got <c8/);
    expect(await bad(npy('<f4', false, '', new Uint8Array(4)))).toMatch(/a single number is not a data set/);
    expect(await bad(npy('<f4', false, '0, 2', new Uint8Array(0)))).toMatch(/empty/);
    const nan = Float32Array.from(numbers);
    nan[3] = Number.NaN;
    expect(await bad(npy('<f4', false, '3, 2', bytes(nan)))).toBe(
      'DataError bad.npy: row 1, column 1: not a finite number (got NaN)',
    );
    expect(await bad(npy('<f8', false, '1,', bytes(Float64Array.of(1e300))))).toMatch(/row 0, .*got Infinity/);
    expect((await writeNpy(path.join(folder, 'no', 'w.npy'), tensor(new Float32Array(1), [1]))())._tag).toBe('Left');
  });
});

const idx = (type: number, shape: readonly number[], body: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, type, shape.length]);
  shape.forEach((n, k) => {
    head.writeUInt32BE(n, 4 + 4 * k);
  });
  return Buffer.concat([head, body]);
};

describe('idx', () => {
  const pixels = Uint8Array.from({ length: 24 }, (_, i) => 10 * i);

  it('reads images, plain from memory or disk and packed', async () => {
    const plain = idx(8, [4, 2, 3], pixels);
    for (const [name, content, memoryLimit] of [
      ['a-idx3-ubyte', plain, 1e6],
      ['b.idx', plain, 0],
      ['c', plain, 0],
      ['d-idx3-ubyte.gz', gzipSync(plain), 0],
    ] as const) {
      const d = await loaded(file(name, content), { memoryLimit });
      expect([d.size, d.shape, d.levels]).toEqual([4, [2, 3], 256]);
      expect(Array.from(readRows(d, [3, 1, 2]))).toEqual(
        [3, 1, 2].flatMap((r) => Array.from(pixels.slice(6 * r, 6 * r + 6))),
      );
    }
  });

  it('reads integers and floats, and labels beside', async () => {
    const int = Buffer.alloc(8);
    int.writeInt32BE(-7);
    int.writeInt32BE(70_000, 4);
    expect(Array.from(allRows(await loaded(file('i.idx', idx(0x0c, [2], int)))))).toEqual([-7, 70_000]);
    const float = Buffer.alloc(16);
    float.writeDoubleBE(0.5);
    float.writeDoubleBE(-2, 8);
    expect(Array.from(allRows(await loaded(file('f.idx', idx(0x0e, [2], float)))))).toEqual([0.5, -2]);
    const images = file('images.idx', idx(8, [4, 2, 3], pixels));
    const d = await loaded(images, { labels: file('l.idx', idx(8, [4], Uint8Array.of(3, 1, 4, 1))) });
    expect(Array.from(d.labels as Int32Array)).toEqual([3, 1, 4, 1]);
    expect(await refused(images, { labels: file('l3.idx', idx(8, [3], Uint8Array.of(3, 1, 4))) })).toMatch(
      /l3.idx: another number of rows than images \(expected 4 labels, got 3\)/,
    );
    expect(await refused(images, { labels: file('l.csv', '1\n2.5\n1\n1\n') })).toMatch(
      /label of row 1 is not an integer/,
    );
  });

  it('says what is wrong', async () => {
    const bad = (content: Uint8Array, name = 'bad.idx') => refused(file(name, content));
    const good = idx(8, [4, 2, 3], pixels);
    expect(await bad(good.subarray(0, 30))).toMatch(/FileError bad.idx: truncated: .*expected 40 bytes .*got 30/);
    expect(await bad(good.subarray(0, 9))).toMatch(/truncated: the file ends inside its header/);
    expect(await bad(Buffer.concat([good, Buffer.of(0)]))).toMatch(/bytes follow the array/);
    expect(await bad(Buffer.from('1234'))).toMatch(/wrong magic number .*got 31323334/);
    const packed = gzipSync(good);
    expect(await bad(packed.subarray(0, packed.length - 12), 'bad.idx.gz')).toMatch(
      /truncated: the gzip stream does not end/,
    );
    const damaged = Uint8Array.from(packed);
    damaged[packed.length - 6] ^= 255;
    expect(await bad(damaged, 'bad.idx.gz')).toMatch(/FileError bad.idx.gz: the gzip stream is damaged/);
  });
});

describe('loadDataset', () => {
  it('says which file is missing, and the near one that is there', async () => {
    file('moons.csv', '1\n');
    expect(await refused(path.join(folder, 'moon.csv'))).toBe(
      'FileError moon.csv: there is no such file; did you mean moons.csv?',
    );
    expect(await refused(path.join(folder, 'no', 'x.csv'))).toMatch(/there is no such file, nor the folder/);
    expect(await refused(folder)).toMatch(/not a file/);
  });

  it('knows formats by name and content', async () => {
    expect(await refused(file('x.parquet', 'PAR1'))).toMatch(/the format is not known.*expected \.csv/);
    expect((await loaded(file('noextension', encodeNpy(tensor(Float32Array.of(1, 2), [2]))))).size).toBe(2);
    expect(await refused(file('c.npy', encodeNpy(tensor(new Float32Array(2), [2]))), { columns: ['x'] })).toMatch(
      /columns can be chosen from CSV files only/,
    );
  });
});

const shared = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'data');
const images = path.join(shared, 't10k-images-idx3-ubyte.gz');
const adult = path.join(shared, 'adult.csv.gz');

describe('files that were not made here', () => {
  it.skipIf(!existsSync(images))(`MNIST test images (skipped where ${images} is absent)`, async () => {
    const d = await loaded(images, { labels: path.join(shared, 't10k-labels-idx1-ubyte.gz') });
    expect([d.name, d.size, d.shape, d.levels]).toEqual(['t10k-images-idx3-ubyte', 10_000, [28, 28], 256]);
    expect(Array.from((d.labels as Int32Array).subarray(0, 10))).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    const { mean, maximum, minimum } = statistics(d);
    expect(Math.max(...maximum)).toBe(255);
    expect(Math.min(...minimum)).toBe(0);
    expect(mean.reduce((a, b) => a + b, 0) / 784 / 255).toBeCloseTo(0.1325, 4);
  });

  it.skipIf(!existsSync(adult))(`Adult census (skipped where ${adult} is absent)`, async () => {
    const d = await loaded(adult, { columns: ['age', 'hours-per-week'] });
    expect([d.size, d.columns, ...readRows(d, [0, 1])]).toEqual([32_561, ['age', 'hours-per-week'], 39, 40, 50, 13]);
    expect(await refused(adult)).toMatch(
      /adult\.csv\.gz:2: column "workclass" is not a finite number \(got "State-gov"\)/,
    );
  });
});
