import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { renderPage } from '../../../sidecar/src/server/page.ts';
import type { Status } from '../../../sidecar/src/server/status.ts';

const first: Status = {
  set: 'grafana',
  version: '1.2.3',
  state: 'starting',
  ready: false,
  repository: 'borg@nas:/srv/grafana',
  repositoryId: undefined,
  writer: undefined,
  claimed: undefined,
  head: undefined,
  waitingFor: undefined,
  fencedBy: undefined,
  forks: [],
  held: [],
  strays: [],
  restored: undefined,
  restoring: undefined,
  lastArchive: undefined,
  lastSuccess: undefined,
  unsavedSince: undefined,
  files: 0,
  bytes: 0,
  sizeLimitBytes: undefined,
  unreadable: [],
  failure: undefined,
};

/** The table of a page: the text of each cell by that of its head. */
function rowsOf(page: string): Record<string, string> {
  const cells = page.matchAll(/<tr><th scope="row">(.*?)<\/th><td>(.*?)<\/td><\/tr>/g);
  return Object.fromEntries([...cells].map(([, head, cell]) => [head, cell]));
}

test('before anything is known the page says little', () => {
  assert.deepEqual(rowsOf(renderPage(first)), {
    'Application may run': 'no',
    Volume: '0 files, 0 bytes',
    Repository: 'borg@nas:/srv/grafana',
    Version: '1.2.3',
  });
});

test('what is known is on the page', () => {
  const status: Status = {
    ...first,
    state: 'live',
    ready: true,
    repositoryId: 'abc',
    writer: '0123',
    restored: 'grafana-0000000006',
    lastArchive: 'grafana-0000000007',
    lastSuccess: '2026-01-02T03:04:05.000Z',
    unsavedSince: '2026-01-02T03:05:05.000Z',
    files: 3,
    bytes: 4_096,
    unreadable: ['a', 'b/c'],
  };
  assert.deepEqual(rowsOf(renderPage(status)), {
    'Application may run': 'yes',
    'Restored from': 'grafana-0000000006',
    'Last archive': 'grafana-0000000007',
    'Last success': '2026-01-02T03:04:05.000Z',
    'Unsaved change since': '2026-01-02T03:05:05.000Z',
    Volume: '3 files, 4096 bytes',
    'Not readable': 'a, b/c',
    Repository: 'borg@nas:/srv/grafana',
    'Repository id': 'abc',
    Writer: '0123',
    Version: '1.2.3',
  });
  assert.match(renderPage(status), /<title>grafana: live<\/title>/);
});

test("the volume's limit is on the page where it is known", () => {
  const page = renderPage({ ...first, files: 3, bytes: 4_096, sizeLimitBytes: 8_192 });
  assert.equal(rowsOf(page).Volume, '3 files, 4096 of 8192 bytes');
});

test('how far a restore is stands on the page', () => {
  const unknown = { ofEntries: undefined, bytes: undefined, ofBytes: undefined };
  const restoring = {
    ...{ percent: undefined, entries: 5, ...unknown, bytesPerSecond: undefined, secondsLeft: undefined },
  };
  assert.equal(rowsOf(renderPage({ ...first, restoring })).Restoring, '5 of ? entries');
});

test('a failure is an alert above the table, and gone with it', () => {
  const failure = {
    reason: 'locked',
    message: 'The repository is locked.',
    since: '2026-01-02T03:04:05.000Z',
  };
  const page = renderPage({ ...first, failure });
  assert.match(
    page,
    /<p role="alert">The repository is locked\. \(since 2026-01-02T03:04:05\.000Z\)<\/p>\s*<table>/,
  );
  assert.doesNotMatch(renderPage(first), /<p role="alert">/);
});

describe('what comes from outside', () => {
  const evil = `</td><script>alert("1")</script><img src=x onerror='a'>&lt;`;
  const escaped = `&lt;/td&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src=x onerror='a'&gt;&amp;lt;`;
  const places: Partial<Status>[] = [
    { set: evil },
    { state: evil },
    { version: evil },
    { repository: evil },
    { repositoryId: evil },
    { writer: evil },
    { restored: evil },
    { lastArchive: evil },
    { unreadable: ['a', evil] },
    { failure: { reason: evil, message: evil, since: evil } },
  ];
  for (const place of places) {
    test(`is text in: ${Object.keys(place)}`, () => {
      const page = renderPage({ ...first, ...place });
      assert.ok(page.includes(escaped), page);
      assert.ok(!page.includes(evil.slice(0, 8)));
      assert.doesNotMatch(page, /<script|<img/);
    });
  }
});

test('the page has no script, loads nothing and looks again by itself', () => {
  const page = renderPage({ ...first, ready: true, failure: { reason: 'a', message: 'b', since: 'c' } });
  assert.doesNotMatch(page, /<script|javascript:|\son[a-z]+=|src=|href=|url\(|@import/i);
  assert.match(page, /<meta http-equiv="refresh" content="\d+">/);
  assert.match(page, /^<!doctype html>\n<html lang="en">/);
});
