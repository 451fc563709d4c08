/**
 * `npm run golden`: the golden records against today's code, a line a case, exit code 1 where anything differs. `--write` records what is missing and
 * replaces what is there; `--only word` for cases with a word in their name, `--kind` for one kind of record (may be repeated).
 */
import { parseArgs } from 'node:util';
import { allKinds, goldenRun } from '../tests/golden/golden-run.ts';
import type { Kind } from '../tests/golden/records.ts';

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    kind: { type: 'string', multiple: true },
  },
});

const begin = performance.now();
const kinds = values.kind === undefined ? allKinds : allKinds.filter((k) => values.kind?.includes(k));
const { held, broken } = await goldenRun({
  kinds: kinds as readonly Exclude<Kind, 'listings'>[],
  write: values.write,
  wanted: (name) => name.includes(values.only),
  say: console.log,
});
const seconds = ((performance.now() - begin) / 1000).toFixed(0);
console.log(`${held} ${values.write ? 'recorded' : 'hold'}, ${broken} do not (${seconds} s)`);
process.exitCode = broken > 0 ? 1 : 0;
