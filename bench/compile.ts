/**
 * `npm run bench:compile`: seconds from a declaration to a program that can run, for the training step of every workload (bench/workloads.ts) and of every
 * model of the registry, slowest first. Each is compiled in a process of its own, so nothing is warm.
 *
 *   npm run bench:compile                         everything (some minutes)
 *   npm run bench:compile -- --only glow,nvae     names that contain one of these
 *   npm run bench:compile -- --workloads --json     the workloads alone
 *   npm run bench:compile -- --limit 300           seconds after which one is given up (100)
 *
 * build: the declaration, its loss, gradient and update as expressions. simplify: with lowering. emit: the ONNX graph and its bytes. session: ONNX Runtime
 * makes it its own. again: the same declaration a second time, out of new objects: its expressions, then `compile`, which must find the session.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { trainingObjective } from '../src/cli/objective.ts';
import { structuralHash } from '../src/core/hash.ts';
import { blockedDomain, channelBlock } from '../src/core/interpreters/onnx/blocked.ts';
import { emitGraph } from '../src/core/interpreters/onnx/emit.ts';
import { cachedSessions, loadRuntime, onnx, prepareProgram } from '../src/core/interpreters/onnx/index.ts';
import { encodeModel } from '../src/core/interpreters/onnx/schema.ts';
import type { Shape } from '../src/core/shape.ts';
import { fromRows } from '../src/data/dataset.ts';
import type { AnyObjective } from '../src/inference/objective.ts';
import { type TrainingProgram, trainingProgram } from '../src/inference/training/program.ts';
import { type EventInfo, models } from '../src/models/index.ts';
import { optimizer } from './training-data.ts';
import { workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    child: { type: 'string' },
    only: { type: 'string' },
    workloads: { type: 'boolean' },
    limit: { type: 'string', default: '100' },
    json: { type: 'boolean' },
  },
});

/** Seconds of each part of a compilation. */
interface Compilation {
  readonly build: number;
  readonly simplify: number;
  readonly emit: number;
  readonly session: number;
  /** The same declaration out of new objects: seconds for its expressions, and to find it compiled. */
  readonly buildAgain: number;
  readonly compileAgain: number;
  /** Sessions that compiling it again made. */
  readonly made: number;
  readonly kilobytes: number;
}

interface Subject {
  readonly name: string;
  readonly objective: () => AnyObjective<Shape>;
  readonly batch: number;
}

/** What the registry's models are asked to fit: the first of these that they can, and images wherever they can. */
const events: Readonly<Record<string, EventInfo>> = {
  '2-D': { shape: [2] },
  '28×28': { shape: [28, 28], levels: 256 },
  '784 binary': { shape: [784], levels: 2 },
  '28×28 of 10 classes': { shape: [28, 28], levels: 256, classes: 10 },
};

const registered = (name: string, event: EventInfo): AnyObjective<Shape> => {
  const dist = models[name].build(event);
  const data = fromRows('', new Float32Array(dist.shape.reduce((a, b) => a * b, 1)), dist.shape, event.levels === undefined ? {} : { levels: event.levels }); // biome-ignore format: one line
  const found = trainingObjective(dist, { model: name }, { train: data, test: data });
  if (found._tag === 'Left') throw new Error(found.left.message);
  return found.right;
};

/** Whether a model can fit such events: its declaration says so by throwing. */
const fits = (name: string, event: EventInfo): boolean => {
  try {
    registered(name, event);
    return true;
  } catch {
    return false;
  }
};

const ofWorkloads: readonly Subject[] = workloads.map(({ key, objective, batch }) => ({ name: key, objective, batch }));

/** A model of the registry on some events. */
const ofModel = (name: string, what: string): Subject => ({
  name: `${name} on ${what}`,
  objective: () => registered(name, events[what]),
  batch: models[name].training.batchSize,
});

const subjects = (): Subject[] => [
  ...ofWorkloads,
  ...Object.keys(values.workloads ? {} : models).flatMap((name) => {
    const able = Object.keys(events).filter((what) => fits(name, events[what]));
    return able.filter((what, i) => what === '28×28' || i === 0).map((what) => ofModel(name, what));
  }),
];

/** Compiles a subject part by part, as `onnx().compile` does, then twice by `compile` itself. */
const measure = async (s: Subject): Promise<Compilation> => {
  const ort = await loadRuntime();
  const block = await channelBlock(ort);
  const build = (): TrainingProgram => trainingProgram({ objective: s.objective(), optimizer, batchSize: s.batch, steps: 20 }); // biome-ignore format: one line
  const marks = [performance.now()];
  const seconds = (): number => {
    marks.push(performance.now());
    return (marks[marks.length - 1] - marks[marks.length - 2]) / 1000;
  };
  const t = build();
  const built = seconds();
  const ready = prepareProgram(t.program);
  const simplified = seconds();
  const { graph } = emitGraph(ready, undefined, undefined, block);
  const bytes = encodeModel(graph, {}, block === undefined ? [] : [blockedDomain]);
  structuralHash(ready.outputs);
  const emitted = seconds();
  const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel: 'extended', logSeverityLevel: 3 });
  const created = seconds();
  await session.release();
  const backend = onnx('cpu');
  await backend.compile(t.program);
  const before = cachedSessions();
  seconds();
  const again = build();
  const builtAgain = seconds();
  await backend.compile(again.program);
  return {
    build: built,
    simplify: simplified,
    emit: emitted,
    session: created,
    buildAgain: builtAgain,
    compileAgain: seconds(),
    made: cachedSessions() - before,
    kilobytes: bytes.length / 1024,
  };
};

const total = (c: Compilation): number => c.build + c.simplify + c.emit + c.session;

if (values.child !== undefined) {
  const [name, what] = values.child.split(' on ');
  const subject = what === undefined ? ofWorkloads.find((s) => s.name === name)! : ofModel(name, what);
  console.log(JSON.stringify(await measure(subject)));
  process.exit(0);
}
const wanted = values.only?.split(',');
const self = fileURLToPath(import.meta.url);
const tried = subjects()
  .filter((s) => wanted === undefined || wanted.some((part) => s.name.includes(part)))
  .map(({ name }) => {
    const { status, stdout } = spawnSync(process.execPath, [self, '--child', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], timeout: 1000 * Number(values.limit) }); // biome-ignore format: one line
    if (!values.json) process.stderr.write('.');
    return { name, found: status === 0 ? (JSON.parse(stdout) as Compilation) : undefined };
  });
const rows = tried
  .flatMap(({ name, found }) => (found === undefined ? [] : [{ name, ...found }]))
  .sort((a, b) => total(b) - total(a));
const late = tried.filter(({ found }) => found === undefined).map(({ name }) => name);
if (values.json) console.log(JSON.stringify({ rows, late }, null, 2));
else {
  const cells = (xs: readonly string[]): string => xs.map((x) => x.padStart(10)).join('');
  console.log(`\n${'seconds'.padEnd(36)}${cells(['in all', 'build', 'simplify', 'emit', 'session', 'KiB', '│ build', 'compile', 'sessions'])}`); // biome-ignore format: one line
  for (const r of rows) {
    const first = [total(r), r.build, r.simplify, r.emit, r.session].map((x) => x.toFixed(2));
    const again = [r.buildAgain, r.compileAgain].map((x) => `${(1000 * x).toFixed(0)} ms`);
    console.log(`${r.name.padEnd(36)}${cells([...first, r.kilobytes.toFixed(0), ...again, `+${r.made}`])}`);
  }
  if (late.length > 0) console.log(`not measured, failed or more than ${values.limit} seconds: ${late.join('; ')}`);
  console.log('right of the bar: the same declaration once more, in new objects; the last column is how many sessions that made'); // biome-ignore format: one line
}
