/** The terminal as a value: where data go (stdout), where people are spoken to (stderr), and whether colours are welcome. */

/** What the CLI may do to the outside besides files. */
export interface Io {
  /** Writes data: what a pipe or a file wants. */
  readonly out: (text: string | Uint8Array) => void;
  /** Writes for people: progress, remarks, errors. */
  readonly err: (text: string) => void;
  /** The stream a progress bar draws on; none where there is no terminal. */
  readonly bar?: NodeJS.WriteStream;
  readonly outIsTerminal: boolean;
  readonly colour: { readonly out: boolean; readonly err: boolean };
  /** Characters in a line. */
  readonly columns: number;
  /** The command line as it was typed, for reports. */
  readonly command: string;
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** A command line as a shell would take it. */
export const commandLine = (args: readonly string[]): string => ['pushforward', ...args].map(quoted).join(' ');

/** Whether a stream takes colours: a terminal, unless NO_COLOR (https://no-color.org) or a dumb terminal says no. */
export const takesColour = (stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean =>
  (env.NO_COLOR ?? '') === '' && ((env.FORCE_COLOR ?? '') !== '' || (stream.isTTY === true && env.TERM !== 'dumb'));

/** The terminal of this process. */
export const nodeIo = (args: readonly string[]): Io => ({
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  ...(process.stderr.isTTY ? { bar: process.stderr } : {}),
  outIsTerminal: process.stdout.isTTY === true,
  colour: { out: takesColour(process.stdout, process.env), err: takesColour(process.stderr, process.env) },
  columns: process.stdout.columns ?? 100,
  command: commandLine(args),
});
