/** Files written whole or not at all. */
import { open } from 'node:fs/promises';
import { type TaskEither, tryCatch } from 'fp-ts/lib/TaskEither.js';
import writeFileAtomic from 'write-file-atomic';
import { type Failure, failure } from './errors.ts';

/** What the system's error codes mean, for a person who wanted to write a file. */
const reasons: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than is allowed here',
  EACCES: 'there is no permission to write here',
  EPERM: 'there is no permission to write here',
  EROFS: 'this place can only be read',
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'this is a folder',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'the disk reported an error',
};

/** A system error about a file as a sentence. */
export const fileFailure =
  (path: string, doing: string) =>
  (e: unknown): Failure => {
    const { code, message } = e as NodeJS.ErrnoException;
    const why = code !== undefined && Object.hasOwn(reasons, code) ? reasons[code] : (message ?? String(e));
    return failure('FileError', path, `${doing}: ${why}`);
  };

/**
 * Writes parts one after the other, every byte of them. (`write` may write less than it was asked to, for one when a disk becomes full:
 * the rest is written again, and the error then shows.)
 */
const writeParts = async (path: string, parts: readonly Uint8Array[]): Promise<void> => {
  const file = await open(path, 'w');
  try {
    for (const part of parts)
      for (let at = 0; at < part.length; ) {
        const { bytesWritten } = await file.write(part, at, Math.min(part.length - at, 1 << 26));
        at += bytesWritten;
      }
  } finally {
    await file.close();
  }
};

/**
 * Writes a file aside, flushes it to the disk and puts it in the place of the old one: whatever happens, the path holds the whole old
 * file or the whole new one. `FileError` says what was in the way.
 */
export const writeBytes = (path: string, parts: readonly Uint8Array[]): TaskEither<Failure, void> =>
  tryCatch(
    // write-file-atomic's own write takes one that was cut short for done, so the bytes are written by its hook.
    () => writeFileAtomic(path, Buffer.alloc(0), { tmpfileCreated: (aside) => writeParts(aside, parts) }),
    fileFailure(path, 'not written'),
  );
