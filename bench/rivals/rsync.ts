import { execa } from 'execa';
import type { Site } from '../site.ts';
import { makeRemote, type Rival } from './rival.ts';

/** `rsync -a` over ssh: one copy, without a past. */
export async function rsyncTo(site: Site, name: string): Promise<Rival> {
  const remote = `${site.login}:${await makeRemote(site, `rsync-${name}`)}/`;
  const run = async (from: string, to: string) => {
    const program = await site.onServer('/usr/bin/rsync');
    const args = ['-a', '--delete', '-e', site.ssh.join(' '), `--rsync-path=${program}`, from, to];
    await execa('rsync', args, { env: { PATH: site.path }, extendEnv: false });
  };
  return {
    save: (volume) => run(`${volume}/`, remote),
    restore: (volume) => run(remote, `${volume}/`),
  };
}
