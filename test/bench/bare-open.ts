// The least that a start takes: Node itself, and reading what the journal keeps of every actor.
import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(process.argv[2] ?? '');
const lastSeq = database.prepare('SELECT max(seq) AS seq FROM records').get()?.['seq'];
const snapshots = database.prepare('SELECT snapshot FROM snapshots').all();
for (const { snapshot } of snapshots) JSON.parse(String(snapshot));
console.log(`${String(snapshots.length)} actors, ${String(lastSeq)} records`);
database.close();
