import { Command } from 'commander';
import pkg from '../package.json' with { type: 'json' };
import { run } from './commands/run.ts';
import { settingsHelp } from './settings/help.ts';

const program = new Command('borg-volume-sync')
  .description(
    'Restores a volume from a Borg repository, saves it while the application runs, and once more at its end.',
  )
  .version(pkg.version)
  .addHelpText('after', `\nSettings (environment variables):\n${settingsHelp()}`);

program
  .command('run', { isDefault: true })
  .description('the sidecar of a pod (the default)')
  .action(async () => {
    process.exitCode = await run(process.env, pkg.version);
  });

await program.parseAsync();
