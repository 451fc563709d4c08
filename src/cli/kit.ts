/** What every command shares: its flags, how its help looks, and the border where failures become sentences. */
import type { Command } from 'commander';
import type { Io } from './io.ts';

/** One call of a command. */
export interface Call {
  readonly io: Io;
  readonly json: boolean;
  /** Positional arguments; those left out are undefined. */
  readonly args: readonly (string | undefined)[];
  /** Flags as commander gives them, text not yet decoded. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Exports of the modules that `--with` names: definitions that specifications and checkpoints may mention. */
  readonly modules: readonly object[];
  /** Says something to a person: on stderr, so that stdout stays data; nothing with `--json`. */
  readonly note: (text: string) => void;
}

/** What a command does; the number is its exit code. */
export type Action = (call: Call) => Promise<number>;

/** A command that adds itself to the program; `on` binds its action to the border. */
export type Declare = (
  program: Command,
  on: (action: () => Promise<Action>) => (...given: unknown[]) => Promise<void>,
) => void;

const common: { readonly [name in 'seed' | 'backend' | 'with']: readonly [flags: string, does: string] } = {
  seed: ['--seed <n>', 'seed of all random numbers'],
  with: ['--with <module>', 'a module of your own (.mjs) whose layers, families and networks the model uses'],
  backend: ['--backend <name>', 'interpreter to compute on (see: pushforward backends)'],
};

/** The flags that commands share, at the end of a command's own. */
export const withCommon = (command: Command, ...names: readonly (keyof typeof common)[]): Command => {
  for (const name of names) command.option(...common[name]);
  return command
    .option('--json', 'write JSON to stdout and nothing else')
    .option('--debug', 'show where an error came from')
    .helpOption('-h, --help', 'print help');
};

/** Examples under the help: what is typed, and what it does. */
export const withExamples = (
  command: Command,
  ...examples: readonly (readonly [typed: string, does: string])[]
): Command =>
  command.addHelpText(
    'after',
    `\nExamples:\n${examples.map(([typed, does]) => `  # ${does}\n  $ ${typed}\n`).join('\n')}`,
  );
