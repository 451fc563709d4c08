/** What there is: models, toy laws, interpreters. */
import { backends } from '../../core/interpreters/index.ts';
import { toyNamed, toyNames } from '../../data/index.ts';
import { models, objectives, samplers } from '../../models/index.ts';
import { EMBEDDED } from '../backend-source.ts';
import { EXIT, orThrow } from '../failures.ts';
import type { Action, Call } from '../kit.ts';
import { columns, paint, wrapped } from '../style.ts';

const print = ({ io, json }: Call, document: unknown, text: () => string): number => {
  io.out(json ? `${JSON.stringify(document, null, 2)}\n` : text());
  return EXIT.ok;
};

/** `pushforward models`. */
export const listModels: Action = async (call) => {
  const list = Object.values(models).map(({ name, description, paper, training }) => ({
    name,
    description,
    paper,
    training,
  }));
  const width = Math.max(...list.map((m) => m.name.length)) + 2;
  const line = (text: string) => wrapped(text, Math.min(110, call.io.columns), width);
  return print(call, list, () =>
    list
      .map(
        (m) =>
          `${paint(call.io.colour.out, 'cyan', m.name.padEnd(width))}${line(m.description)}\n${' '.repeat(width)}${paint(call.io.colour.out, 'dim', line(m.paper))}\n`,
      )
      .join('\n'),
  );
};

/** `pushforward objectives`. */
export const listObjectives: Action = async (call) => {
  const list = Object.entries(objectives).map(([name, { description, paper, number }]) => ({
    name,
    description,
    ...(paper === undefined ? {} : { paper }),
    ...(number === undefined ? {} : { number: { means: number.means, default: number.default } }),
  }));
  const shown = (o: (typeof list)[number]): string =>
    o.number === undefined ? o.name : `${o.name}:${o.number.default}`;
  const width = Math.max(...list.map((o) => shown(o).length)) + 2;
  const line = (text: string) => wrapped(text, Math.min(110, call.io.columns), width);
  return print(call, list, () =>
    list
      .map((o) => {
        const number = o.number === undefined ? '' : ` The number is ${o.number.means}.`;
        const paper =
          o.paper === undefined ? '' : `${' '.repeat(width)}${paint(call.io.colour.out, 'dim', line(o.paper))}\n`;
        return `${paint(call.io.colour.out, 'cyan', shown(o).padEnd(width))}${line(o.description + number)}\n${paper}`;
      })
      .join('\n'),
  );
};

/** `pushforward samplers`. */
export const listSamplers: Action = async (call) => {
  const list = Object.entries(samplers).map(([name, { description, paper, steps }]) => ({
    name,
    description,
    ...(paper === undefined ? {} : { paper }),
    steps,
  }));
  const width = Math.max(...list.map((s) => s.name.length)) + 2;
  const line = (text: string) => wrapped(text, Math.min(110, call.io.columns), width);
  return print(call, list, () =>
    list
      .map((s) => {
        const paper =
          s.paper === undefined ? '' : `${' '.repeat(width)}${paint(call.io.colour.out, 'dim', line(s.paper))}\n`;
        return `${paint(call.io.colour.out, 'cyan', s.name.padEnd(width))}${line(`${s.description} ${s.steps} steps unless told otherwise.`)}\n${paper}`;
      })
      .join('\n'),
  );
};

/** `pushforward toys`. */
export const listToys: Action = async (call) => {
  const list = toyNames.map((n) => {
    const { name, description, entropy, entropyMethod } = orThrow(toyNamed(n));
    return { name, description, entropy, entropyMethod };
  });
  return print(call, list, () => {
    const on = call.io.colour.out;
    return columns([
      ['name', 'entropy', 'law'].map((h) => paint(on, 'bold', h)),
      ...list.map((l) => [paint(on, 'cyan', l.name), `${l.entropy.toFixed(4)} nats`, l.description]),
    ]);
  });
};

/** `pushforward backends`. */
export const listBackends: Action = async (call) => {
  const list = await backends();
  return print(call, list, () => {
    const on = call.io.colour.out;
    return columns(
      list.map((b) => [
        b.available ? paint(on, 'green', '✓') : paint(on, 'dim', '–'),
        b.name === EMBEDDED ? `${paint(on, 'bold', b.name)} (default)` : b.name,
        b.available ? b.detail : paint(on, 'dim', b.detail),
      ]),
    );
  });
};
