/** The program: its commands, and the border where whatever went wrong becomes one sentence and an exit code. */
import { stripVTControlCharacters } from 'node:util';
import { Command, CommanderError } from 'commander';
import { libraryVersion } from '../core/version.ts';
import { backendsCommand } from './commands/backends.ts';
import { checkCommand } from './commands/check.ts';
import { describeCommand } from './commands/describe.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { modelsCommand } from './commands/models.ts';
import { objectivesCommand } from './commands/objectives.ts';
import { sampleCommand } from './commands/sample.ts';
import { samplersCommand } from './commands/samplers.ts';
import { toysCommand } from './commands/toys.ts';
import { trainCommand } from './commands/train.ts';
import { EXIT, explain } from './failures.ts';
import { type Io, nodeIo } from './io.ts';
import { type Action, type Declare, withExamples } from './kit.ts';
import { loadModule } from './modules.ts';
import { paint } from './style.ts';

/** In the order in which a newcomer meets them. */
const commands: readonly Declare[] = [
  trainCommand,
  sampleCommand,
  evaluateCommand,
  describeCommand,
  checkCommand,
  exportCommand,
  modelsCommand,
  objectivesCommand,
  samplersCommand,
  toysCommand,
  backendsCommand,
];

/** Commander's complaint as one sentence. */
const usageSentence = (message: string): string =>
  message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)/s, (_, near: string) => `; did you mean ${near.replace(/^one of /, '')}?`)
    .replace(/\. Expected (\d+) arguments? but got (\d+)\.?$/, ' (expected $1, got $2)')
    .replaceAll('\n', ' ');

const build = (io: Io, done: (code: number) => void): Command => {
  const on =
    (load: () => Promise<Action>) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given[given.length - 1] as Command;
      const flags = command.opts<Record<string, unknown>>();
      const json = flags.json === true;
      const action = await load();
      const modules = typeof flags.with === 'string' ? [await loadModule(flags.with)] : [];
      done(
        await action({
          io,
          json,
          args: given.slice(0, -2) as (string | undefined)[],
          flags,
          modules,
          note: (text) => {
            if (!json) io.err(`${text}\n`);
          },
        }),
      );
    };
  const program = new Command('pushforward')
    .description('Declare a generative model as a composition; train it, sample it, measure it, draw it, export it.')
    .version(libraryVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureHelp({
      helpWidth: Math.min(110, Math.max(60, io.columns)),
      styleTitle: (s) => paint(true, 'bold', s),
      styleCommandText: (s) => paint(true, 'cyan', s),
      styleOptionTerm: (s) => paint(true, 'cyan', s),
      styleSubcommandTerm: (s) => paint(true, 'cyan', s),
    })
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      outputError: () => {},
      getOutHasColors: () => io.colour.out,
      getErrHasColors: () => io.colour.err,
      stripColor: stripVTControlCharacters,
    });
  withExamples(
    program,
    ['pushforward train realNVP --data twoMoons', 'learn two moons in half a minute'],
    ['pushforward sample runs/realNVP-twoMoons -n 1000 --out samples.csv', 'draw from what was learned'],
    ['pushforward train --help', 'all about training'],
  );
  for (const declare of commands) declare(program, on);
  return program;
};

const help = new Set(['commander.helpDisplayed', 'commander.help', 'commander.version']);

/** Runs a command line and gives its exit code; nothing is thrown. */
export const runCli = async (args: readonly string[], io: Io = nodeIo(args)): Promise<number> => {
  let code: number = EXIT.ok;
  const json = args.includes('--json');
  const fail = (tag: string, text: string): void => {
    if (json) io.out(`${JSON.stringify({ error: { tag, message: text } })}\n`);
    io.err(`${paint(io.colour.err, 'red', 'error:')} ${text}\n`);
  };
  try {
    const program = build(io, (c) => {
      code = c;
    });
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (e) {
    if (args.includes('--debug') && e instanceof Error && !(e instanceof CommanderError)) io.err(`${e.stack}\n`);
    if (e instanceof CommanderError) {
      if (help.has(e.code)) return EXIT.ok;
      fail('UsageError', usageSentence(e.message));
      return EXIT.usage;
    }
    const { tag, text, code: exit } = explain(e);
    fail(tag, text);
    return exit;
  }
};
