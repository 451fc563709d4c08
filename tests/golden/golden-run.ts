/** Golden records checked, or made: what the command and the test share. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { raise, sentence, toFailure } from '../../src/core/errors.ts';
import { releaseSessions } from '../../src/core/interpreters/onnx/index.ts';
import { type Machine, thisMachine } from './bits.ts';
import { writeMissing } from './checkpoints.ts';
import { type Job, jobs } from './jobs.ts';
import { type Kind, type Listings, listingDifference, type Records, readRecords, writeRecords } from './records.ts';
import { type Broken, compared, exactly, type Rule, reference, runtimeRule, type Value } from './rule.ts';

/** Kinds of record whose numbers come from ONNX Runtime. */
const ofRuntime: readonly Kind[] = ['steps', 'readings', 'resumed'];

/** The kinds that are checked; listings belong to declarations. */
export const allKinds: readonly Job['kind'][] = ['declarations', 'reference', 'steps', 'readings', 'files', 'resumed'];

/** Records by kind, and the lists that they name. */
export interface Golden {
  readonly records: ReadonlyMap<Kind, Records>;
  readonly listings: Listings;
}

/** The records that are kept. */
export const readGolden = (): Golden => ({
  records: new Map(allKinds.map((k) => [k, readRecords(k)] as const)),
  listings: new Map(Object.entries(readRecords('listings').cases as Readonly<Record<string, readonly string[]>>)),
});

/** How a kind is compared with its record on a machine. */
export const ruleOf = (kind: Kind, { machine }: Records, here: Machine): Rule =>
  kind === 'declarations' || kind === 'files' ? exactly : kind === 'reference' || machine === undefined ? reference : runtimeRule(machine, here); // biome-ignore format: one idea

/** The record of a job as it is now, or the sentence it throws. */
const computed = async (job: Job, table: Listings): Promise<Either<string, Value | undefined>> => {
  try {
    return right(await job.compute(table));
  } catch (e) {
    return left(sentence(toFailure('BackendError', job.name)(e)));
  }
};

/** Hashes of lists as the lines that differ. */
const explained = ({ what, expected, got }: Broken, known: Listings, now: Listings): Broken => {
  const [a, b] = [known.get(expected), now.get(got)];
  if (a === undefined || b === undefined) return { what, expected, got };
  const [e, g] = listingDifference(a, b);
  return { what, expected: e, got: g };
};

/** Where a job is not what was recorded; a case without a record is new, not broken. */
export const check = async (job: Job, golden: Golden, here: Machine): Promise<readonly Broken[]> => {
  const records = golden.records.get(job.kind) as Records;
  const expected = records.cases[job.name];
  if (expected === undefined) return [];
  const now: Listings = new Map();
  const outcome = await computed(job, now);
  const what = `${job.kind}: ${job.name},`;
  if (isLeft(outcome)) return [{ what, expected: 'the record', got: outcome.left }];
  const got = outcome.right;
  if (got === undefined) return [{ what, expected: 'the record', got: 'the objective refuses the distribution' }];
  return compared(ruleOf(job.kind, records, here), expected, got, what).map((b) => explained(b, golden.listings, now));
};

/** Records whose case is gone: a model or an objective has another name now. */
export const withoutJob = (kind: Job['kind'], golden: Golden): readonly Pick<Job, 'kind' | 'name'>[] => {
  const known = new Set(jobs.filter((j) => j.kind === kind).map((j) => j.name));
  const names = Object.keys(golden.records.get(kind)?.cases ?? {});
  return names.filter((name) => !known.has(name)).map((name) => ({ kind, name }));
};

/** What to run, and whether to record it. */
export interface GoldenOptions {
  readonly kinds: readonly Job['kind'][];
  readonly write: boolean;
  readonly wanted: (name: string) => boolean;
  readonly say: (line: string) => void;
}

/** Checks or records the wanted jobs model by model, and says a line a model and two for what is broken. */
export const goldenRun = async ({
  kinds,
  write,
  wanted,
  say,
}: GoldenOptions): Promise<{ held: number; broken: number }> => {
  if (write) await writeMissing();
  const here = thisMachine();
  const golden = readGolden();
  const made = new Map<Kind, Record<string, Value>>(allKinds.map((k) => [k, {}]));
  const table: Listings = new Map();
  const mine = jobs.filter((j) => kinds.includes(j.kind) && wanted(j.name));
  const total = { held: 0, broken: 0 };
  for (const model of new Set(mine.map((j) => j.model))) {
    const counts = new Map<Kind, number>();
    const wrong: Broken[] = [];
    const begin = performance.now();
    for (const job of mine.filter((j) => j.model === model)) {
      const known = golden.records.get(job.kind)?.cases[job.name];
      const outcome = write ? await computed(job, table) : right(known);
      if (isLeft(outcome)) say(`  not recorded: ${job.kind}: ${job.name}: ${outcome.left}`);
      const value = isLeft(outcome) ? undefined : outcome.right;
      if (value === undefined) continue;
      if (write) (made.get(job.kind) as Record<string, Value>)[job.name] = value;
      const broken = write ? [] : await check(job, golden, here);
      wrong.push(...broken);
      if (broken.length === 0) counts.set(job.kind, (counts.get(job.kind) ?? 0) + 1);
      else total.broken++;
      if (broken.length === 0) total.held++;
    }
    await releaseSessions();
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const held = [...counts].map(([kind, n]) => `${n} ${kind}`).join(', ');
    say(`${wrong.length === 0 ? '✓' : '✗'} ${model.padEnd(34)} ${seconds.padStart(5)} s  ${held}`);
    for (const { what, expected, got } of wrong) say(`    ${what}\n      expected ${expected}\n      got      ${got}`);
  }
  if (!write)
    for (const { kind, name } of kinds.flatMap((k) => withoutJob(k, golden)).filter((r) => wanted(r.name))) {
      total.broken++;
      say(`✗ ${kind}: ${name}\n      expected a case of this name\n      got      none`);
    }
  if (write) for (const kind of kinds) save(kind, golden, made.get(kind) as Record<string, Value>, table, here, mine);
  return total;
};

/** Writes a kind: what was made now over what is kept of cases that were not run. */
const save = (
  kind: Job['kind'],
  golden: Golden,
  made: Record<string, Value>,
  table: Listings,
  here: Machine,
  mine: readonly Job[],
): void => {
  const { cases: old = {}, machine } = golden.records.get(kind) ?? {};
  const ran = new Set(mine.filter((j) => j.kind === kind).map((j) => j.name));
  const elsewhere = machine !== undefined && ruleOf(kind, { machine, cases: {} }, here) !== exactly;
  if (elsewhere && Object.keys(old).some((name) => !ran.has(name)))
    raise('ArgumentError', kind, 'records of another processor stay in the file: record all of them', { expected: machine.processor, got: here.processor }); // biome-ignore format: one sentence
  const order = jobs.filter((j) => j.kind === kind).map((j) => j.name);
  const value = (name: string): Value | undefined => (ran.has(name) ? made[name] : old[name]);
  const cases = Object.fromEntries(order.flatMap((n) => { const v = value(n); return v === undefined ? [] : [[n, v]]; })); // biome-ignore format: one idea
  writeRecords(kind, ofRuntime.includes(kind) ? { machine: here, cases } : { cases });
  if (kind !== 'declarations') return;
  const used = new Set(Object.values(cases).flatMap((v) => Object.values(v as { readonly [k: string]: string })));
  const lists = [...golden.listings, ...table].filter(([key]) => used.has(key)).sort(([a], [b]) => (a < b ? -1 : 1));
  writeRecords('listings', { cases: Object.fromEntries(lists) });
};
