// The tables of the journal. An operator reads them with: sqlite3 -readonly journal.sqlite "SELECT * FROM records"

/** Kept in `user_version`. */
export const schemaVersion = 3;

/** What a newer snapshot replaced, so that an actor can be rebuilt as it was when the oldest records are gone. */
const earlier = `
CREATE TABLE earlier (
  actor TEXT NOT NULL,
  seq INTEGER NOT NULL,
  snapshot TEXT NOT NULL,    -- JSON
  checksum INTEGER NOT NULL, -- CRC-32 of the other columns
  PRIMARY KEY (actor, seq)
) WITHOUT ROWID;
CREATE INDEX earlier_by_seq ON earlier (seq);
`;

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
  snapshot TEXT,             -- JSON; NULL for an actor that was forgotten at seq
  checksum INTEGER           -- CRC-32 of the other columns; NULL when version 1 wrote it
) WITHOUT ROWID;
${earlier}
CREATE TABLE holder (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER, host TEXT, since INTEGER, node TEXT);
CREATE TABLE coverage (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,      -- no actor has a record up to here that is newer than its snapshot
  checksum INTEGER NOT NULL
);
PRAGMA user_version = ${schemaVersion};
`;

/** From each version to the next; the first is for version 1. */
export const upgrades: readonly string[] = [
  `
  ALTER TABLE snapshots ADD COLUMN checksum INTEGER;
  ALTER TABLE holder ADD COLUMN node TEXT;
  CREATE TABLE coverage (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, checksum INTEGER NOT NULL);
  PRAGMA user_version = 2;
  `,
  `${earlier} PRAGMA user_version = 3;`,
];
