import { Command } from 'commander';
import pkg from '../package.json' with { type: 'json' };
import { addAccept } from './commands/accept.ts';
import { exitCodeOf } from './commands/connect.ts';
import { addList } from './commands/list.ts';
import { addPromote } from './commands/promote.ts';
import { addRestore } from './commands/restore.ts';
import { run } from './commands/run.ts';
import { addServe } from './commands/serve.ts';
import { settingsHelp } from './settings/help.ts';

const program = new Command('borg-volume-sync')
  .description(
    'Restores a volume from a Borg repository, saves it while the application runs, and once more at its end.',
  )
  .version(pkg.version)
  .addHelpText('after', `\nSettings (environment variables):\n${settingsHelp()}`)
  .showHelpAfterError('"borg-volume-sync --help" shows the commands and settings.')
  .exitOverride((error) => process.exit(exitCodeOf(error)));

program
  .command('run', { isDefault: true })
  .description('the sidecar of a pod (the default)')
  .action(async () => {
    process.exitCode = await run(process.env, pkg.version);
  });

addList(program, process.env);
addRestore(program, process.env);
addPromote(program, process.env);
addAccept(program, process.env);
addServe(program, process.env);

await program.parseAsync();
