import leven from 'leven';
import {
  type Declaration,
  declarations,
  OWNED_BORG_VARIABLES,
  type SettingName,
  type Settings,
} from '../settings.ts';
import { findConflicts } from './conflicts.ts';
import type { Milliseconds } from './kinds.ts';

/** The variables of an environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What came of an environment: settings only where there is no problem. */
export interface Parsed {
  readonly settings: Settings | undefined;
  /** What must be corrected: a sentence each. */
  readonly problems: readonly string[];
  /** What a person should know, though the program can run. */
  readonly warnings: readonly string[];
}

const names = Object.keys(declarations) as SettingName[];

/**
 * Reads all settings from an environment. An empty variable counts as a missing one.
 *
 * @param ownUid the user that the program runs as
 * @param leastBeyondFinal see `findConflicts`
 */
export function parseSettings(
  environment: Environment,
  ownUid: number,
  leastBeyondFinal?: Milliseconds,
): Parsed {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const declaration: Declaration = declarations[name];
    const text = given(environment, name) || declaration.default;
    if (text !== undefined) {
      values[name] = declaration.kind.parse(text);
      if (values[name] === undefined) {
        problems.push(`${name} is ${shown(declaration, text)}: expected ${declaration.kind.expects}.`);
      }
    } else if (declaration.required) {
      problems.push(`${name} is missing: expected ${declaration.kind.expects}.`);
    }
  }
  const settings = { ...values, passedOn: passedOnVariables(environment) } as Settings;
  problems.push(...findConflicts(settings, ownUid, leastBeyondFinal));
  return {
    settings: problems.length === 0 ? settings : undefined,
    problems,
    warnings: [...findWarnings(environment), ...ignoredFlags(settings)],
  };
}

/** What somebody set. Kubernetes itself sets `HTTP_PORT` where the namespace has a Service called `http`. */
function given(environment: Environment, name: string): string | undefined {
  return isServiceLink(environment[name]) ? undefined : environment[name];
}

function isServiceLink(value: string | undefined): boolean {
  return /^(?:tcp|udp|sctp):\/\//.test(value ?? '');
}

function shown(declaration: Declaration, text: string): string {
  // A password has no place in a URL here; whoever puts one there must not find it in a log.
  const harmless = text.replace(/(\/\/[^/@:\s]*):[^/@\s]*@/, '$1:…@');
  return declaration.secret ? 'not readable (its value is not shown)' : JSON.stringify(harmless);
}

function passedOnVariables(environment: Environment): Record<string, string> {
  const passedOn: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const own = names.some((own) => own === name) || OWNED_BORG_VARIABLES.includes(name);
    if (name.startsWith('BORG_') && !own && !isMisspelt(name) && value) {
      passedOn[name] = value;
    }
  }
  return passedOn;
}

function findWarnings(environment: Environment): string[] {
  const warnings: string[] = [];
  for (const name of Object.keys(environment)) {
    if (names.some((known) => known === name) && isServiceLink(environment[name])) {
      warnings.push(`${name} is "${environment[name]}", which Kubernetes sets for a Service: it is ignored.`);
    } else if (OWNED_BORG_VARIABLES.includes(name)) {
      warnings.push(`${name} is set by this program itself: the value given is ignored.`);
    } else if (isMisspelt(name)) {
      warnings.push(`${name} is not a setting and is ignored: did you mean ${nearest(name)}?`);
    }
  }
  return warnings;
}

function ignoredFlags({ PRUNE_FLAGS }: Partial<Settings>): string[] {
  const ignored = PRUNE_FLAGS === undefined || PRUNE_FLAGS === 'none' ? [] : PRUNE_FLAGS.ignored;
  return ignored.length > 0
    ? [`PRUNE_FLAGS has ${ignored.join(', ')}, which only change what borg prints: they are ignored.`]
    : [];
}

// Two letters off is a slip; in a short name that would be another word.
const MOST_LETTERS_OFF = 2;

function isMisspelt(name: string): boolean {
  const known = [...names, ...OWNED_BORG_VARIABLES];
  return name.length >= 7 && !known.includes(name) && leven(name, nearest(name)) <= MOST_LETTERS_OFF;
}

function nearest(name: string): string {
  const distances = names.map((known) => ({ known, distance: leven(name, known) }));
  return distances.reduce((best, next) => (next.distance < best.distance ? next : best)).known;
}
