import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveName } from '../settings/values.ts';
import { ServerError } from './error.ts';

/** The public keys of each set, each as `type base64`: without comment and options. */
export type Keys = ReadonlyMap<string, readonly string[]>;

const TYPES = [
  ...['ssh-ed25519', 'ssh-rsa', 'sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'],
  ...['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
];

/**
 * Reads the directory of public keys, a mounted Secret or ConfigMap: `<set>.pub` or `<set>`, one key a line. Throws a
 * `ServerError` that names every file with a fault, and never what is in it: it may be a private key.
 */
export async function readKeys(directory: string): Promise<Keys> {
  const names = await readdir(directory).catch((error) => {
    throw new ServerError(
      `The directory of public keys ${directory} can't be read (${error.message}): mount the Secret or ConfigMap that holds <set>.pub there.`,
    );
  });
  const keys = new Map<string, string[]>();
  const owners = new Map<string, string>();
  const problems: string[] = [];
  // The kubelet's own entries begin with a dot.
  for (const name of names.filter((name) => !name.startsWith('.')).sort()) {
    const path = join(directory, name);
    const set = name.replace(/\.pub$/, '');
    const found = await readFile(path, 'utf8').then(parseKeys, (error) => ({
      keys: [],
      problem: `can't be read (${error.message}): set the defaultMode of its volume to 0444`,
    }));
    const problem = findSetProblem(set, keys) ?? found.problem ?? findOwnerProblem(set, found.keys, owners);
    if (problem === undefined) {
      keys.set(set, found.keys);
    } else {
      problems.push(`The key file ${path} ${problem}.`);
    }
  }
  if (problems.length > 0) {
    throw new ServerError(problems.join(' '));
  }
  return keys;
}

function findSetProblem(set: string, keys: Keys): string | undefined {
  if (archiveName.parse(set) === undefined) {
    return `can't be for a set called ${JSON.stringify(set)}: a set's name has ${archiveName.expects}`;
  }
  return keys.has(set) ? `is the second one of the set ${set}: put all its keys into one` : undefined;
}

/** A key says which set it is for, so it can't be for two. */
function findOwnerProblem(
  set: string,
  keys: readonly string[],
  owners: Map<string, string>,
): string | undefined {
  for (const key of keys) {
    const owner = owners.get(key) ?? set;
    if (owner !== set) {
      return `holds a key that the set ${owner} has too: make a key for each set`;
    }
    owners.set(key, set);
  }
  return undefined;
}

function parseKeys(text: string): { keys: string[]; problem?: string } {
  const keys = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim();
    if (words === '' || words.startsWith('#')) {
      continue;
    }
    if (/^-----BEGIN .*PRIVATE KEY/.test(words)) {
      return { keys: [], problem: 'holds a private key: only public keys belong here' };
    }
    const [, type = '', blob = ''] =
      /^([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]|$)/.exec(words) ?? [];
    if (!TYPES.includes(type) || !isBlobOf(type, Buffer.from(blob, 'base64'))) {
      return {
        keys: [],
        problem: `has no public key in line ${index + 1}: each line begins with its type, such as ssh-ed25519, and has no options`,
      };
    }
    keys.add(`${type} ${blob}`);
  }
  return keys.size > 0 ? { keys: [...keys] } : { keys: [], problem: 'holds no key' };
}

/** Whether these are strings, each after its length, of which the first one is the type. */
function isBlobOf(type: string, blob: Buffer): boolean {
  const strings: Buffer[] = [];
  for (let at = 0; at < blob.length; ) {
    const length = at + 4 <= blob.length ? blob.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > blob.length) {
      return false;
    }
    strings.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return strings.length >= 2 && strings[0]?.toString('latin1') === type;
}
