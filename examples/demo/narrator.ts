import type { LogLine, PodLog } from '../../test/support/pod-log.ts';

const began = performance.now();

/** A heading: what happens next, and why. */
export function chapter(title: string): void {
  console.log(`\n── ${seconds()} ${title}`);
}

/** A line of the story. */
export function tell(text: string): void {
  console.log(`   ${text}`);
}

/** Prints what the sidecar says of itself, as `kubectl logs` would show it. */
export function overhear(log: PodLog): void {
  log.follow((line) => {
    if (isForPeople(line)) {
      console.log(`   │ ${line.msg}`);
    }
  });
}

function isForPeople({ level, event }: LogLine): boolean {
  return level !== 'debug' && !['server.listening', 'writer', 'text'].includes(event);
}

function seconds(): string {
  return `${((performance.now() - began) / 1_000).toFixed(0).padStart(2)} s`;
}
