// The tables of the journal. An operator reads them with: sqlite3 -readonly journal.db "SELECT * FROM records"
import { recordColumns } from './rows.ts';

/** Kept in `user_version`. */
export const schemaVersion = 1;

export const schema = `
CREATE TABLE records (
  seq INTEGER PRIMARY KEY,
  actor TEXT NOT NULL,
  machine TEXT NOT NULL,
  at INTEGER NOT NULL,       -- milliseconds since 1970, for display
  event_type TEXT NOT NULL,
  event TEXT NOT NULL,       -- JSON
  value TEXT NOT NULL,       -- JSON: the state after the event
  intents TEXT NOT NULL,     -- JSON array; an intent's id is <seq>.<position>
  cause TEXT,                -- JSON
  settles TEXT,              -- the id of the intent this event answers
  checksum INTEGER NOT NULL  -- CRC-32 of the other columns
);
CREATE INDEX records_by_actor ON records (actor);
CREATE TABLE snapshots (
  actor TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  snapshot TEXT              -- JSON; NULL for an actor that was forgotten at seq
) WITHOUT ROWID;
CREATE TABLE holder (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER, host TEXT, since INTEGER);
PRAGMA user_version = ${schemaVersion};
`;

/**
 * Records newer than their actor's snapshot. The recursion hops from one actor to the next in the index,
 * so that old records cost nothing at start.
 */
export const sinceSnapshots = `
WITH RECURSIVE actors (name) AS (
  SELECT min(actor) FROM records
  UNION ALL
  SELECT (SELECT min(actor) FROM records WHERE actor > actors.name) FROM actors WHERE actors.name IS NOT NULL
)
SELECT ${recordColumns
  .split(', ')
  .map((column) => `records.${column}`)
  .join(', ')}, records.checksum
FROM actors
CROSS JOIN records ON records.actor = actors.name
  AND records.seq > ifnull((SELECT snapshots.seq FROM snapshots WHERE snapshots.actor = actors.name), 0)
ORDER BY records.seq`;
