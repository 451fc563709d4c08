/** What there is: models, toy distributions, interpreters. */
import { backends } from '../../core/interpreters/index.ts';
import { toyNamed, toyNames } from '../../data/index.ts';
import { models, objectives, samplers } from '../../models/index.ts';
import { EMBEDDED } from '../backend-source.ts';
import { EXIT, misuse, orThrow } from '../failures.ts';
import type { Action, Call } from '../kit.ts';
import { findModel } from '../model-source.ts';
import { columns, paint, wrapped } from '../style.ts';

const print = ({ io, json }: Call, document: unknown, text: () => string): number => {
  io.out(json ? `${JSON.stringify(document, null, 2)}\n` : text());
  return EXIT.ok;
};

/** A thing that was published: what it is called here, what it is, and where it comes from. */
interface Published {
  readonly shown: string;
  readonly text: string;
  readonly paper?: string;
}

/** Things in paragraphs: names in a column, sentences beside them, papers under the sentences. */
const paragraphs = ({ io }: Call, all: readonly Published[]): string => {
  const width = Math.max(...all.map((a) => a.shown.length)) + 2;
  const line = (text: string): string => wrapped(text, Math.min(110, io.columns), width);
  const under = (paper: string): string => `${' '.repeat(width)}${paint(io.colour.out, 'dim', line(paper))}\n`;
  return all
    .map(
      ({ shown, text, paper }) =>
        `${paint(io.colour.out, 'cyan', shown.padEnd(width))}${line(text)}\n${paper === undefined ? '' : under(paper)}`,
    )
    .join('\n');
};

const from = (paper: string | undefined): { readonly paper?: string } => (paper === undefined ? {} : { paper });

/** One model with its options. */
const showModel = async (call: Call, word: string): Promise<number> => {
  const found = await findModel(word);
  const entry = 'entry' in found ? found.entry : undefined;
  if (entry === undefined) return misuse('name', `${word} has no options`, { expected: 'the name of a model' });
  const { name, description, paper, training, options } = entry;
  const set = Object.entries(options).map(([option, codec]) => ({ option, is: codec.name }));
  return print(call, { name, description, paper, training, options: set }, () => {
    const on = call.io.colour.out;
    const head = paragraphs(call, [{ shown: name, text: description, paper }]);
    const rows = set.map(({ option, is }) => [paint(on, 'cyan', `  --set ${option}=…`), is]);
    return `${head}\n${set.length === 0 ? 'no options\n' : columns(rows)}`;
  });
};

/** `pushforward models`. */
export const listModels: Action = async (call) => {
  if (call.args[0] !== undefined) return showModel(call, call.args[0]);
  const list = Object.values(models).map(({ name, description, paper, training }) => ({
    name,
    description,
    paper,
    training,
  }));
  return print(call, list, () =>
    paragraphs(
      call,
      list.map(({ name, description, paper }) => ({ shown: name, text: description, paper })),
    ),
  );
};

/** `pushforward objectives`. */
export const listObjectives: Action = async (call) => {
  const list = Object.entries(objectives).map(([name, { description, paper, number }]) => ({
    name,
    description,
    ...from(paper),
    ...(number === undefined ? {} : { number: { means: number.means, default: number.default } }),
  }));
  return print(call, list, () =>
    paragraphs(
      call,
      list.map(({ name, description, paper, number }) => ({
        shown: number === undefined ? name : `${name}:${number.default}`,
        text: number === undefined ? description : `${description} The number is ${number.means}.`,
        ...from(paper),
      })),
    ),
  );
};

/** `pushforward samplers`. */
export const listSamplers: Action = async (call) => {
  const list = Object.entries(samplers).map(([name, { description, paper, steps }]) => ({
    name,
    description,
    ...from(paper),
    steps,
  }));
  return print(call, list, () =>
    paragraphs(
      call,
      list.map(({ name, description, paper, steps }) => ({
        shown: name,
        text: `${description} ${steps} steps unless told otherwise.`,
        ...from(paper),
      })),
    ),
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
      ['name', 'entropy', 'distribution'].map((h) => paint(on, 'bold', h)),
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
