import { execa } from 'execa';
import type { Site } from '../site.ts';
import { makeRemote, type Rival } from './rival.ts';

/** `tar | ssh | tar`: everything, each time. */
export async function tarTo(site: Site, name: string): Promise<Rival> {
  const remote = await makeRemote(site, `tar-${name}`);
  const pipe = async (cwd: string, line: (farTar: string) => string) => {
    const far = [...site.ssh, site.login, await site.onServer('/usr/bin/tar')].join(' ');
    const env = { PATH: site.path };
    await execa('bash', ['-o', 'pipefail', '-c', line(far)], { cwd, env, extendEnv: false });
  };
  return {
    save: (volume) => pipe(volume, (farTar) => `tar -c . | ${farTar} -x -C ${remote}`),
    restore: (volume) => pipe(volume, (farTar) => `${farTar} -c -C ${remote} . | tar -x`),
  };
}
