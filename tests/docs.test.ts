/** What the documentation shows runs: every TypeScript block of the README, docs/conditioning.md, docs/data.md, docs/numbers.md and docs/training.md, and every @example of a docstring. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { afterAll, describe, expect, test } from 'vitest';
import * as algebra from '../src/algebra/index.ts';
import * as bijectors from '../src/bijectors/index.ts';
import * as codec from '../src/core/codec.ts';
import { variable } from '../src/core/expr.ts';
import * as core from '../src/core/index.ts';
import { value } from '../src/core/interpreters/index.ts';
import { fillNoise } from '../src/core/noise.ts';
import * as data from '../src/data/index.ts';
import * as distributions from '../src/distributions/index.ts';
import * as dynamics from '../src/dynamics/index.ts';
import * as pushforward from '../src/index.ts';
import * as inference from '../src/inference/index.ts';
import * as laws from '../src/laws/index.ts';
import * as mcmc from '../src/mcmc/index.ts';
import * as models from '../src/models/index.ts';
import * as nn from '../src/nn/index.ts';
import * as sde from '../src/sde/index.ts';
import * as transports from '../src/transports/index.ts';

const root = resolve(import.meta.dirname, '..');
const scratch = join(root, 'tests', '.docs', String(process.pid));
mkdirSync(scratch, { recursive: true });
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs code as a module of its own, with the names of `env` that it mentions. */
const runs = async (name: string, code: string, env: Record<string, unknown>): Promise<void> => {
  const declared = new Set([...code.matchAll(/\b(?:const|let|function)\s+(?:\{([^}]*)\}|\[([^\]]*)\]|(\w+))/g)].flatMap((m) => (m[1] ?? m[2] ?? m[3]).split(/[\s,]+/))); // biome-ignore format: one expression
  const used = Object.keys(env).filter(
    (k) => /^\w+$/.test(k) && !declared.has(k) && new RegExp(`\\b${k}\\b`).test(code),
  );
  const path = join(scratch, `${name.replace(/\W/g, '-')}.ts`);
  (globalThis as Record<string, unknown>).documentation = env;
  writeFileSync(
    path,
    `${used.length > 0 ? `const { ${used.join(', ')} } = (globalThis as any).documentation;\n` : ''}${code}\nexport {};\n`,
  );
  await expect(import(path)).resolves.toBeDefined();
};

describe.each([
  'README.md',
  'docs/conditioning.md',
  'docs/data.md',
  'docs/numbers.md',
  'docs/training.md',
])('%s', (page) => {
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((m) => m[1]);
  test.each(blocks.map((code, i) => [i + 1, code] as const))('block %i runs', (i, code) =>
    runs(`${page}-${i}`, code, {}));
});

const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : [];
  });

const examples = files(join(root, 'src')).flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/@example\n((?:\s*\*(?! @|\/).*\n)+)/g)].map((m, i) => {
    const code = m[1].replace(/^\s*\* ?/gm, '');
    return { name: `${relative(root, file)} ${i + 1}`, file: relative(root, file), code };
  }),
);

// What examples take for granted: a distribution that is being trained, some data, a layer of one's own.
const dist = pushforward.realNVP([2], { layers: 1, hidden: [4] });
const rows = data.fromRows(
  'rows',
  Float32Array.from({ length: 600 }, (_, i) => Math.sin(i * i)),
  [2],
);
const fitted = await pushforward.fit({
  objective: pushforward.maximumLikelihood(dist),
  data: rows,
  steps: 2,
  batchSize: 10,
})();
if (E.isLeft(fitted)) throw new Error(fitted.left.message);

const rooms = {
  ...transports,
  ...bijectors,
  ...distributions,
  ...dynamics,
  ...inference,
  ...mcmc,
  ...models,
  ...nn,
  ...sde,
};
const publicNames = { ...core, ...algebra, ...codec, ...data, ...laws, ...rooms, ...pushforward, pipe, fc };
const coreNames = {
  ...publicNames,
  ...core,
  ...core.ops,
  ...core.random,
  ...core.scope,
  fillNoise,
  pipe,
  value,
  variable,
};
const given: Record<string, unknown> = {
  dist,
  data: rows,
  fitted: fitted.right,
  myFlow: dist,
  myLayer: () => pushforward.affine(),
  wobble: () => pushforward.affine(),
  text: JSON.stringify(dist.spec),
  json: dist.spec,
};

/** In the room of training `realNVP` is the distribution being trained. */
const ofRoom = (file: string): Record<string, unknown> =>
  file.startsWith('src/core')
    ? coreNames
    : { ...publicNames, ...given, ...(file.startsWith('src/inference') ? { realNVP: dist } : {}) };

describe('examples in docstrings', () => {
  test('are found', () => expect(examples.length).toBeGreaterThan(20));
  // What a file exports is in scope of its examples, whether it has a door or not.
  test.each(examples)('$name', async ({ name, file, code }) =>
    runs(name, code, { ...((await import(join(root, file))) as object), ...ofRoom(file) }));
});
