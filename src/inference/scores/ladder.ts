import { raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import type { Process } from '../../sde/process.ts';
import type { TimeDist } from '../../sde/time-dist.ts';

/**
 * Equal chances for `levels` times whose log-SNRs are evenly spaced from start to end: on `ve` and `edm` the geometric ladder of noise scales of NCSN
 * (Song & Ermon 2019, arXiv:1907.05600, ten levels; Song & Ermon 2020, arXiv:2006.09011, §3, hundreds). Throws `ArgumentError` for fewer than two, and
 * where the process ends in pure noise, whose log-SNR has no end.
 *
 * @example
 * denoisingScoreMatching(predict('score', ve({ sigmaMin: 0.01, sigmaMax: 1 }), resMlp([64]), { shape: [2] }), { time: ladderTime(10) });
 */
export const ladderTime = (levels: number): TimeDist => {
  if (!Number.isInteger(levels) || levels < 2)
    return raise('ArgumentError', 'ladderTime', 'needs two levels or more', { got: `${levels}` });
  return {
    spec: { type: 'ladderTime', levels },
    of: (process: Process) => {
      if (process.terminal === 'pure')
        return raise(
          'ArgumentError',
          'ladderTime',
          `${process.spec.type} ends in pure noise, where log-SNR has no end`,
        );
      const { start, end } = process.span;
      const [first, last] = [process.logSnr(o.scalar(start)), process.logSnr(o.scalar(end))];
      const inside = (t: Expr): Expr => o.min(o.max(t, start), end);
      return {
        at: (u) => {
          const level = o.min(o.floor(o.mul(levels, u)), levels - 1);
          return inside(process.timeAt(o.add(first, o.mul(o.div(o.sub(last, first), levels - 1), level))));
        },
        density: (t) => o.broadcastTo(1 / levels, t.shape),
      };
    },
  };
};
