/** Ctrl-C: the first asks to stop after this step, the second stops at once. */
import { EXIT } from './failures.ts';

/** An abort signal tied to SIGINT and SIGTERM until it is released. */
export const interruptible = (asked: () => void): { readonly signal: AbortSignal; readonly release: () => void } => {
  const controller = new AbortController();
  const heard = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
    asked();
  };
  process.on('SIGINT', heard);
  process.on('SIGTERM', heard);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', heard);
      process.off('SIGTERM', heard);
    },
  };
};
