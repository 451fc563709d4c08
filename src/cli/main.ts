#!/usr/bin/env node
/** The command `pushforward`. */
import { EXIT } from './failures.ts';
import { runCli } from './program.ts';

/** A reader that has seen enough (`| head`) is not an error. */
const closedPipe = (e: NodeJS.ErrnoException): void => process.exit(e.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
process.stdout.on('error', closedPipe);
process.stderr.on('error', closedPipe);

const code = await runCli(process.argv.slice(2));
// Threads of the interpreters would keep the process alive; what was written goes out first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
