-- The zone's tables in SQLite. A change of this file raises SqliteSchema.Version and brings a step that leads there.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
    customer          TEXT PRIMARY KEY,
    fence             INTEGER NOT NULL,
    owner_node        TEXT NOT NULL,
    owner_incarnation BLOB NOT NULL,
    lock_generation   INTEGER NOT NULL,
    lifted_generation INTEGER NOT NULL,
    custody           BLOB NOT NULL,
    custody_signature BLOB NOT NULL,
    head              BLOB NOT NULL,
    head_signature    BLOB NOT NULL,
    rate_minute       INTEGER NOT NULL,
    rate_count        INTEGER NOT NULL,
    open_hand_offs    INTEGER NOT NULL,
    open_uses         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The end of each chain; the cluster's own has the empty name.
CREATE TABLE chains (
    chain   TEXT PRIMARY KEY,
    length  INTEGER NOT NULL,
    hash    BLOB NOT NULL,
    entered INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Directory entries and rows. A row has no signature of its own: it stands under the head. Only a row has an epoch here.
CREATE TABLE entries (
    customer  TEXT NOT NULL REFERENCES customers (customer),
    type      TEXT NOT NULL,
    id        TEXT NOT NULL,
    statement BLOB NOT NULL,
    signature BLOB,
    epoch     INTEGER,
    UNIQUE (customer, type, id)
) STRICT;

-- Behind the epoch comes the row id, which is the place that SqlitePlace gives a row: rotation goes in that order.
CREATE INDEX entries_place ON entries (customer, epoch) WHERE type = 'row';

CREATE TABLE nodes (
    customer TEXT NOT NULL REFERENCES customers (customer),
    position BLOB NOT NULL,
    node     BLOB NOT NULL,
    PRIMARY KEY (customer, position)
) STRICT, WITHOUT ROWID;

-- In the order of their insertion: ids are random, and what changes is what is new, so that all changes of a moment stand on few pages.
CREATE TABLE hand_offs (
    customer  TEXT NOT NULL REFERENCES customers (customer),
    hand_off  BLOB NOT NULL,
    agent     TEXT NOT NULL,
    request   BLOB NOT NULL,
    attempt   INTEGER NOT NULL,
    state     TEXT NOT NULL,
    use_state TEXT NOT NULL,
    code      TEXT NOT NULL,
    intent    INTEGER NOT NULL,
    released  INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    open      INTEGER NOT NULL,
    PRIMARY KEY (customer, hand_off)
) STRICT;

CREATE INDEX hand_offs_open ON hand_offs (customer, hand_off) WHERE open = 1;

CREATE TABLE idempotency (
    customer TEXT NOT NULL REFERENCES customers (customer),
    user     TEXT NOT NULL,
    key      BLOB NOT NULL,
    body     BLOB NOT NULL,
    hand_off BLOB NOT NULL,
    result   INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    PRIMARY KEY (customer, user, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_expires ON idempotency (expires);

CREATE TABLE invitations (
    customer  TEXT NOT NULL REFERENCES customers (customer),
    token     BLOB NOT NULL,
    agent     TEXT NOT NULL,
    request   BLOB NOT NULL,
    not_after INTEGER NOT NULL,
    redeemed  INTEGER NOT NULL,
    PRIMARY KEY (customer, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE generations (
    customer   TEXT NOT NULL REFERENCES customers (customer),
    agent      TEXT NOT NULL,
    boot       BLOB NOT NULL,
    generation INTEGER NOT NULL,
    suspended  INTEGER NOT NULL,
    PRIMARY KEY (customer, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
    id        INTEGER PRIMARY KEY,
    statement BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;

CREATE TABLE blocks (
    chain    TEXT NOT NULL,
    position INTEGER NOT NULL,
    block    BLOB NOT NULL,
    batch    INTEGER NOT NULL REFERENCES batches (id),
    place    INTEGER NOT NULL,
    path     BLOB NOT NULL,
    UNIQUE (chain, position)
) STRICT;
