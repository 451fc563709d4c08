/** `pushforward evaluate`. */
import { isSome, fromEither as toOption } from 'fp-ts/lib/Option.js';
import { has } from '../../algebra/capability.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Bound, Samples } from '../../algebra/evidence.ts';
import { raise } from '../../core/errors.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';
import { type Dataset, take } from '../../data/index.ts';
import { evaluate } from '../../inference/evaluate.ts';
import { tightened } from '../../inference/latent/index.ts';
import { run } from '../../inference/run.ts';
import { conditioned } from '../../models/index.ts';
import { chosenBackend } from '../backend-source.ts';
import { type Opened, openCheckpoint } from '../checkpoint-source.ts';
import { dataParts, toySpelling, wholeData } from '../data-source.ts';
import { EXIT, misuse, orThrow } from '../failures.ts';
import type { Action } from '../kit.ts';
import { levelsOf } from '../levels.ts';
import { measurable } from '../measurable.ts';
import { decodeOptions, flagName, Names, NaturalNumber, PositiveInteger, RowRange, Text } from '../options.ts';
import { evaluationRows } from '../show-evaluation.ts';
import { columns, paint } from '../style.ts';
import { readTraining } from '../training-record.ts';

const flags = {
  data: Text,
  rows: RowRange,
  size: PositiveInteger,
  columns: Names,
  labels: Text,
  levels: PositiveInteger,
  importanceSamples: PositiveInteger,
  seed: NaturalNumber,
  backend: Text,
};

const decodeFlags = (raw: Readonly<Record<string, unknown>>) => orThrow(decodeOptions(flags, raw));

/** The data asked for; without any, the test rows of the run. */
const chosenData = async (opened: Opened, f: ReturnType<typeof decodeFlags>): Promise<Dataset> => {
  if (f.data === undefined) {
    const useless = (['rows', 'size', 'columns', 'labels', 'levels'] as const).find((k) => f[k] !== undefined);
    if (useless !== undefined) misuse(flagName(useless), 'this is about --data, which is not given');
    return (await dataParts(orThrow(readTraining(opened.training, opened.path)).data)).test;
  }
  const toy = toySpelling(f.data);
  if (toy !== undefined && f.rows !== undefined)
    misuse('--rows', `the toy distribution ${toy} has no rows; say --size`);
  if (toy === undefined && f.size !== undefined)
    misuse('--size', 'only toy distributions have a size of choice; say --rows');
  const levels = f.levels ?? levelsOf(opened.dist);
  const record = toOption(readTraining(opened.training, opened.path));
  const before = isSome(record) ? record.value.data : undefined;
  const trained = has(conditioned, opened.dist) ? orThrow(readTraining(opened.training, opened.path)).data : undefined;
  const whole = await wholeData(
    {
      source: f.data,
      seed: f.seed ?? 0,
      ...(f.size === undefined ? {} : { testSize: f.size }),
      ...(f.columns === undefined ? {} : { columns: f.columns }),
      ...(before?.names === undefined ? {} : { names: before.names }),
      ...(f.labels === undefined ? {} : { labels: f.labels }),
      ...(levels === undefined ? {} : { levels }),
      ...(trained?.given === undefined ? {} : { given: trained.given }),
      ...(trained?.classes === undefined ? {} : { classes: trained.classes }),
    },
    true,
  );
  return f.rows === undefined ? whole : take(whole, f.rows.from, f.rows.to);
};

/** The distribution as it is measured: a bound is tightened by importance sampling where that is asked for. */
const measured = (dist: AnyDist, k: number | undefined): AnyDist => {
  if (k === undefined) return dist;
  if (dist.evidence !== 'bound')
    misuse('--importance-samples', 'only a bound gets tighter with samples', {
      got: `a density that is ${dist.evidence}`,
    });
  return tightened(k)(dist as Dist<Shape, Bound & Samples>) as AnyDist;
};

/** Measures a checkpoint. */
export const evaluateCheckpoint: Action = async (call) => {
  const f = decodeFlags(call.flags);
  const opened = await openCheckpoint(call.args[0] ?? '', call.modules);
  const { dist, parameters, path } = opened;
  const data = await chosenData(opened, f);
  if (!sameShape(dist.shape, data.shape))
    raise('DataError', data.name, 'the data do not fit the model', {
      expected: `events of shape ${showShape(dist.shape)}`,
      got: showShape(data.shape),
    });
  const backend = await chosenBackend(f.backend);
  const seed = f.seed ?? opened.state.seed;
  const known = await measurable(call, measured(dist, f.importanceSamples), parameters, backend, seed);
  const e = await evaluate(run(known.dist, parameters, backend), data, seed);
  const on = call.io.colour.out;
  call.io.out(
    call.json
      ? `${JSON.stringify({ checkpoint: path, data: data.name, backend: backend.name, ...e, ...(known.partition === undefined ? {} : { partition: known.partition }) })}\n`
      : columns(
          [...evaluationRows(e, data.levels), ...known.rows].map(([k, v], i) => [
            paint(on, 'bold', i === 0 ? data.name : k),
            v,
          ]),
        ),
  );
  return EXIT.ok;
};
