/** What a healthy server says all day: each borg command is a connection, and each look of the kubelet's one without a word. */
const ROUTINE =
  /^(?:Accepted publickey for |Received disconnect from |Disconnected from user |Connection closed by (?:\d|[\da-f]*:)|(?:error: )?kex_exchange_identification: |banner exchange: )/;

/** How important a line of sshd's is. */
export function levelOf(line: string): 'debug' | 'info' | 'warn' {
  if (ROUTINE.test(line)) {
    return 'debug';
  }
  return /^(?:error|fatal): /.test(line) ? 'warn' : 'info';
}
