import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../lifecycle/exit.ts';
import { askToAccept } from '../server/control.ts';
import type { Environment } from '../settings/parse.ts';
import { declarations } from '../settings.ts';

const HELP = `
After a save that lost more than SHRINK_GUARD of its files or bytes, or that lacks entries which could not be read, no
archive is deleted any more, so that nothing is lost for good. "borg-volume-sync list" shows it. Once you have looked at
what is missing, this makes an archive that guards against nothing.

Example
  kubectl exec -it grafana-0 -c borg-volume-sync -- borg-volume-sync accept
`;

/** Adds `accept` to the command line. */
export function addAccept(program: Command, environment: Environment): void {
  program
    .command('accept')
    .description(
      'accepts that archives hold much less than before, or lack entries; beside the running sidecar',
    )
    .addHelpText('after', HELP)
    .action(async () => {
      process.exitCode = await accept(environment);
    });
}

async function accept({ STATE_DIR }: Environment): Promise<ExitCode> {
  const stateDir = STATE_DIR || String(declarations.STATE_DIR.default);
  try {
    const { done, sentence } = await askToAccept(stateDir);
    (done ? process.stdout : process.stderr).write(`${sentence}\n`);
    return done ? EXIT.saved : EXIT.person;
  } catch (error) {
    const { code = (error as Error).message } = error as NodeJS.ErrnoException;
    process.stderr.write(
      `No sidecar answers in STATE_DIR ${stateDir} (${code}): run this in the container of the sidecar while it is live, with "kubectl exec POD -c borg-volume-sync".\n`,
    );
    return EXIT.person;
  }
}
