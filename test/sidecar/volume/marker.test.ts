import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { MarkerError, readMarker, writeMarker } from '../../../sidecar/src/volume/marker.ts';
import { unprivileged } from '../../support/other-user.ts';
import { TemporaryDirectory } from '../../support/temporary.ts';

/** What these tests take for a marker. */
interface Mark {
  readonly state: string;
  readonly last: number;
}

const live: Mark = { state: 'live', last: 7 };
const restoring: Mark = { state: 'restoring', last: 0 };

function parse(value: unknown): Mark | undefined {
  const mark = value as Mark | null;
  return typeof mark?.state === 'string' && typeof mark.last === 'number' ? mark : undefined;
}

function fileIn(volume: string): string {
  return join(volume, '.borg-volume-sync', 'state.json');
}

async function writeText(volume: string, text: string): Promise<void> {
  await mkdir(join(volume, '.borg-volume-sync'), { recursive: true });
  await writeFile(fileIn(volume), text);
}

test('a volume without a marker has none', async () => {
  await using volume = await TemporaryDirectory.make();
  assert.equal(await readMarker(volume.path, parse), undefined);
  await mkdir(join(volume.path, '.borg-volume-sync'));
  assert.equal(await readMarker(volume.path, parse), undefined);
});

for (const marker of [live, restoring]) {
  test(`a marker that says ${marker.state} comes back as it was written`, async () => {
    await using volume = await TemporaryDirectory.make();
    await writeMarker(volume.path, marker);
    assert.deepEqual(await readMarker(volume.path, parse), marker);
  });
}

test("a marker takes the former one's place and leaves nothing beside it", async () => {
  await using volume = await TemporaryDirectory.make();
  await writeMarker(volume.path, live);
  // A power cut in the middle of writing leaves this.
  await writeFile(`${fileIn(volume.path)}.new`, '{"state": "li'.padEnd(2_000));
  await writeMarker(volume.path, restoring);
  assert.equal((await readMarker(volume.path, parse))?.state, 'restoring');
  assert.deepEqual(await readdir(join(volume.path, '.borg-volume-sync')), ['state.json']);
});

test('only the owner reads a marker', async () => {
  await using volume = await TemporaryDirectory.make();
  await mkdir(join(volume.path, '.borg-volume-sync'), { mode: 0o777 });
  await writeMarker(volume.path, live);
  assert.equal((await stat(join(volume.path, '.borg-volume-sync'))).mode & 0o7777, 0o700);
  assert.equal((await stat(fileIn(volume.path))).mode & 0o777, 0o600);
});

test('a marker is on disk before it takes its place, and its place before the end', async ({ mock }) => {
  await using volume = await TemporaryDirectory.make();
  await writeMarker(volume.path, live);
  const handle = await open(volume.path, 'r');
  const { sync } = Object.getPrototypeOf(handle) as { sync(): Promise<void> };
  await handle.close();
  const seen: [marker: string, whole: boolean][] = [];
  mock.method(Object.getPrototypeOf(handle), 'sync', function (this: object) {
    const fresh = `${fileIn(volume.path)}.new`;
    const { state } = JSON.parse(readFileSync(fileIn(volume.path), 'utf8'));
    seen.push([state, existsSync(fresh) && readFileSync(fresh, 'utf8').endsWith('}\n')]);
    return sync.call(this);
  });
  await writeMarker(volume.path, restoring);
  assert.deepEqual(seen, [
    ['live', true],
    ['restoring', false],
    ['restoring', false],
  ]);
});

for (const [name, text] of [
  ['an empty file', ''],
  ['half a marker', JSON.stringify(live).slice(0, -1)],
  ['nothing', 'null'],
  ['a list', '[]'],
  ['a word', '"live"'],
  ['half of what it must say', JSON.stringify({ ...live, last: undefined })],
  ['a word in place of a number', JSON.stringify({ ...live, last: '7' })],
] as const) {
  test(`a marker with ${name} is refused and stays`, async () => {
    await using volume = await TemporaryDirectory.make();
    await writeText(volume.path, text);
    await assert.rejects(
      readMarker(volume.path, parse),
      new MarkerError(
        `${fileIn(volume.path)} is damaged or of another version of this program: the volume is left alone. Start with the version that wrote it, or with a new volume.`,
      ),
    );
    assert.equal(await readFile(fileIn(volume.path), 'utf8'), text);
  });
}

test('a marker with fields of a later version is read', async () => {
  await using volume = await TemporaryDirectory.make();
  await writeText(volume.path, JSON.stringify({ ...live, colour: 'red' }));
  assert.deepEqual(await readMarker(volume.path, parse), { ...live, colour: 'red' });
});

test('a marker that can not be read is none that is missing', async () => {
  await using volume = await TemporaryDirectory.make();
  await writeMarker(volume.path, live);
  await chmod(fileIn(volume.path), 0);
  await unprivileged(async () => {
    await assert.rejects(readMarker(volume.path, parse), (error) => {
      assert.ok(error instanceof MarkerError);
      assert.match(error.message, /state\.json can't be read \(EACCES.*\): correct its owner or mode\.$/);
      return true;
    });
  });
});

test('a directory in place of the marker is none that is missing', async () => {
  await using volume = await TemporaryDirectory.make();
  await mkdir(fileIn(volume.path), { recursive: true });
  await assert.rejects(readMarker(volume.path, parse), MarkerError);
});
