// Looks at every page, every checksum and every seq of a journal file. Takes its time.
import { openFault } from './faults.ts';
import { type JournalFile, openJournalFile } from './file.ts';
import { coverageOf, earlierRows, snapshotRows } from './stored.ts';
import { walDamage } from './wal.ts';

const findingsMax = 20;

/** One sentence for each thing that is wrong; empty when all is well. Throws as `openJournalFile` does. */
export function checkJournalFile(name: string): string[] {
  const wal = walDamage(name);
  const file = openJournalFile(name);
  try {
    const findings = [
      ...(wal === null ? [] : [wal]),
      ...attempt(name, () => pagesOf(file)),
      ...attempt(name, () => recordsOf(file)),
      ...attempt(name, () => (snapshotRows(file.database), earlierRows(file.database), [])),
      ...attempt(name, () => coverageAhead(file)),
    ];
    return findings.length <= findingsMax ? findings : [...findings.slice(0, findingsMax), 'and more'];
  } finally {
    file.close();
  }
}

function attempt(name: string, check: () => string[]): string[] {
  try {
    return check();
  } catch (error) {
    const { message, cause } = openFault(name, error);
    return [cause instanceof Error ? cause.message : message];
  }
}

function pagesOf({ database }: JournalFile): string[] {
  const rows = database.prepare(`PRAGMA integrity_check(${findingsMax})`).all();
  return rows.map((row) => String(Object.values(row)[0])).filter((finding) => finding !== 'ok');
}

function recordsOf(file: JournalFile): string[] {
  const findings: string[] = [];
  for (const line of file.lines()) {
    if ('unreadable' in line) findings.push(`record ${line.unreadable}: ${line.reason}`);
    if (findings.length > findingsMax) break;
  }
  return findings;
}

function coverageAhead(file: JournalFile): string[] {
  const { database } = file;
  const { lastSeq } = file.info();
  const newest = Number(database.prepare('SELECT max(seq) AS seq FROM snapshots').get()?.['seq'] ?? 0);
  const covered = Math.max(newest, coverageOf(database));
  return covered > lastSeq ? [`snapshots know record ${covered}, and the last one here is ${lastSeq}`] : [];
}
