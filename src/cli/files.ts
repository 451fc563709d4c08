/** Folders and files of a run: a file is there whole or as it was before, and every failure is a sentence. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipe } from 'fp-ts/lib/function.js';
import { chain, type TaskEither, tryCatch } from 'fp-ts/lib/TaskEither.js';
import type { Failure } from '../core/errors.ts';
import { fileFailure, writeBytes } from '../core/write-file.ts';

/** Writes a whole file. */
export const writeWhole = (path: string, content: string | Uint8Array): TaskEither<Failure, void> =>
  writeBytes(path, [typeof content === 'string' ? Buffer.from(content) : content]);

/** Makes a folder and those around it, one by one: Node's own recursive way never ends where ENOENT has another cause, as in /proc. */
const makeFolder = async (path: string): Promise<void> => {
  try {
    await mkdir(path);
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await kindOf(path)) === 'folder') return;
    if (code === 'EEXIST') throw new Error('it is a file, not a folder');
    const around = dirname(path);
    if (code !== 'ENOENT' || around === path) throw e;
    if ((await kindOf(around)) !== undefined) throw new Error(`nothing can be made in ${around}`);
    await makeFolder(around);
    await mkdir(path);
  }
};

/** Makes a folder (and those around it) and proves that it can be written to, before hours of work depend on it. */
export const prepareFolder = (path: string): TaskEither<Failure, void> => {
  const probe = join(path, `.probe-${randomBytes(6).toString('hex')}`);
  return pipe(
    tryCatch(() => makeFolder(path), fileFailure(path, 'the folder cannot be made')),
    chain(() =>
      tryCatch(
        async () => {
          const tried = await writeBytes(probe, [new Uint8Array(4096)])();
          await unlink(probe).catch(() => undefined);
          if (tried._tag === 'Left') throw new Error(tried.left.message);
        },
        fileFailure(path, 'the folder cannot be used'),
      ),
    ),
  );
};

/** {@link prepareFolder} for the folder of a file. */
export const prepareParent = (file: string): TaskEither<Failure, void> => prepareFolder(dirname(file));

/** Whether something is at the path, and what. */
export const kindOf = async (path: string): Promise<'file' | 'folder' | undefined> => {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : found.isDirectory() ? 'folder' : 'file';
};

/** `path`, or `path-2`, `path-3`, … : the first that does not exist or is empty. */
export const freshFolder = async (path: string): Promise<string> => {
  for (let k = 1; ; k++) {
    const name = k === 1 ? path : `${path}-${k}`;
    const kind = await kindOf(name);
    if (kind === undefined) return name;
    if (kind === 'folder' && (await readdir(name).catch(() => ['?'])).length === 0) return name;
  }
};
