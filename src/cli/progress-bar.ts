/** What is told while a model trains: a bar on a terminal, a line now and then elsewhere, JSON lines for programs. */
import cliProgress from 'cli-progress';
import type { Progress } from '../inference/training/fit.ts';
import type { Io } from './io.ts';
import { count, paint, remaining, speed } from './style.ts';

/** A loss in the unit people compare: nats of an event, or bits a dimension of images. */
export interface Unit {
  readonly name: string;
  readonly perNat: number;
}

/** Something that hears of progress. */
export interface Reporter {
  readonly tell: (p: Progress) => void;
  readonly end: () => void;
}

/** Single batches are noisy: an average over about the last five reports. */
const smoothing = () => {
  let level: number | undefined;
  return (loss: number): number => {
    level = level === undefined ? loss : 0.8 * level + 0.2 * loss;
    return level;
  };
};

const digits = (x: number): string => (Math.abs(x) >= 1000 ? x.toPrecision(5) : x.toFixed(4)).padStart(8);

const bar = (io: Io, stream: NodeJS.WriteStream, steps: number, from: number, unit: Unit): Reporter => {
  const smooth = smoothing();
  let validation = '';
  const drawn = new cliProgress.SingleBar({
    stream,
    hideCursor: true,
    fps: 8,
    barsize: Math.max(10, Math.min(30, (stream.columns ?? 80) - 66)),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    gracefulExit: false,
    clearOnComplete: false,
    format: `${paint(io.colour.err, 'cyan', '{bar}')} {percentage}%  step {value}/{total}  loss {loss} {unit}{validation}  {speed} steps/s  {left}`,
    autopadding: false,
  });
  drawn.start(steps, from, { loss: '       –', unit: unit.name, speed: '–', left: 'compiling', validation });
  return {
    tell: (p) => {
      if (p.validation !== undefined) validation = `  validation ${digits(p.validation * unit.perNat).trim()}`;
      drawn.update(p.step, {
        loss: digits(smooth(p.loss * unit.perNat)).trim(),
        speed: speed(p.stepsPerSecond),
        left: p.step >= p.steps ? 'done' : `${remaining(p.remaining)} left`,
        validation,
      });
    },
    end: () => drawn.stop(),
  };
};

/** At the first report, at every tenth of the way and after every half minute. */
const nowAndThen = (steps: number, parts = 10): ((p: Progress) => boolean) => {
  let share = -1;
  let last = performance.now();
  return (p) => {
    const next = Math.floor((parts * p.step) / steps);
    const due = next > share || performance.now() - last > 30_000;
    if (due) {
      share = next;
      last = performance.now();
    }
    return due;
  };
};

const lines = (io: Io, steps: number, unit: Unit): Reporter => {
  const smooth = smoothing();
  const due = nowAndThen(steps);
  return {
    tell: (p) => {
      const loss = smooth(p.loss * unit.perNat);
      if (!due(p)) return;
      const validation = p.validation === undefined ? '' : `  validation ${digits(p.validation * unit.perNat).trim()}`;
      io.err(
        `step ${count(p.step)}/${count(steps)}  loss ${[digits(loss).trim(), unit.name].filter(Boolean).join(' ')}${validation}  ${speed(p.stepsPerSecond)} steps/s  ${p.step >= steps ? 'done' : `${remaining(p.remaining)} left`}\n`,
      );
    },
    end: () => {},
  };
};

/** One JSON document a line; losses stay in nats. */
const jsonLines = (io: Io, steps: number): Reporter => {
  const due = nowAndThen(steps, 100);
  return {
    tell: (p) => {
      if (due(p) || p.validation !== undefined)
        io.out(`${JSON.stringify({ event: 'progress', ...p, remaining: Math.round(p.remaining * 10) / 10 })}\n`);
    },
    end: () => {},
  };
};

/** After its end a reporter is silent: what a person is told next is not drawn over. */
const untilEnd = (r: Reporter): Reporter => {
  let over = false;
  return {
    tell: (p) => {
      if (!over) r.tell(p);
    },
    end: () => {
      if (!over) r.end();
      over = true;
    },
  };
};

/** The reporter that suits: bar, lines or JSON lines. */
export const reporter = (
  io: Io,
  json: boolean,
  { steps, from, unit }: { readonly steps: number; readonly from: number; readonly unit: Unit },
): Reporter =>
  untilEnd(
    json ? jsonLines(io, steps) : io.bar === undefined ? lines(io, steps, unit) : bar(io, io.bar, steps, from, unit),
  );
