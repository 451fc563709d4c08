/** From the flags of `train` to everything that training needs, checked before anything is written. */
import { join } from 'node:path';
import { pipe } from 'fp-ts/lib/function.js';
import { isClasses } from '../algebra/context.ts';
import { type AnyDist, type Dist, pushforward } from '../algebra/dist.ts';
import { shiftScale } from '../bijectors/index.ts';
import { raise } from '../core/errors.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { standardScaling } from '../data/index.ts';
import type { TrainingState } from '../inference/training/state.ts';
import type { EventInfo, ModelEntry } from '../models/index.ts';
import { EMBEDDED } from './backend-source.ts';
import { openCheckpoint } from './checkpoint-source.ts';
import { type DataRecord, dataParts, type Parts, toySpelling } from './data-source.ts';
import { misuse, orThrow } from './failures.ts';
import { freshFolder } from './files.ts';
import { modelOptions, settingsOf } from './model-options.ts';
import { conditionalOn, findModel, openModel } from './model-source.ts';
import { flagName, type Rows } from './options.ts';
import { decodeFlags, type Flags, given } from './training-flags.ts';
import { endsWithRun, rateOf } from './training-optimizer.ts';
import { readTraining, type TrainingRecord } from './training-record.ts';

/** All that training needs. */
export interface TrainingPlan {
  readonly record: TrainingRecord;
  readonly dist: AnyDist;
  /** The model, where it is a registered one or one of a module. */
  readonly entry?: ModelEntry;
  readonly parts: Parts;
  readonly out: string;
  readonly saveEvery: number;
  readonly report: boolean;
  readonly resume?: TrainingState;
  /** Sentences for people: nothing is wrong, but it should be known. */
  readonly remarks: readonly string[];
}

/** Where nobody says otherwise. */
const DEFAULTS = { steps: 5_000, learningRate: 1e-3, batchSize: 256, clip: 100, validation: 0.1 } as const;

const pair = (r: Rows): [number, number] => [r.from, r.to];

/** The flags that only toys, or only files, have a use for. */
const toyFlags = ['size', 'testSize'] as const;
const fileFlags = ['test', 'trainRows', 'testRows', 'columns', 'labels', 'shape', 'levels'] as const;

const dataRecord = (f: Flags, source: string): DataRecord => {
  const toy = toySpelling(source);
  const useless = (toy === undefined ? toyFlags : fileFlags).find((k) => f[k] !== undefined);
  if (useless !== undefined)
    misuse(
      flagName(useless),
      toy === undefined ? 'only toy distributions have a size of choice' : `the toy distribution ${toy} is not a file`,
    );
  if ((f.trainRows === undefined) !== (f.testRows === undefined))
    misuse(
      f.trainRows === undefined ? '--train-rows' : '--test-rows',
      'rows to train on and rows to test on are said together',
    );
  if (f.testRows !== undefined && f.test !== undefined)
    misuse('--test', 'the test rows are said already, by --test-rows');
  if (
    f.trainRows !== undefined &&
    f.testRows !== undefined &&
    f.trainRows.from < f.testRows.to &&
    f.testRows.from < f.trainRows.to
  )
    misuse('--test-rows', 'some rows would be trained on and tested on');
  if (f.binarise === true && f.given !== undefined)
    misuse('--binarise', 'images beside what is given are taken as grey levels: leave this out');
  const needed = f.patience !== undefined || f.schedule === 'plateau';
  const validation = f.validation ?? (needed ? DEFAULTS.validation : undefined);
  return {
    source: toy ?? source,
    seed: f.seed ?? 0,
    ...(f.size === undefined ? {} : { size: f.size }),
    ...(f.testSize === undefined ? {} : { testSize: f.testSize }),
    ...(f.shape === undefined ? {} : { shape: f.shape }),
    ...(f.levels === undefined ? {} : { levels: f.levels }),
    ...(f.columns === undefined ? {} : { columns: f.columns }),
    ...(f.labels === undefined ? {} : { labels: f.labels }),
    ...(f.trainRows === undefined ? {} : { trainRows: pair(f.trainRows) }),
    ...(f.testRows === undefined ? {} : { testRows: pair(f.testRows) }),
    ...(f.test === undefined ? {} : { test: f.test }),
    ...(f.binarise === true ? { binarise: true } : {}),
    ...(f.given === undefined ? {} : { given: f.given, ...given(f, 'classes') }),
    ...(validation === undefined ? {} : { validation }),
  };
};

const stepsOf = (f: Flags, parts: Parts, batchSize: number): number | undefined => {
  if (f.epochs === undefined) return f.steps;
  if (f.steps !== undefined) misuse('--epochs', 'the number of steps is said already, by --steps');
  return f.epochs * Math.max(1, Math.floor(parts.train.size / Math.min(batchSize, parts.train.size)));
};

/** What the model makes of the data, where that is not what one would expect. */
const remarksOn = (dist: AnyDist, { train, test }: Parts): string[] =>
  test.levels === train.levels && train.levels !== undefined && dist.evidence === 'exact'
    ? [
        `the data are integers 0 to ${train.levels - 1} and the model has no dequantise layer: its density of integers can grow without bound`,
      ]
    : [];

const fitsData = (dist: AnyDist, { train }: Parts, model: string): void => {
  if (!sameShape(dist.shape, train.shape))
    raise('DataError', train.name, `the data do not fit ${model}`, {
      expected: `events of shape ${showShape(dist.shape)}`,
      got: showShape(train.shape),
    });
};

/** The distribution in the units of the data: standardising is its first layer. */
const standardised = (dist: AnyDist, parts: Parts): { readonly dist: AnyDist; readonly remarks: string[] } => {
  if (parts.train.levels !== undefined) misuse('--standardise', 'levels are scaled by the model already');
  const { shift, scale, constant } = standardScaling(parts.train);
  return {
    dist: pipe(dist as Dist<Shape, unknown>, pushforward(shiftScale({ shift, scale }))),
    remarks: constant.map((c) => `${c} has one value only: leave it out, or its density grows without bound`),
  };
};

/** What the model is told of the data: with classes, the last columns of a row are its one-hot class. */
const eventOf = ({ train, test }: Parts, classes: number | undefined): EventInfo => {
  const { shape } = train;
  const { levels } = test;
  const known = levels === undefined ? {} : { levels };
  if (classes === undefined) return { shape, ...known };
  if (shape.length !== 1 || shape[0] <= classes)
    misuse('--classes', 'the last columns of a row are its one-hot class', {
      expected: `more than ${classes} columns`,
      got: `events of shape ${showShape(shape)}`,
    });
  return { shape: [shape[0] - classes], classes };
};

/** The record of the data with the number of classes and the names of columns that were found. */
const found = (data: DataRecord, { given, train }: Parts): DataRecord => ({
  ...data,
  ...(given !== undefined && isClasses(given.context) ? { classes: given.context.classes } : {}),
  ...(train.columns === undefined || train.shape.length !== 1 ? {} : { names: [...train.columns] }),
});

const newRun = async (word: string, f: Flags, modules: readonly object[]): Promise<TrainingPlan> => {
  const source = f.data ?? misuse('--data', 'say what to train on', { expected: 'a toy distribution or a file' });
  const named = await findModel(word);
  if (named.kind === 'checkpoint') misuse('model', 'a checkpoint is gone on with by --resume', { got: named.name });
  const own = (['set', 'layers', 'hidden', 'latent', 'classes'] as const).find((k) => f[k] !== undefined);
  if ((named.kind === 'spec' || (named.kind === 'module' && named.entry === undefined)) && own !== undefined)
    misuse(flagName(own), `${named.name} says this itself`);
  const data = dataRecord(f, source);
  const parts = await dataParts(data);
  const options = 'entry' in named && named.entry !== undefined ? modelOptions(named.entry, settingsOf(f)) : {};
  const model =
    parts.given === undefined
      ? await openModel(named, eventOf(parts, f.classes), options, modules)
      : conditionalOn(named, parts.given, options);
  fitsData(model.dist, parts, model.name);
  if (f.given !== undefined && f.standardise === true)
    misuse('--standardise', 'columns that are given are not scaled by the model: scale the table before');
  const { dist, remarks } =
    f.standardise === true ? standardised(model.dist, parts) : { dist: model.dist, remarks: [] };
  const settings = model.entry?.training;
  const batchSize = Math.min(f.batchSize ?? settings?.batchSize ?? DEFAULTS.batchSize, parts.train.size);
  const clip = f.clip ?? settings?.clip ?? (settings === undefined ? DEFAULTS.clip : undefined);
  const steps = stepsOf(f, parts, batchSize) ?? DEFAULTS.steps;
  if (f.warmUp !== undefined && f.warmUp >= steps)
    misuse('--warm-up', 'the warm-up is the whole run', { expected: `fewer than ${steps} steps`, got: `${f.warmUp}` });
  const record: TrainingRecord = {
    model: model.name,
    data: found(data, parts),
    steps,
    batchSize,
    learningRate: f.learningRate ?? rateOf(f.optimizer) ?? settings?.learningRate ?? DEFAULTS.learningRate,
    schedule: f.schedule ?? 'cosine',
    backend: f.backend ?? EMBEDDED,
    ...(clip === undefined ? {} : { clip }),
    ...given(f, 'optimizer', 'warmUp', 'weightDecay', 'ema', 'objective', 'patience'),
  };
  const bare = (s: string): string => s.replace(/^.*[/\\]/, '').replace(/(\.(csv|tsv|npy|idx|json|gz))+$/i, '');
  return {
    record,
    dist,
    ...(model.entry === undefined ? {} : { entry: model.entry }),
    parts,
    out: f.out ?? (await freshFolder(join('runs', `${bare(model.name)}-${bare(data.source)}`))),
    saveEvery: f.saveEvery ?? Math.ceil(record.steps / 10),
    report: f.report !== false && f.given === undefined,
    remarks: [
      ...remarks,
      ...remarksOn(dist, parts),
      ...(f.given !== undefined && f.report !== false
        ? ['a model of what is given has no report; draw from it by sample --given']
        : []),
    ],
  };
};

/** Flags a resumed run may have; the others are what the checkpoint says, or they would make it another run. */
const onResume = new Set([
  'resume',
  'json',
  'debug',
  'data',
  'steps',
  'epochs',
  'patience',
  'out',
  'saveEvery',
  'report',
  'backend',
  'with',
]);

const resumedRun = async (
  path: string,
  word: string | undefined,
  f: Flags,
  modules: readonly object[],
): Promise<TrainingPlan> => {
  const named = word === undefined ? undefined : await findModel(word);
  const own = named?.kind === 'module' ? [named.module] : [];
  const { dist, state, training, path: file } = await openCheckpoint(path, [...modules, ...own]);
  const before = orThrow(readTraining(training, file));
  const known: Readonly<Record<string, unknown>> = { optimizer: 'adam', ...before, seed: state.seed };
  for (const [key, value] of Object.entries(f))
    if (!onResume.has(key) && value !== undefined && value !== known[key])
      misuse(flagName(key), 'a resumed run keeps what its checkpoint says', {
        ...(known[key] === undefined ? {} : { expected: String(known[key]) }),
        got: String(value),
      });
  if (named !== undefined && named.name !== before.model)
    misuse('model', 'the checkpoint holds another model', { expected: before.model, got: named.name });
  const data = f.data === undefined ? before.data : { ...before.data, source: toySpelling(f.data) ?? f.data };
  const withValidation =
    f.patience !== undefined && data.validation === undefined ? { ...data, validation: DEFAULTS.validation } : data;
  const parts = await dataParts(withValidation);
  fitsData(dist, parts, before.model);
  const steps = stepsOf(f, parts, before.batchSize) ?? before.steps;
  if (steps <= state.step)
    misuse('--steps', `the checkpoint has done ${state.step} steps already; ask for more to go on`, {
      got: `${steps}`,
    });
  return {
    record: {
      ...before,
      data: withValidation,
      steps,
      backend: f.backend ?? before.backend,
      ...(f.patience === undefined ? {} : { patience: f.patience }),
    },
    dist,
    ...(named?.kind === 'module' && named.entry !== undefined ? { entry: named.entry } : {}),
    parts,
    out:
      f.out ??
      file
        .replace(/[^/\\]*$/, '')
        .replace(/(.)[/\\]$/, '$1')
        .replace(/^$/, '.'),
    saveEvery: f.saveEvery ?? Math.ceil(steps / 10),
    report: f.report !== false && before.data.given === undefined,
    resume: state,
    remarks: [
      ...remarksOn(dist, parts),
      ...(steps !== before.steps && endsWithRun(before.schedule)
        ? [
            `the learning rate now follows its schedule (${before.schedule}) over ${steps} steps instead of ${before.steps}`,
          ]
        : []),
    ],
  };
};

/** The plan of a call of `train`. Throws the first thing that is wrong with it; nothing has been written then. */
export const planTraining = async (
  word: string | undefined,
  raw: Readonly<Record<string, unknown>>,
  modules: readonly object[] = [],
): Promise<TrainingPlan> => {
  const f = decodeFlags(raw);
  if (f.resume !== undefined) return resumedRun(f.resume, word, f, modules);
  return newRun(
    word ??
      misuse('model', 'say which model to train', { expected: 'a name (see: pushforward models) or a .json file' }),
    f,
    modules,
  );
};
