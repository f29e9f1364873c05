/** A command that the kernel kills when this program ends, however that does. `setpriv` execs: its process id is the command's own. */
export function tied(...command: readonly string[]): readonly ['setpriv', string[]] {
  return ['setpriv', ['--no-new-privs', '--pdeathsig', 'KILL', ...command]];
}
