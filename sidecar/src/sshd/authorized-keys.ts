import type { Keys } from './keys.ts';
import type { Restrictions } from './options.ts';

/** The lines of `authorized_keys`: each key can serve its own set's repository, and nothing else. */
export function authorizedKeys(keys: Keys, restrictions: Restrictions): string {
  const lines = [...keys].flatMap(([set, ofSet]) => {
    const options = `restrict,command="${serveCommand(set, restrictions)}"`;
    return ofSet.map((key) => `${options} ${key} ${set}\n`);
  });
  return lines.join('');
}

// Neither a set's name nor the directory has a character that would need quoting.
function serveCommand(set: string, { repositories, appendOnly, quotas, quota }: Restrictions): string {
  const limit = quotas.get(set) ?? quota;
  return [
    `borg serve --restrict-to-repository ${repositories}/${set}`,
    ...(appendOnly === 'all' || appendOnly.has(set) ? ['--append-only'] : []),
    ...(limit === undefined ? [] : [`--storage-quota ${limit}`]),
  ].join(' ');
}
