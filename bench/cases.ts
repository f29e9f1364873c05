import type { Case } from './case.ts';
import { chatty } from './cases/chatty.ts';
import { crowd } from './cases/crowd.ts';
import { database } from './cases/database.ts';
import { growth } from './cases/growth.ts';
import { idle } from './cases/idle.ts';
import { image } from './cases/image.ts';
import { memory } from './cases/memory.ts';
import { restore } from './cases/restore.ts';
import { rows } from './cases/rows.ts';
import { save } from './cases/save.ts';
import { sqlite } from './cases/sqlite.ts';
import { stop } from './cases/stop.ts';

/** In this order they run, and stand in the report. */
export const CASES: readonly Case[] = [
  restore,
  save,
  idle,
  memory,
  stop,
  crowd,
  rows,
  sqlite,
  database,
  growth,
  chatty,
  image,
];
