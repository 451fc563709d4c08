/** What only a process of its own can show: signals, closed pipes, colours. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { tiny, workFolder } from './helpers.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'dist/cli/main.js');
const folder = workFolder();
const at = (name: string): string => join(folder, name);

const execute = promisify(execFile);

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the built program; `watch` sees each piece of stdout. */
const start = (
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly watch?: (out: string, kill: (signal: NodeJS.Signals) => void) => void;
  } = {},
): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...options.env }, cwd: folder });
    let out = '';
    let err = '';
    child.stdout.on('data', (d) => {
      out += d;
      options.watch?.(out, (s) => child.kill(s));
    });
    child.stderr.on('data', (d) => {
      err += d;
    });
    child.on('close', (code) => resolve({ code, out, err }));
  });

beforeAll(async () => {
  // Type errors are another test's business; the program is written either way.
  await execute(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: root }).catch(
    () => undefined,
  );
}, 30_000);

const long = (out: string, steps: string): string[] => [
  'train',
  'realNVP',
  '--data',
  'twoMoons',
  ...tiny,
  '--steps',
  steps,
  '--no-report',
  '--json',
  '--out',
  at(out),
];

describe('signals', () => {
  it('Ctrl-C saves, says how to go on and exits 130; what was resumed is what was never stopped, bit for bit', async () => {
    let sent = false;
    const stopped = await start(long('stopped', '3000'), {
      watch: (out, kill) => {
        if (!sent && out.includes('"progress"')) {
          sent = true;
          kill('SIGINT');
        }
      },
    });
    expect(stopped.code, stopped.err).toBe(130);
    const end = JSON.parse(stopped.out.trim().split('\n').at(-1) ?? '');
    expect(end).toMatchObject({
      event: 'end',
      ending: 'interrupted',
      resume: `pushforward train --resume ${at('stopped')}`,
    });
    expect(end.step).toBeLessThan(3000);
    const resumed = await start(['train', '--resume', at('stopped'), '--no-report']);
    expect(resumed.code, resumed.err).toBe(0);
    expect((await start(long('straight', '3000'))).code).toBe(0);
    const bytes = (name: string) => readFileSync(join(at(name), 'checkpoint.safetensors'));
    expect(bytes('stopped').equals(bytes('straight'))).toBe(true);
    const losses = (name: string) => JSON.parse(readFileSync(join(at(name), 'history.json'), 'utf8'));
    expect(losses('stopped')).toEqual(losses('straight'));
  }, 30_000);

  it('a second Ctrl-C exits at once', async () => {
    let sent = false;
    const ended = await start(
      [
        'train',
        'realNVP',
        '--data',
        'twoMoons',
        '--steps',
        '1000000',
        '--hidden',
        '512,512',
        '--batch-size',
        '1024',
        '--json',
        '--out',
        at('twice'),
      ],
      {
        watch: (out, kill) => {
          if (sent || !out.includes('"start"')) return;
          sent = true;
          kill('SIGINT');
          setTimeout(() => kill('SIGINT'), 100);
        },
      },
    );
    expect(ended.code).toBe(130);
  }, 30_000);
});

describe('the outside', () => {
  it('a reader that closes the pipe is no error', async () => {
    const { stdout } = await execute('bash', [
      '-o',
      'pipefail',
      '-c',
      `"$0" "$1" toys | head -n 1`,
      process.execPath,
      main,
    ]);
    expect(stdout).toMatch(/^name +entropy/);
  });

  it('colours: where asked for, never with NO_COLOR', async () => {
    const colour = String.fromCharCode(27);
    expect((await start(['toys'], { env: { FORCE_COLOR: '1', NO_COLOR: '' } })).out).toContain(colour);
    expect((await start(['toys'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).out).not.toContain(colour);
    expect((await start(['nonsense'], { env: { NO_COLOR: '1' } })).err).toMatch(
      /^error: unknown command 'nonsense'\n$/,
    );
  });
});
