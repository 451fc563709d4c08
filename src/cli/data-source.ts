/** Where data come from (a toy distribution or a file), and which rows train, validate and test: as plain data, so that a checkpoint keeps it. */
import * as t from 'io-ts';
import { PushforwardError } from '../core/errors.ts';
import { unknownName } from '../core/names.ts';
import {
  binarised,
  type Dataset,
  loadDataset,
  splitDataset,
  take,
  toyDatasetOf,
  toyNamed,
  toyNames,
} from '../data/index.ts';
import { columnsOf } from './columns.ts';
import { orThrow, settled } from './failures.ts';
import { kindOf } from './files.ts';
import { type Given, withGiven } from './given-data.ts';

const rows = t.tuple([t.number, t.number]);

/** A declaration of data. */
export const DataRecord = t.intersection([
  t.type({
    /** the name of a toy distribution, or a path */
    source: t.string,
    /** what the split and the toy's points are drawn from */
    seed: t.number,
  }),
  t.partial({
    /** toys: points to train on, and to test on */
    size: t.number,
    testSize: t.number,
    /** files: how to read them */
    shape: t.array(t.number),
    levels: t.number,
    columns: t.array(t.string),
    /** the names of the columns that the model is of, in its order, what is given last: another file's columns are found by them */
    names: t.array(t.string),
    /** files: the labels of the rows, in a file beside */
    labels: t.string,
    /** columns that are given (by name or number), or `label`; and then the number of classes */
    given: t.array(t.string),
    classes: t.number,
    /** files: rows to train on and to test on, from … to − 1; without them a share is held out */
    trainRows: rows,
    testRows: rows,
    test: t.number,
    /** grey levels become coin flips: anew at every step of training, once for the test */
    binarise: t.boolean,
    /** share of the training rows to validate on */
    validation: t.number,
  }),
]);
export type DataRecord = t.TypeOf<typeof DataRecord>;

/** Data in their parts. */
export interface Parts {
  readonly train: Dataset;
  readonly validation?: Dataset;
  readonly test: Dataset;
  readonly given?: Given;
}

/** Test points of a toy are drawn from a seed that no training run uses. */
const TEST_SEEDS = 0x7e57_0000;

const DEFAULT = { size: 50_000, testSize: 20_000, test: 0.1 } as const;

/** The toy's own spelling of a name, where it is a toy's. */
export const toySpelling = (name: string): string | undefined =>
  toyNames.find((n) => n.toLowerCase() === name.toLowerCase());

const readFile = async (r: DataRecord, explicit = false): Promise<Dataset> => {
  // A bare word that is no file was meant to be a toy.
  if (!/[./\\]/.test(r.source) && (await kindOf(r.source)) === undefined)
    throw new PushforwardError(unknownName('--data', 'toy data set (nor file)', r.source, toyNames));
  const said = r.columns?.map((c) => (/^\d+$/.test(c) ? Number(c) : c));
  const { names } = r;
  return settled(
    loadDataset(r.source, {
      ...(r.shape === undefined ? {} : { shape: r.shape }),
      ...(r.levels === undefined ? {} : { levels: r.levels }),
      ...(r.labels === undefined ? {} : { labels: r.labels }),
      ...(names === undefined
        ? said === undefined
          ? {}
          : { columns: said }
        : { columns: columnsOf(r.source, names, said, explicit) }),
    }),
  );
};

/** The words for what is given: where columns were found by name, the last names are. */
const givenWords = ({ given, names }: DataRecord, { columns }: Dataset): readonly string[] | undefined =>
  given === undefined || names === undefined || columns === undefined || !names.every((n, i) => columns[i] === n)
    ? given
    : names.slice(names.length - given.length);

const split = (whole: Dataset, r: DataRecord): { readonly train: Dataset; readonly test: Dataset } => {
  if (r.trainRows !== undefined && r.testRows !== undefined)
    return { train: take(whole, ...r.trainRows), test: take(whole, ...r.testRows) };
  const test = r.test ?? DEFAULT.test;
  return splitDataset(whole, { train: 1 - test, test }, r.seed);
};

/** All rows of the data, what is given put last: toys have as many as asked for. `explicit` columns are those of this call, not of a record. Throws what the readers say. */
export const wholeData = async (r: DataRecord, explicit = false): Promise<Dataset> => {
  const toy = toySpelling(r.source);
  const data =
    toy === undefined
      ? await readFile(r, explicit)
      : toyDatasetOf(orThrow(toyNamed(toy)), { size: r.testSize ?? DEFAULT.testSize, seed: TEST_SEEDS + r.seed });
  return withGiven(data, givenWords(r, data), r.classes).data;
};

/** The data in parts: toys are drawn, files are read and split. Throws what the readers say. */
export const dataParts = async (r: DataRecord): Promise<Parts> => {
  const parts = await grey(r);
  return r.binarise === true ? { ...parts, test: binarised(parts.test, r.seed) } : parts;
};

/** The parts before anything is binarised. */
const grey = async (r: DataRecord): Promise<Parts> => {
  const name = toySpelling(r.source);
  const read =
    name === undefined
      ? await readFile(r)
      : toyDatasetOf(orThrow(toyNamed(name)), { size: r.size ?? DEFAULT.size, seed: r.seed });
  const { data, given } = withGiven(read, givenWords(r, read), r.classes);
  const { train, test } = name === undefined ? split(data, r) : { train: data, test: await wholeData(r) };
  const said = given === undefined ? {} : { given };
  if (r.validation === undefined) return { train, test, ...said };
  return { ...splitDataset(train, { train: 1 - r.validation, validation: r.validation }, r.seed + 1), test, ...said };
};

/** `twoMoons` or `t10k-images-idx3-ubyte.gz, rows 0–7999`. */
export const showSource = (r: DataRecord): string =>
  `${r.source}${r.trainRows === undefined ? '' : `, rows ${r.trainRows[0]} to ${r.trainRows[1] - 1}`}`;
