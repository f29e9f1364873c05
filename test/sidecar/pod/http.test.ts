import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BorgServer } from '../../support/borg-server.ts';
import type { Environment, Pod } from '../../support/pod.ts';
import { endsClean, quickMain, quickPod } from '../../support/quick-pod.ts';
import { until } from '../../support/until.ts';

const server = await BorgServer.start();
after(() => server[Symbol.asyncDispose]());

const mounted: Environment = { REPO_BASE: server.reposDir };

type Port = 'httpPort' | 'statusPort';

async function livePod(set: string, env: Environment = {}): Promise<Pod> {
  await server.init(set);
  const pod = await quickPod({ set, server, entry: quickMain, env: { ...mounted, ...env } });
  await pod.start();
  await pod.event('gate.opened');
  return pod;
}

const portOf = async (pod: Pod, port: Port) => Number((await pod.event('server.listening'))[port]);

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly port?: Port;
  readonly headers?: Record<string, string>;
}

/** `fetch` would correct the path before it asks. */
async function ask(pod: Pod, { path, method = 'GET', port = 'httpPort', headers = {} }: Asked) {
  const options = { host: '127.0.0.1', port: await portOf(pod, port), path, method, headers, agent: false };
  const sent = request(options).end();
  const [answer] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return {
    status: answer.statusCode as number,
    headers: answer.headers as Record<string, string>,
    text: Buffer.concat(chunks).toString(),
  };
}

const answers: [string, Asked, number][] = [
  ['the startup probe', { path: '/startup' }, 200],
  ['the readiness probe', { path: '/ready' }, 200],
  ['the liveness probe', { path: '/live' }, 200],
  ['a probe with a query', { path: '/live?from=kubelet' }, 200],
  ['a probe that asks for the head only', { path: '/live', method: 'HEAD' }, 200],
  ['metrics', { path: '/metrics' }, 200],
  ['an unknown path', { path: '/unknown' }, 404],
  ['the root of the probes', { path: '/' }, 404],
  ['a path that only the prototype has', { path: '/constructor' }, 404],
  ['a path that is no URL', { path: '//' }, 404],
  ['a path with a broken escape', { path: '/%' }, 404],
  ['an absolute URL', { path: 'http://%' }, 404],
  ['the status on the port of the probes', { path: '/api/status' }, 404],
  ['an attempt to post', { path: '/startup', method: 'POST' }, 405],
  ['an attempt to delete', { path: '/metrics', method: 'DELETE' }, 405],
  ['the status page', { path: '/', port: 'statusPort' }, 200],
  ['the status as JSON', { path: '/api/status', port: 'statusPort' }, 200],
  ['an attempt to post to the status', { path: '/api/status', port: 'statusPort', method: 'POST' }, 405],
  ['metrics on the port of the status', { path: '/metrics', port: 'statusPort' }, 404],
];

test('each request has its answer, and none of them ends the program', async (t) => {
  await using pod = await livePod('routes');
  for (const [title, asked, status] of answers) {
    await t.test(`${title} (${asked.method ?? 'GET'} ${asked.path}): ${status}`, async () => {
      const answer = await ask(pod, asked);
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers.allow, status === 405 ? 'GET, HEAD' : undefined);
    });
  }
  await t.test('nonsense in place of a request: the connection ends, the program does not', async () => {
    const socket = connect(await portOf(pod, 'httpPort'), '127.0.0.1').resume();
    socket.end('\0\x01nonsense\r\n\r\n');
    await once(socket, 'close');
    assert.equal((await ask(pod, { path: '/live' })).status, 200);
  });
  await endsClean(pod, 'routes');
});

test('probes are answered on all addresses, the status on loopback alone', async () => {
  await using pod = await livePod('addresses');
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outer = own
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map((each) => each.address);
  const reaches = async (host: string, port: Port) => {
    const socket = connect(await portOf(pod, port), host);
    const [outcome] = await Promise.race([
      once(socket, 'connect').then(() => ['connected']),
      once(socket, 'error').then(() => ['refused']),
    ]).catch(() => ['refused']);
    socket.destroy();
    return outcome;
  };
  // Every address of 127.0.0.0/8 is one of this machine's.
  for (const host of ['127.0.0.2', ...outer]) {
    assert.equal(await reaches(host, 'httpPort'), 'connected', host);
    assert.equal(await reaches(host, 'statusPort'), 'refused', host);
  }
});

/** Dashboards and alerts know them by these names. */
const METRICS = [
  ...['info', 'state', 'ready', 'unsaved_change_age_seconds', 'last_success_timestamp_seconds'],
  ...[
    'restore_duration_seconds',
    'save_duration_seconds',
    'volume_bytes',
    'volume_files',
    'volume_size_limit_bytes',
  ],
  ...['unreadable_entries', 'saves_total', 'added_bytes_total', 'failures_total', 'call_failures_total'],
].map((name) => `borg_volume_sync_${name}`);

/** A sample: name, labels, value. */
const SAMPLE = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (-?[\d.e+-]+|NaN|[+-]Inf)$/;

test('metrics are in the text format, each with its meaning and type, and say what has happened', async () => {
  const set = 'metrics';
  await using pod = await livePod(set);
  await writeFile(join(pod.dataDir, `${set}-file`), '12345');
  await pod.event('save.done');
  const { text, headers } = await ask(pod, { path: '/metrics' });
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  const lines = text.split('\n').filter((line) => line !== '');
  const declared = (word: string) =>
    lines.filter((line) => line.startsWith(`# ${word} `)).map((line) => line.split(' ')[2] ?? '');
  assert.deepEqual(declared('HELP'), declared('TYPE'));
  assert.deepEqual(declared('TYPE').sort(), METRICS.sort());
  const samples = new Map<string, number>();
  for (const line of lines.filter((line) => !line.startsWith('#'))) {
    const [, name = '', labels = '', value] = SAMPLE.exec(line) ?? [];
    assert.ok(METRICS.includes(name), line);
    samples.set(`${name.replace('borg_volume_sync_', '')}${labels}`, Number(value));
  }
  const seen = Object.fromEntries(samples);
  assert.equal(seen['infoversion="test"'], 1);
  assert.equal(seen.ready, 1);
  assert.equal(seen['statestate="stopped"'], 0);
  assert.equal(seen.saves_total, 1);
  assert.equal(seen.volume_files, 1);
  assert.equal(seen.volume_bytes, 5);
  assert.equal(seen.unreadable_entries, 0);
  assert.equal(seen.unsaved_change_age_seconds, 0);
  assert.ok((seen.last_success_timestamp_seconds ?? 0) > 1_700_000_000);
  await endsClean(pod, set);
});

test('the status page is plain HTML, and what others named stands in it as text', async () => {
  const set = 'page';
  await using pod = await quickPod({ set, server, entry: quickMain });
  await pod.start({ REPO_BASE: `ssh://nobody@no-such-host.invalid/<img/src=x>&"'` });
  await pod.event('failure');
  const { text, headers } = await ask(pod, { path: '/', port: 'statusPort' });
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.match(headers['content-security-policy'] ?? '', /default-src 'none'/);
  assert.match(text, /^<!doctype html>\n<html lang="en">/);
  assert.match(text, /<title>page: (?:waiting|starting)<\/title>/);
  assert.match(text, /&lt;img\/src=x&gt;&amp;&quot;/);
  assert.match(text, /<p role="alert">The backup server nobody@no-such-host\.invalid/);
  assert.doesNotMatch(text, /<(?:script|img|a|form|iframe|link|object)\b|\bon\w+=|javascript:/i);
  // Each element that is opened is closed.
  for (const element of ['html', 'head', 'body', 'table', 'style', 'h1', 'p', 'tr', 'th', 'td']) {
    const count = (sign: RegExp) => text.match(sign)?.length ?? 0;
    assert.equal(count(new RegExp(`<${element}[ >]`, 'g')), count(new RegExp(`</${element}>`, 'g')), element);
  }
  const status = await pod.status<{ set: string; ready: boolean; failure: { reason: string } }>();
  assert.deepEqual(
    { set: status.set, ready: status.ready, reason: status.failure.reason },
    { set, ready: false, reason: 'unreachable' },
  );
  await endsClean(pod, set);
});

test('READY_WHEN=backups-healthy: not ready while a change is unsaved for too long', async () => {
  const set = 'healthy';
  await using pod = await livePod(set, { REPO_BASE: server.repoBase, READY_WHEN: 'backups-healthy' });
  const ready = async () => (await pod.get('/ready')).status;
  assert.equal(await ready(), 200);
  await server.stop();
  await writeFile(join(pod.dataDir, `${set}-file`), 'changed');
  await pod.event('failure');
  assert.equal(await ready(), 200);
  const unready = await until(
    () => pod.get('/ready'),
    ({ status }) => status === 503,
  );
  assert.match(unready.text, /\S/);
  const { text } = await pod.get('/metrics');
  const age = Number(/^borg_volume_sync_unsaved_change_age_seconds (\S+)$/m.exec(text)?.[1]);
  assert.ok(age > 2 && age < 20, `${age} s`);
  // The application runs on: nothing may restart it.
  assert.equal((await pod.get('/startup')).status, 200);
  assert.equal((await pod.get('/live')).status, 200);

  await server.start();
  await pod.event('save.done');
  assert.equal(await ready(), 200);
  await endsClean(pod, set);
});
