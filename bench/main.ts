/** `npm run bench`: what the sidecar costs, beside what it replaces. */
import { benchIdle } from './idle.ts';
import { benchRestore } from './restore.ts';

const RUNS = 5;

await benchRestore(RUNS);
await benchIdle(RUNS);
