import { describeProgress } from './progress.ts';
import type { Status } from './status.ts';

const REFRESH_SECONDS = 5;

/** The status page: plain HTML without a script. */
export function renderPage(status: Status): string {
  const rows = Object.entries(describe(status)).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [`<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`],
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<title>${escapeHtml(status.set)}: ${escapeHtml(status.state)}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
th { text-align: left; vertical-align: top; padding-right: 1.5rem; font-weight: 600; white-space: nowrap; }
td { overflow-wrap: anywhere; }
[role=alert] { border-left: .3rem solid #c00; padding-left: 1rem; }
</style>
</head>
<body>
<h1>${escapeHtml(status.set)}: ${escapeHtml(status.state)}</h1>
${status.failure ? `<p role="alert">${escapeHtml(status.failure.message)} (since ${escapeHtml(status.failure.since)})</p>` : ''}
<table>
${rows.join('\n')}
</table>
</body>
</html>
`;
}

function describe(status: Status): Record<string, string | undefined> {
  const { restoring, unreadable, sizeLimitBytes } = status;
  const limit = sizeLimitBytes === undefined ? '' : ` of ${sizeLimitBytes}`;
  return {
    'Application may run': status.ready ? 'yes' : 'no',
    Restoring: restoring && describeProgress(restoring),
    'Restored from': status.restored,
    'Last archive': status.lastArchive,
    'Last success': status.lastSuccess,
    'Unsaved change since': status.unsavedSince,
    Volume: `${status.files} files, ${status.bytes}${limit} bytes`,
    'Not readable': unreadable.length > 0 ? unreadable.join(', ') : undefined,
    Repository: status.repository,
    'Repository id': status.repositoryId,
    Writer: status.writer,
    Version: status.version,
  };
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
