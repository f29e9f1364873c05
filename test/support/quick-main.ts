import { run } from '../../sidecar/src/commands/run.ts';

// The program with short waits, for tests of what takes minutes in a cluster.
process.exitCode = await run(process.env, 'test', {
  retryFirst: 50,
  retryLongest: 500,
  leastAfterSigterm: 1_000,
  prestopPoll: 10,
  lookEvery: 100,
  progress: 50,
  call: 500,
  handoverPoll: 200,
  closingBeyondFinal: 1_000,
  lockBeyondFinal: { least: 0, default: 5_000 },
});
