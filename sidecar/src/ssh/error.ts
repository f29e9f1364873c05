/** A credential that a person has to correct. `message` is one sentence, without secrets. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
}
