/** Types and run time agree: every constructor of distributions under every estimator, compiled and run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as algebra from '../../src/algebra/index.ts';
import * as bijectors from '../../src/bijectors/index.ts';
import { runDraw } from '../../src/core/draw.ts';
import { input } from '../../src/core/ops/leaves.ts';
import * as distributions from '../../src/distributions/index.ts';
import * as inference from '../../src/inference/index.ts';
import * as mcmc from '../../src/mcmc/index.ts';
import * as models from '../../src/models/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as sde from '../../src/sde/index.ts';
import * as transports from '../../src/transports/index.ts';
import { constructors, estimators, shapes } from './gate-cases.ts';

const root = `${resolve(import.meta.dirname, '../..')}/`;
const rooms: Readonly<Record<string, object>> = { algebra, bijectors, distributions, inference, mcmc, models, nn, sde, transports }; // biome-ignore format: one list
/** Every exported function, by name; the first room that has it. */
const names = new Map<string, string>();
for (const [room, exports] of Object.entries(rooms))
  for (const [name, value] of Object.entries(exports))
    if (typeof value === 'function' && !names.has(name)) names.set(name, room);
const all = Object.fromEntries(
  [...names].map(([name, room]) => [name, (rooms[room] as Record<string, unknown>)[name]]),
);

const plain = (code: string): string =>
  code.replaceAll(/ as readonly \[\w+\]/g, '').replaceAll(/\((\w): Expr\)/g, '($1)');
const evaluated = (code: string, dist?: unknown): unknown =>
  new Function('all', 'LAW', `with (all) { return ${plain(code)}; }`)(all, dist);

const codeOf = (dist: string, by: string): string => estimators[by].replaceAll('SHAPE', shapes[dist] ?? '[2]');

const pairs = Object.keys(constructors).flatMap((dist) => Object.keys(estimators).map((by) => ({ dist, by })));

/** What an objective, a distribution or an estimate computes is built: expressions, no numbers. */
const build = (made: unknown): void => {
  const m = made as Record<string, never>;
  if ('loss' in m) runDraw((m.loss as inference.Objective<readonly [2]>['loss'])(input('x', m.shape)));
  else if ('batchLoss' in m)
    runDraw(
      (m.batchLoss as inference.BatchObjective<readonly [2]>['batchLoss'])(input('x', [3, ...(m.shape as number[])])),
    );
  else if ('logDensity' in m) runDraw((m.logDensity as algebra.AnyDist['logDensity'])(input('x', m.shape)));
  else runDraw(m.value);
};

/** Whether it runs, and the sentence where it does not. */
const runs = (dist: string, by: string): string | undefined => {
  try {
    build(evaluated(codeOf(dist, by), evaluated(constructors[dist])));
    return undefined;
  } catch (e) {
    return (e as Error).message;
  }
};

describe('types and run time agree', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pushforward-gate-'));
  const refused = new Map<string, string>();

  beforeAll(() => {
    const imports = Object.keys(rooms).map((room) => {
      const mine = [...names].filter(([, r]) => r === room).map(([name]) => name);
      return `import { ${mine.join(', ')} } from '${root}src/${room}/index.ts';`;
    });
    const dists = Object.entries(constructors).map(([, code], i) => `const dist${i} = () => ${code};`);
    const at = Object.keys(constructors);
    const lines = pairs.map(({ dist, by }) => `${codeOf(dist, by).replaceAll('LAW', `dist${at.indexOf(dist)}()`)};`);
    const head = [...imports, `import type { Expr } from '${root}src/core/index.ts';`, ...dists];
    writeFileSync(join(folder, 'gate.ts'), [...head, ...lines].join('\n'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: { typeRoots: [join(root, 'node_modules/@types')], rootDir: '/', rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true, noUnusedLocals: false }, // biome-ignore format: one idea
        files: ['gate.ts'],
        include: [],
      }),
    );
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    for (const part of stdout.split(/^(?=\S)/m)) {
      const line = Number(/gate\.ts\((\d+),/.exec(part)?.[1] ?? 0) - 1;
      if (line >= head.length) refused.set(`${pairs[line - head.length].dist} × ${pairs[line - head.length].by}`, part);
      else if (part.trim() !== '') refused.set(`line ${line}`, part);
    }
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('the declarations themselves compile, and run', () => {
    expect([...refused].filter(([k]) => k.startsWith('line'))).toEqual([]);
    for (const code of Object.values(constructors)) expect(() => evaluated(code), code).not.toThrow();
  });

  test.each(Object.keys(constructors))('%s', (dist) => {
    const verdicts = Object.keys(estimators).map((by) => {
      const compiles = !refused.has(`${dist} × ${by}`);
      const said = runs(dist, by);
      return compiles === (said === undefined) ? 'agree' : `${by}: ${compiles ? 'compiles' : 'does not compile'}, ${said ?? 'runs'}`; // biome-ignore format: one sentence
    });
    expect(verdicts.filter((v) => v !== 'agree')).toEqual([]);
  });

  test('both verdicts occur for every estimator', () => {
    for (const by of Object.keys(estimators)) {
      const verdicts = Object.keys(constructors).map((dist) => refused.has(`${dist} × ${by}`));
      expect(new Set(verdicts).size, by).toBe(2);
    }
  });

  test('every registered estimator has its place here', () => {
    const known = new Set(Object.keys(estimators));
    const special = new Set(['klWarmUp', 'freeBits', 'beta', 'monteCarloEm', 'likelihoodWeighted', 'edmWeighted', 'minSnrWeighted', 'ddpmSimple', 'ddpmHybrid', 'hybridScoreMatching']); // biome-ignore format: one list
    expect(Object.keys(models.objectives).filter((name) => !known.has(name) && !special.has(name))).toEqual([]);
  });
});
