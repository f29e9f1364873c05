import { readOrder } from './order.ts';
import { boot } from './rows/boot.ts';
import { chooseFork, forksToDelete } from './rows/fenced.ts';
import {
  chooseGuard,
  chooseNeed,
  chooseTry,
  chooseUnclaimed,
  heldAbove,
  isHead,
  mayArchive,
  resync,
  savedAfterRestart,
  savedWhileCreating,
  sayEnding,
  whoseName,
} from './rows/live.ts';
import { chooseDeletions, recordsBelow } from './rows/retention.ts';
import {
  chooseClaim,
  chooseTarget,
  findObstacle,
  inherit,
  isConfirmed,
  isPastLock,
  isRequested,
  isUnchanged,
  mustRecord,
  noteWriter,
  waitUntil,
} from './rows/start.ts';
import { chooseChore } from './rows/upkeep.ts';

/**
 * The state table of the order: every decision that it takes, as functions of what is known. What is done about them
 * is in `start.ts`, `live.ts`, `unclaimed.ts` and `fenced.ts`, which get the table passed in, so that the simulator can
 * take a rule out and see what it was for.
 */
export const TABLE = {
  readOrder,
  boot,
  isPastLock,
  findObstacle,
  noteWriter,
  waitUntil,
  isRequested,
  chooseTarget,
  chooseClaim,
  inherit,
  isConfirmed,
  isUnchanged,
  mustRecord,
  resync,
  savedAfterRestart,
  chooseUnclaimed,
  heldAbove,
  chooseNeed,
  sayEnding,
  savedWhileCreating,
  chooseTry,
  chooseGuard,
  mayArchive,
  whoseName,
  isHead,
  chooseDeletions,
  recordsBelow,
  chooseFork,
  forksToDelete,
  chooseChore,
};

export type Table = typeof TABLE;
