import type { Dated, Record } from './record.ts';
import type { Measured, Verdict } from './result.ts';
import { showCpu, showFigure, showLine, showWritten } from './show.ts';

/** All of a record: where it comes from, each promise, and what each figure is made of. */
export function markdown(record: Record): string {
  const { machine, results, command, date } = record;
  const versions = Object.entries(machine.versions).map(([name, version]) =>
    version.toLowerCase().includes(name.toLowerCase()) ? version : `${name} ${version}`,
  );
  const head = [
    `\`${command}\` on ${date.slice(0, 10)}: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; client and server on this one machine.`,
    `${versions.join('; ')}.`,
  ];
  return [...head, promises(results), ...results.map(details)].join('\n\n');
}

function promises(results: readonly Dated[]): string {
  const rows = results.flatMap(({ verdicts }) => verdicts.map(promise));
  return table(['', 'measured', 'budget', ''], rows);
}

function promise({ what, figure, budget, within }: Verdict): string[] {
  return [what, showFigure(figure), budget, within ? 'within' : '**over**'];
}

function details({ title, measured, notes, failed, tookSeconds, date }: Dated): string {
  const parts = [
    `### ${title}`,
    ...(measured.length > 0 ? [measurements(measured)] : []),
    ...notes,
    ...(failed === undefined ? [] : [`**Ended early:** ${cell(failed.split('\n', 1)[0] ?? '')}`]),
    `(${date.slice(0, 10)}, ${tookSeconds} s)`,
  ];
  return parts.join('\n\n');
}

function measurements(measured: readonly Measured[]): string {
  const head = [
    ...['', 'who', 'median (lowest to highest)', 'CPU s: client / ssh / server'],
    ...['MB written: node / server', 'MB sent / received'],
  ];
  if (measured.every(({ parts }) => parts === undefined)) {
    const rows = measured.map(({ what, who, figure }) => [what, who, showFigure(figure)]);
    return table(head.slice(0, 3), rows);
  }
  const rows = measured.map(({ what, who, figure, parts }) => [
    ...[what, who, showFigure(figure)],
    ...(parts ? [showCpu(parts), showWritten(parts), showLine(parts)] : ['', '', '']),
  ]);
  return table(head, rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
