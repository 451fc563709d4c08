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
      .filter(([f, n]) => n > 300 && f !== 'index.ts');
    expect(large).toEqual([]);
  });

  test('what a distribution can do is declared, not guessed from properties or specifications', () => {
    /** Where `'x' in y` tells the members of a union apart, or reads JSON: no question to a distribution. */
    const unions: Readonly<Record<string, readonly string[]>> = {
      'algebra/dist.ts': ['logDensity'], // isDist: a distribution, or another record beside it
      'algebra/spec.ts': ['opaque'], // JSON
      'algebra/inside-codec.ts': ['unread'], // errors
      'distributions/argument-codec.ts': ['opaque', 'op'],
      'distributions/restrict.ts': ['low', 'high'],
      'inference/latent/weighing-codec.ts': ['apply'],
      'algebra/context-codec.ts': ['op', 'classes', 'opaque'],
      'distributions/gamma-draws.ts': ['op'], // numbers, or an expression
      'distributions/multivariate-t.ts': ['op', 'op'],
      'inference/posterior.ts': ['op'],
      'inference/objective.ts': ['batchLoss'], // two kinds of objectives
      'inference/training/game.ts': ['moves'], // an objective, or a game
      'inference/training/initialise.ts': ['shape'], // one tensor, or many
      'inference/energies/annealed-importance.ts': ['bridge', 'data'], // options
      'inference/energies/partition.ts': ['interval'], // two kinds of estimates
    };
    const rooms = ['algebra', 'distributions', 'inference', 'sde', 'mcmc'].flatMap((room) => files(join(src, room)));
    const guesses = rooms.flatMap((f) => {
      const found = [...readFileSync(f, 'utf8').matchAll(/'(\w+)' in \w/g)].map((m) => m[1]);
      const allowed = unions[relative(src, f)] ?? [];
      return found.filter((word) => !allowed.includes(word)).map((word) => `${relative(src, f)}: '${word}' in …`);
    });
    expect(guesses).toEqual([]);
    // A specification is for printing and for JSON: nothing is decided by its type, and no parameter is read out of a distribution's.
    const read =
      /spec\.type\s*[!=]==|[!=]==\s*\w+\.spec\.type|switch \([\w.]*spec\.type|(?:dist|p|q|base|inner|layer|plain)\.spec\.(?!type\b)\w+|stringify\([\w.]*\b(?:dist|layer|transport|base)\.spec/g;
    const decided = rooms.flatMap((f) =>
      [...readFileSync(f, 'utf8').matchAll(read)].map((m) => `${relative(src, f)}: ${m[0]}`),
    );
    expect(decided).toEqual([]);
  });

  test('the root holds the shared words: at most 350 values, each in the room that its name says', async () => {
    const root = (await import('../src/index.ts')) as Readonly<Record<string, unknown>>;
    expect(Object.keys(root).length).toBeLessThanOrEqual(350);
    // Words that mean something else elsewhere stay in their rooms.
    for (const name of [
      'exp',
      'log',
      'abs',
      'map',
      'moved',
      'standard',
      'constant',
      'parameter',
      'linear',
      'temper',
      'free',
    ])
      expect(root, name).not.toHaveProperty(name);
  });

  test('casts say why', () => {
    const casts = files(src).flatMap((f) => {
      const lines = readFileSync(f, 'utf8').split('\n');
      return lines.flatMap((line, i) =>
        [...line.matchAll(/\bas\s+unknown\s+as\b/g)].map(() => ({
          place: `${relative(src, f)}:${i + 1}`,
          // A directive to a tool is no reason.
          said: [lines[i - 1] ?? '', line].some((l) => /(?:^|\s)(?:\/\/|\/?\*\*?) (?!biome-ignore)\S/.test(l)),
        })),
      );
    });
    expect(casts.filter((c) => !c.said).map((c) => c.place)).toEqual([]);
    expect(casts.length).toBeLessThanOrEqual(30);
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
