/** Why ssh gave up. Borg reports all of these as one error. */
export type SshReason =
  | 'auth'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'no-user'
  | 'borg-missing'
  | 'unreachable';

const SIGNS: readonly (readonly [SshReason, RegExp])[] = [
  ['host-key-changed', /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/],
  ['host-key-unknown', /Host key verification failed|No .* host key is known for/],
  [
    'auth',
    /Permission denied \(|Too many authentication failures|account (?:has expired|is locked|is currently not available)/,
  ],
  ['no-user', /No user exists for uid|cannot be preloaded/],
  [
    'borg-missing',
    /(?:borg|remote-path)\S*:? (?:command )?not found|(?:command not found|Unknown command): \S*borg|borg\S*: No such file or directory|exec: .*not found/,
  ],
  [
    'unreachable',
    /Could not resolve hostname|Connection (?:refused|timed out|reset|closed)|No route to host|Network is unreachable|kex_exchange_identification|banner exchange|Timeout, server .* not responding|Broken pipe|client_loop/,
  ],
];

/** The reason in ssh's own words, with the line that tells it; `undefined` where none does. */
export function findSshReason(lines: readonly string[]): { reason: SshReason; line: string } | undefined {
  for (const [reason, sign] of SIGNS) {
    const line = lines.find((line) => sign.test(line));
    if (line !== undefined) {
      return { reason, line: line.trim() };
    }
  }
  return undefined;
}
