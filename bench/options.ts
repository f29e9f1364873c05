import { parseArgs } from 'node:util';
import type { Level } from './case.ts';

export interface Options {
  readonly level: Level;
  /** None: all that belong to the level. */
  readonly only: readonly string[];
  /** Where the results go as JSON, beside the usual place. */
  readonly json: string | undefined;
}

const USAGE = `npm run bench -- [--quick | --soak] [--only NAME…] [--json FILE]

  --quick       about three and a half minutes, with small volumes and few runs
  --soak        only what takes longer than the usual three quarters of an hour
  --only NAME…  these cases, at the sizes of the level
  --json FILE   writes the results there too`;

/** Throws a sentence for whoever typed it. */
export function parseOptions(args: readonly string[], names: readonly string[]): Options {
  const { values, positionals } = parse(args);
  const only = [...(values.only ?? []), ...positionals];
  if (positionals.length > 0 && values.only === undefined)
    throw new Error(`"${positionals[0]}" is not understood.\n\n${USAGE}`);
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`There is no case ${unknown.join(', ')}: ${names.join(', ')}.`);
  if (values.quick && values.soak) throw new Error('Either --quick or --soak.');
  return { level: values.quick ? 'quick' : values.soak ? 'soak' : 'full', only, json: values.json };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        soak: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        json: { type: 'string' },
      },
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`);
  }
}
