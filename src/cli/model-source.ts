/** Where a model comes from: the registry, a specification in a JSON file, or a checkpoint. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gives } from '../algebra/demand.ts';
import type { AnyDist } from '../algebra/dist.ts';
import { parseJson } from '../core/codec.ts';
import { PushforwardError, raise } from '../core/errors.ts';
import { fileFailure } from '../core/write-file.ts';
import {
  conditionalModel,
  type EventInfo,
  type ModelEntry,
  type ModelOptions,
  models,
  readDist,
  rowsGiven,
} from '../models/index.ts';
import { CHECKPOINT, openCheckpoint } from './checkpoint-source.ts';
import { misuse, orThrow, unknown } from './failures.ts';
import { kindOf } from './files.ts';
import type { Given } from './given-data.ts';
import { isModulePath, type ModuleModel, modelInModule } from './modules.ts';

/** A model's declaration and where it was found. */
export interface ModelSource {
  readonly name: string;
  readonly kind: 'registry' | 'module' | 'spec' | 'checkpoint';
  readonly dist: AnyDist;
  readonly entry?: ModelEntry;
}

/** What a model is, before its event is known. */
export type Named =
  | { readonly kind: 'registry'; readonly name: string; readonly entry: ModelEntry }
  | (ModuleModel & { readonly kind: 'module'; readonly name: string })
  | { readonly kind: 'spec'; readonly name: string }
  | { readonly kind: 'checkpoint'; readonly name: string };

/** Finds what a word on the command line means; throws `UnknownName` with the nearest model. */
export const findModel = async (word: string): Promise<Named> => {
  const known = Object.keys(models);
  const name = known.find((k) => k.toLowerCase() === word.toLowerCase());
  if (name !== undefined) return { kind: 'registry', name, entry: models[name] };
  if (isModulePath(word)) return { kind: 'module', name: word, ...(await modelInModule(word)) };
  const kind = await kindOf(word);
  if (kind === 'folder') {
    const inside = join(word, CHECKPOINT);
    return (await kindOf(inside)) === 'file'
      ? { kind: 'checkpoint', name: inside }
      : raise('FileError', word, `the folder holds no ${CHECKPOINT}`);
  }
  if (/\.safetensors$/i.test(word)) return { kind: 'checkpoint', name: word };
  if (/\.json$/i.test(word) || kind === 'file') return { kind: 'spec', name: word };
  if (/[/\\]/.test(word)) return raise('FileError', word, 'there is no such file');
  return unknown('model', 'model', word, known);
};

const readSpec = async (path: string, modules: readonly object[]): Promise<AnyDist> => {
  const text = await readFile(path, 'utf8').catch((e: unknown) => {
    const missing = (e as NodeJS.ErrnoException).code === 'ENOENT';
    return missing
      ? raise('FileError', path, 'there is no such file')
      : raise('FileError', path, fileFailure(path, 'cannot be read')(e).message);
  });
  const read = readDist(orThrow(parseJson(text, path)), modules);
  if (read._tag === 'Left')
    throw new PushforwardError({ ...read.left, path: read.left.path === '' ? path : `${path}: ${read.left.path}` });
  return read.right;
};

/** A registered model of events given a context, as a distribution of rows of both. */
export const conditionalOn = (named: Named, { context, event }: Given, options: ModelOptions): ModelSource => {
  if (named.kind === 'spec' || named.kind === 'checkpoint' || named.entry === undefined)
    return misuse('--given', `${named.name} says itself what it reads`, { expected: 'the name of a model' });
  const part = conditionalModel(named.entry, context, event, options);
  return gives(rowsGiven(part), 'meanBound')
    ? { ...named, dist: rowsGiven(part) }
    : misuse('--given', `${named.name} is known up to a constant that differs from context to context`, {
        expected: 'a model with a density or a bound',
      });
};

/** The declaration of a model for an event; a file's event is its own. Throws where they do not fit. */
export const openModel = async (
  named: Named,
  event: EventInfo | undefined,
  options: ModelOptions = {},
  modules: readonly object[] = [],
): Promise<ModelSource> => {
  if (named.kind === 'spec') return { ...named, dist: await readSpec(named.name, modules) };
  if (named.kind === 'checkpoint') return { ...named, dist: (await openCheckpoint(named.name, modules)).dist };
  const { kind, name, entry } = named;
  if (entry === undefined && named.kind === 'module' && named.dist !== undefined)
    return { kind, name, dist: named.dist(event ?? { shape: [] }) };
  if (event === undefined || entry === undefined)
    return raise('ArgumentError', '--shape', `${name} fits events of any shape: say which`, {
      expected: '--shape 2, or --shape 28,28 --levels 256',
    });
  return { kind, name, entry, dist: entry.build(event, options) };
};
