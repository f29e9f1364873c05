import { Refusal } from './failure.ts';

/** Refuses another repository than the one that is pinned. */
export function checkRepositoryId(found: string, pinned: string | undefined): void {
  if (pinned !== undefined && found !== pinned) {
    throw new Refusal(
      'wrong-repository',
      `The repository has the id ${found}, but REPOSITORY_ID is ${pinned}: correct REPO_BASE or ARCHIVE_NAME, or REPOSITORY_ID if the repository was replaced on purpose.`,
    );
  }
}
