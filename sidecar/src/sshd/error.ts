/** What a person has to correct before the server can serve. `message` is one sentence or more, without secrets. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
}
