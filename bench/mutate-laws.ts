/**
 * `npm run mutate-laws`: every log-determinant with its sign flipped, a term dropped, a factor forgotten, and every other mutant of
 * `tests/laws/mutants.ts`; some law must notice each, and none may complain about what they were made from.
 *
 *   npm run mutate-laws                  a line for each group; survivors by name; exit code 1 where there is one
 *   npm run mutate-laws -- --all         which laws noticed each mutant
 *   npm run mutate-laws -- --only logit  those whose name has the word
 *   npm run mutate-laws -- --json        one JSON document
 */
import { parseArgs } from 'node:util';
import { killedBy, type Mutant, mutants, originals } from '../tests/laws/mutants.ts';

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(
    'npm run mutate-laws -- [--all] [--only WORD] [--json]\nBreaks every log-determinant and says which laws notice.',
  );
  process.exit(0);
}

interface Outcome {
  readonly group: string;
  readonly name: string;
  readonly noticedBy: readonly string[];
  readonly ok: boolean;
}

const look = (m: Mutant, broken: boolean): Outcome => {
  const noticedBy = killedBy(m.verdicts());
  const ok = broken ? noticedBy.length > 0 && (m.by === undefined || noticedBy.includes(m.by)) : noticedBy.length === 0;
  return { group: m.group, name: m.name, noticedBy, ok };
};

const chosen = (list: readonly Mutant[]): readonly Mutant[] =>
  list.filter((m) => `${m.group}: ${m.name}`.toLowerCase().includes(values.only.toLowerCase()));
const outcomes = [...chosen(mutants).map((m) => look(m, true)), ...chosen(originals).map((m) => look(m, false))];
const wrong = outcomes.filter((o) => !o.ok);

if (values.json) console.log(JSON.stringify({ outcomes, survivors: wrong.length }, null, 2));
else {
  for (const group of new Set(outcomes.map((o) => o.group))) {
    const all = outcomes.filter((o) => o.group === group);
    const what = group === 'originals' ? 'pass' : 'noticed';
    console.log(`${group.padEnd(18)} ${all.filter((o) => o.ok).length} of ${all.length} ${what}`);
    if (values.all) for (const o of all) console.log(`  ${o.name}: ${o.noticedBy.join('; ') || 'no law complains'}`);
  }
  for (const o of wrong)
    console.log(
      o.group === 'originals'
        ? `\nnot broken, yet a law complains: ${o.name} (${o.noticedBy.join('; ')})`
        : `\nsurvivor: ${o.group}: ${o.name}${o.noticedBy.length > 0 ? ` (noticed by ${o.noticedBy.join('; ')} only)` : ''}`,
    );
  console.log(wrong.length === 0 ? '\nno survivor' : `\n${wrong.length} wrong`);
}
process.exitCode = outcomes.length === 0 || wrong.length > 0 ? 1 : 0;
