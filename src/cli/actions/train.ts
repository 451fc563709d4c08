/** `pushforward train`. */
import { join } from 'node:path';
import { PushforwardError } from '../../core/errors.ts';
import type { Backend } from '../../core/program.ts';
import { type Shape, showShape } from '../../core/shape.ts';
import { type Evaluation, evaluate } from '../../inference/evaluate.ts';
import type { AnyObjective } from '../../inference/objective.ts';
import { run } from '../../inference/run.ts';
import { type Fitted, fit, type HistoryPoint } from '../../inference/training/fit.ts';
import { type Description, describe, describeGraph, models } from '../../models/index.ts';
import { lossUnit, runReport } from '../../report/run-report.ts';
import { chosenBackend } from '../backend-source.ts';
import { type Parts, showSource } from '../data-source.ts';
import { EXIT, orThrow, settled } from '../failures.ts';
import { prepareFolder } from '../files.ts';
import { interruptible } from '../interrupt.ts';
import { commandLine } from '../io.ts';
import type { Action, Call } from '../kit.ts';
import { type Measurable, measurable } from '../measurable.ts';
import { trainingObjective } from '../objective.ts';
import { type Reporter, reporter } from '../progress-bar.ts';
import { earlierHistory, FILES, saveEvaluation, saveReport, saveRun } from '../run-folder.ts';
import { evaluationRows } from '../show-evaluation.ts';
import { columns, count, duration, paint } from '../style.ts';
import { optimizerOf, showOptimizer } from '../training-optimizer.ts';
import { planTraining, type TrainingPlan } from '../training-plan.ts';

/** One run of the backend should take about a second at most, so that progress is seen and Ctrl-C is heard. */
const stepsPerRun = (parameters: number, batchSize: number): number =>
  Math.max(1, Math.min(20, Math.round(2e10 / (6 * parameters * batchSize))));

const sizesOf = ({ train, validation, test }: Parts): string[] => [
  `${count(train.size)} to train`,
  ...(validation === undefined ? [] : [`${count(validation.size)} to validate`]),
  `${count(test.size)} to test`,
];

const introduce = (call: Call, plan: TrainingPlan, description: Description, backend: Backend): void => {
  const { record, parts, out, resume } = plan;
  const { train, test, validation } = parts;
  if (call.json) {
    call.io.out(
      `${JSON.stringify({
        event: 'start',
        model: record.model,
        parameters: description.parameters,
        evidence: description.evidence,
        data: {
          ...record.data,
          shape: train.shape,
          train: train.size,
          validation: validation?.size ?? 0,
          test: test.size,
        },
        steps: record.steps,
        from: resume?.step ?? 0,
        backend: backend.name,
        out,
      })}\n`,
    );
    return;
  }
  const on = call.io.colour.err;
  const rate = `${showOptimizer(record)}, ${record.schedule}`;
  call.io.err(
    columns(
      [
        ['model', `${record.model}: ${count(description.parameters)} parameters, density ${description.evidence}`],
        [
          'data',
          `${showSource(record.data)}: events of shape ${showShape(train.shape)}${train.levels === undefined ? '' : `, ${train.levels} levels`}; ${sizesOf(parts).join(', ')}`,
        ],
        ['training', `${count(record.steps)} steps of ${count(record.batchSize)}, ${rate}`],
        ['backend', backend.name],
        ['folder', out],
        ...(resume === undefined ? [] : [['resumed', `at step ${count(resume.step)}`]]),
      ].map(([k, v]) => [paint(on, 'bold', k), v]),
    ),
  );
  for (const r of plan.remarks) call.note(`${paint(on, 'yellow', 'note:')} ${r}`);
};

const conclude = (call: Call, plan: TrainingPlan, fitted: Fitted, { evaluation, rows }: Measured): void => {
  const { out, parts } = plan;
  const report = plan.report ? { report: join(out, FILES.report) } : {};
  if (call.json) {
    call.io.out(
      `${JSON.stringify({ event: 'end', ending: fitted.ending, step: fitted.step, seconds: fitted.seconds, evaluation, out, ...report })}\n`,
    );
    return;
  }
  const on = call.io.colour.out;
  call.io.out(
    columns(
      [
        ...evaluationRows(evaluation, parts.test.levels),
        ...rows,
        [
          'trained',
          `${count(fitted.step - (plan.resume?.step ?? 0))} ${plan.resume === undefined ? '' : 'more '}steps in ${duration(fitted.seconds)}${fitted.ending === 'stopped early' ? '; the validation loss got no better, the best parameters are kept' : ''}`,
        ],
        ['saved', join(out, FILES.checkpoint)],
        ...(plan.report ? [['report', join(out, FILES.report)]] : []),
      ].map(([k, v]) => [paint(on, 'bold', k), v]),
    ),
  );
};

/** The result on the test data, and what else there is to say of it. */
interface Measured {
  readonly evaluation: Evaluation;
  readonly rows: Measurable['rows'];
}

const writeResults = async (
  call: Call,
  plan: TrainingPlan,
  fitted: Fitted,
  history: readonly HistoryPoint[],
  description: Description,
  backend: Backend,
  objective: AnyObjective<Shape>,
): Promise<Measured> => {
  const { dist, parts, record, out } = plan;
  const parameters = fitted.parameters;
  const known = await measurable(call, dist, parameters, backend, fitted.seed);
  const running = run(known.dist, parameters, backend);
  const evaluation = await evaluate(running, parts.test, fitted.seed);
  await saveEvaluation(out, evaluation);
  if (!plan.report) return { evaluation, rows: known.rows };
  const report = await runReport({
    title: `${record.model} on ${parts.train.name}`,
    subtitle: models[record.model]?.description ?? '',
    running,
    train: parts.train,
    test: parts.test,
    history,
    evaluation,
    objective: { name: objective.spec.type, evidence: objective.evidence },
    facts: [
      ...known.rows.map(([label, value]) => ({ label: `The ${label}`, value })),
      { label: 'Parameters', value: count(description.parameters) },
      {
        label: 'Training',
        value: duration(fitted.seconds),
        hint: `${count(fitted.step)} steps of ${count(record.batchSize)}, ${fitted.ending}${plan.resume === undefined ? '' : `; the time is that since step ${count(plan.resume.step)}`}`,
      },
      {
        label: 'Optimiser',
        value: showOptimizer(record),
        hint: [
          record.schedule,
          ...(record.warmUp === undefined ? [] : [`after ${count(record.warmUp)} steps of warm-up`]),
          ...(record.weightDecay === undefined ? [] : [`weight decay ${record.weightDecay}`]),
          ...(record.clip === undefined ? [] : [`gradient norm up to ${record.clip}`]),
          ...(record.ema === undefined ? [] : [`average with decay ${record.ema}`]),
        ].join(', '),
      },
      { label: 'Data', value: parts.train.name, hint: sizesOf(parts).join(', ') },
      { label: 'Backend', value: backend.name, hint: `seed ${fitted.seed}` },
    ],
    graph: describeGraph(dist),
    command: call.io.command,
    footer: `Written by pushforward ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC into ${out}.`,
    seed: fitted.seed,
  });
  await saveReport(out, report);
  return { evaluation, rows: known.rows };
};

/** Trains, saves, measures, reports. */
export const train: Action = async (call) => {
  const plan = await planTraining(call.args[0], call.flags, call.modules);
  const { dist, parts, record, out, resume } = plan;
  const objective = orThrow(trainingObjective(dist, record, parts, plan.entry, call.modules));
  const backend = await chosenBackend(record.backend);
  const description = describe(dist);
  await settled(prepareFolder(out));
  const history: HistoryPoint[] = resume === undefined ? [] : [...(await earlierHistory(out, resume.step))];
  let told: Reporter | undefined;
  const stop = interruptible(() => {
    told?.end();
    call.note('stopping after this step; Ctrl-C again stops at once');
  });
  introduce(call, plan, description, backend);
  told = reporter(call.io, call.json, {
    steps: record.steps,
    from: resume?.step ?? 0,
    unit: lossUnit(parts.train, objective.evidence),
  });
  let saved: number | undefined;
  const outcome = await fit({
    objective,
    data: parts.train,
    optimizer: optimizerOf(record),
    steps: record.steps,
    batchSize: record.batchSize,
    seed: resume?.seed ?? record.data.seed,
    backend,
    stepsPerRun: stepsPerRun(description.parameters, record.batchSize),
    signal: stop.signal,
    ...(record.ema === undefined ? {} : { ema: record.ema }),
    ...(parts.validation === undefined
      ? {}
      : {
          validation: {
            data: parts.validation,
            ...(record.patience === undefined ? {} : { patience: record.patience }),
          },
        }),
    ...(resume === undefined ? {} : { resume }),
    onProgress: (p) => {
      history.push({ step: p.step, loss: p.loss, ...(p.validation === undefined ? {} : { validation: p.validation }) });
      told?.tell(p);
    },
    checkpoint: {
      every: plan.saveEvery,
      save: async (state) => {
        // Before the first step there is nothing to keep, and an earlier run's files stay as they are.
        if (state.step === (resume?.step ?? 0)) return;
        await saveRun(out, dist, record, state, history);
        saved = state.step;
      },
    },
  })();
  told.end();
  stop.release();
  if (outcome._tag === 'Left') {
    const { left: f } = outcome;
    if (saved === undefined) throw new PushforwardError(f);
    throw new PushforwardError({
      ...f,
      message: `${f.message}; step ${saved} is saved in ${join(out, FILES.checkpoint)}`,
    });
  }
  const fitted = outcome.right;
  if (fitted.ending === 'interrupted') {
    const kept = saved !== undefined || resume !== undefined;
    const again = commandLine(['train', '--resume', out]);
    if (call.json)
      call.io.out(
        `${JSON.stringify({ event: 'end', ending: fitted.ending, step: fitted.step, out, ...(kept ? { resume: again } : {}) })}\n`,
      );
    call.note(
      kept
        ? `stopped at step ${count(fitted.step)}, saved; go on with\n  ${again}`
        : 'stopped before the first step: there is nothing to save',
    );
    return EXIT.interrupted;
  }
  const measured = await writeResults(call, plan, fitted, history, description, backend, objective);
  conclude(call, plan, fitted, measured);
  return EXIT.ok;
};
