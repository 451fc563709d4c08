/** CONTRIBUTING.md shows what an addition costs: one file, and one line in an index. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as rooms from '../src/bijectors/index.ts';
import { definitionsOf } from '../src/core/definition.ts';
import * as all from '../src/models/all.ts';
import { definitions, models, modelsOf, objectives } from '../src/models/index.ts';

const root = resolve(import.meta.dirname, '..');
const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const sections = [...text.matchAll(/^### (.*)\n([\s\S]*?)(?=^##|(?![\s\S]))/gm)].map((m) => ({
  title: m[1],
  body: m[2],
}));
const additions = ['A layer', 'A family', 'A process, a sampler', 'An objective', 'A model', 'A toy'];

describe('an addition', () => {
  test.each(additions)('%s: one file, one line', (title) => {
    const section = sections.find((s) => s.title.startsWith(title));
    const diff = /```diff\n([\s\S]*?)```/.exec(section?.body ?? '')?.[1] ?? '';
    const files = diff
      .split(/^\+\+\+ /m)
      .slice(1)
      .map((part) => part.split('\n').filter((l) => l !== ''));
    const index = files.filter(([name]) => /(index|all)\.ts$/.test(name));
    expect(files.length).toBe(title === 'A toy' ? 1 : 2);
    for (const [, ...lines] of index) expect(lines.length).toBe(1);
    expect(files.length - index.length).toBe(1);
    expect(diff).not.toMatch(/^-/m);
  });

  test('is found where it stands: nothing else lists it', () => {
    // Every definition that a room exports is read, and every model that the index exports is registered.
    const known = new Set(definitions.map((d) => `${d.kind.name} ${d.type}`));
    for (const d of definitionsOf(rooms)) expect(known).toContain(`${d.kind.name} ${d.type}`);
    expect(Object.keys(modelsOf(all)).sort()).toEqual(Object.keys(models).sort());
    // An objective that asks for a distribution alone is a word of the command line.
    const words = definitions.filter((d) => d.kind.name === 'objective' && Object.keys(d.required).join() === 'dist');
    expect(words.length).toBeGreaterThan(5);
    for (const d of words) expect(Object.keys(objectives)).toContain(d.type);
  });
});
