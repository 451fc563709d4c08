/** The house: imports point downwards only, rooms stay small, every public door exists. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const src = join(root, 'src');

/** Floors from the top: a file may import from its own floor's room or from any floor below. */
const floors: readonly (readonly string[])[] = [
  ['cli'],
  ['laws'],
  ['report'],
  ['models'],
  ['inference'],
  ['sde'],
  ['mcmc'],
  ['distributions', 'bijectors', 'transports'],
  ['dynamics'],
  ['nn'],
  ['algebra', 'data'],
  ['core'],
];

/** Rooms on one floor may look into each other only along these doors. */
const sideDoors = new Set(['bijectors>distributions']);

const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : [];
  });

const roomOf = (file: string): string => relative(src, file).split('/')[0];
const floorOf = (room: string): number => floors.findIndex((f) => f.includes(room));

const imports = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)].map((m) =>
    resolve(dirname(file), m[1] ?? m[2]),
  );

describe('the house', () => {
  test('every room has a floor', () => {
    for (const name of readdirSync(src)) if (name !== 'index.ts') expect(floorOf(name), name).toBeGreaterThanOrEqual(0);
  });

  test('no import runs upwards', () => {
    const upwards = files(src)
      .filter((f) => roomOf(f) !== 'index.ts')
      .flatMap((f) =>
        imports(f)
          .map((to) => [roomOf(f), roomOf(to)] as const)
          .filter(([a, b]) => a !== b && !(floorOf(b) > floorOf(a)) && !sideDoors.has(`${a}>${b}`))
          .map(([, b]) => `${relative(src, f)} → ${b}`),
      );
    expect(upwards).toEqual([]);
  });

  test('the tensor language knows no interpreter', () => {
    const bad = files(join(src, 'core'))
      .filter((f) => !f.includes('/interpreters/'))
      .flatMap((f) => imports(f).filter((to) => to.includes('/interpreters/')).map((to) => `${relative(src, f)} → ${relative(src, to)}`)); // biome-ignore format: one idea
    expect(bad).toEqual([]);
  });

  test('rooms stay small', () => {
    const large = files(src)
      .map((f) => [relative(src, f), readFileSync(f, 'utf8').split('\n').length] as const)
      .filter(([, n]) => n > 320);
    expect(large).toEqual([]);
  });

  test('every subpath of the package has a source', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, { default?: string }>;
    };
    for (const [name, entry] of Object.entries(exports))
      if (entry.default !== undefined)
        expect(existsSync(join(root, entry.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))), name).toBe(
          true,
        );
  });
});
