import type { Mutation } from '../world/cluster.ts';

/** The protocol without one of its rules. */
export interface Mutant {
  /** The scenario that it fails. */
  readonly rule: string;
  /** What it does instead. */
  readonly title: string;
  readonly mutation: Mutation;
}

/** The same port, but for some of its methods. */
export function override<Port extends object>(port: Port, methods: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Names that are chosen when the delete happens, not when the list was read. */
export function lateNames(isChosen: (name: string) => boolean): readonly string[] {
  return Object.assign(['…'], { includes: isChosen });
}
