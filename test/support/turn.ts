/** Resolves once all that was settled has been acted upon: microtasks run before it. */
export { setImmediate as turn } from 'node:timers/promises';
