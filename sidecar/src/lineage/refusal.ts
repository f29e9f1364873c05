/** The volume or the repository is not what it was: the program must not go on by itself. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A name that a list did not show is taken: the list is read again. */
export class NameTaken extends Error {
  override readonly name = 'NameTaken';

  constructor(archive: string) {
    super(`The archive ${archive} is there, although a list does not show it: the list is read again.`);
  }
}
