/** Modules of one's own: what they export is read as definitions, models and distributions. Only a module that is named on the command line is loaded; a checkpoint loads none. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AnyDist, isDist } from '../algebra/dist.ts';
import { isRecord } from '../core/codec.ts';
import { raise } from '../core/errors.ts';
import { type EventInfo, isModel, type ModelEntry, modelsOf } from '../models/index.ts';
import { kindOf } from './files.ts';

/** Whether a word names a module: a JavaScript file. */
export const isModulePath = (word: string): boolean => /\.[cm]?js(:\w+)?$/i.test(word);

/** The exports of a module. Throws `FileError` where there is none, or where it throws while it loads. */
export const loadModule = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
  if ((await kindOf(path)) !== 'file') return raise('FileError', path, 'there is no such file');
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  } catch (e) {
    return raise('FileError', path, `the module does not load: ${e instanceof Error ? e.message : String(e)}`);
  }
};

/** A module of one's own, as a model. */
export interface ModuleModel {
  readonly module: Readonly<Record<string, unknown>>;
  readonly entry?: ModelEntry;
  readonly dist?: (event: EventInfo) => AnyDist;
}

const asDist = (u: unknown): ((event: EventInfo) => AnyDist) | undefined =>
  isRecord(u) && isDist(u) ? () => u : undefined;

/**
 * The model that `path.mjs` or `path.mjs:name` means: the export of that name; else the default export, or the only model, or the only distribution. Throws where none or several could
 * be meant.
 */
export const modelInModule = async (word: string): Promise<ModuleModel> => {
  const [, path, name] = /^(.*?\.[cm]?js)(?::(\w+))?$/i.exec(word) ?? [word, word, undefined];
  const module = await loadModule(path);
  const all = { ...module, ...modelsOf(module) };
  const candidates = Object.entries(all).filter(([, v]) => isModel(v) || asDist(v) !== undefined);
  const distinct = candidates.filter(([, v], i) => candidates.findIndex(([, w]) => w === v) === i);
  const chosen =
    name !== undefined ? all[name] : (module.default ?? (distinct.length === 1 ? distinct[0][1] : undefined));
  if (isModel(chosen)) return { module, entry: chosen };
  const dist = asDist(chosen);
  if (dist !== undefined) return { module, dist };
  const names = distinct.map(([k]) => k);
  return raise(
    'ArgumentError',
    word,
    name === undefined && names.length > 1
      ? 'the module has several models: say which'
      : 'the module exports no such model or distribution',
    {
      expected:
        names.length === 0
          ? 'an export made by defineModel, or a distribution'
          : names.map((n) => `${path}:${n}`).join(' or '),
    },
  );
};
