import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../../test/support/paths.ts';
import { defineCase } from '../case.ts';
import { figure } from '../result.ts';

const MB = 1_000_000;
const MOST_MB = 15;

export const image = defineCase<undefined>({
  name: 'image',
  title: "What the image holds beside Borg's and Node's own files",
  sizes: { quick: undefined, full: undefined },
  async run(_size, notebook) {
    const bundle = await stat(join(repositoryRoot, 'sidecar', 'dist', 'main.js'));
    notebook.atMost('the program, as one file', figure('MB', bundle.size / MB), MOST_MB);
    notebook.note('ssh and tini come on top of it; they are counted when there is an image.');
  },
});
