import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'pushforward';

/** The version in the package.json of this name, looked for from a folder upwards; `unknown` where the code was taken out of its package. */
const versionAbove = (folder: string): string => {
  const file = join(folder, 'package.json');
  if (existsSync(file)) {
    const found = JSON.parse(readFileSync(file, 'utf8')) as { readonly name?: string; readonly version?: string };
    if (found.name === NAME && found.version !== undefined) return found.version;
  }
  const above = dirname(folder);
  return above === folder ? 'unknown' : versionAbove(above);
};

/**
 * The version of this library, from its package.json; `unknown` where the code was taken out of its package. Cost: reads one small file.
 *
 * @example
 * libraryVersion();   // such as '1.2.0'
 */
export const libraryVersion = (): string => versionAbove(dirname(fileURLToPath(import.meta.url)));
