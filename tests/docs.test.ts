/** What the documentation shows runs: every TypeScript block of the README and of the guides. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const scratch = join(root, 'tests', '.docs');

const blocks = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((m) => m[1]);

mkdirSync(scratch, { recursive: true });
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each(['README.md'])('%s', (file) => {
  test.each(blocks(file).map((code, i) => [i + 1, code] as const))('block %i runs', async (i, code) => {
    const path = join(scratch, `${file.replace(/\W/g, '-')}-${i}.ts`);
    writeFileSync(path, code);
    await expect(import(path)).resolves.toBeDefined();
  });
});
