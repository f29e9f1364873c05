import { writeFileSync } from 'node:fs';
import type { ExitCode, Fatal } from '../lifecycle/exit.ts';
import type { Logger } from '../log.ts';

/** Says why the program ends, in its log and where `kubectl describe pod` shows it. Returns the exit code. */
export function sayLastWords(log: Logger, terminationLog: string, fatal: Fatal): ExitCode {
  const { code, reason, message, cause } = fatal;
  log.fatal(
    { event: 'stopped', exitCode: code, reason, ...(reason === 'bug' ? { err: cause } : {}) },
    message,
  );
  try {
    writeFileSync(terminationLog, `${message}\n`);
  } catch {
    // Outside a pod there may be no such file; the sentence is in the log.
  }
  return code;
}
