-- The zone's tables in PostgreSQL, version 1. What follows is a file of its own: a version that was released is never changed.
-- Texts are compared byte by byte, as names are ordered; what is encrypted or signed is not worth compressing.
CREATE TABLE meta (
    name  text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);

CREATE TABLE customers (
    customer          text COLLATE "C" PRIMARY KEY,
    fence             bigint NOT NULL,
    owner_node        text NOT NULL,
    owner_incarnation bytea NOT NULL,
    lock_generation   bigint NOT NULL,
    lifted_generation bigint NOT NULL,
    custody           bytea NOT NULL,
    custody_signature bytea NOT NULL,
    head              bytea NOT NULL,
    head_signature    bytea NOT NULL,
    rate_minute       bigint NOT NULL,
    rate_count        bigint NOT NULL,
    open_hand_offs    bigint NOT NULL,
    open_uses         bigint NOT NULL
) WITH (fillfactor = 50);

-- The end of each chain; the cluster's own has the empty name and is there from the beginning, so that it can be locked.
CREATE TABLE chains (
    chain   text COLLATE "C" PRIMARY KEY,
    length  bigint NOT NULL,
    hash    bytea NOT NULL,
    entered bigint NOT NULL
) WITH (fillfactor = 50);

INSERT INTO chains (chain, length, hash, entered) VALUES ('', 0, decode(repeat('00', 32), 'hex'), 0);

-- Directory entries and rows. A row has no signature of its own: it stands under the head. Only a row has an epoch here.
CREATE TABLE entries (
    customer  text COLLATE "C" NOT NULL REFERENCES customers (customer),
    type      text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL,
    statement bytea NOT NULL,
    signature bytea,
    epoch     bigint,
    PRIMARY KEY (customer, type, id)
);

ALTER TABLE entries ALTER COLUMN statement SET STORAGE EXTERNAL;

CREATE INDEX entries_epoch ON entries (customer, epoch, id) WHERE type = 'row';

CREATE TABLE nodes (
    customer text COLLATE "C" NOT NULL REFERENCES customers (customer),
    position bytea NOT NULL,
    node     bytea NOT NULL,
    PRIMARY KEY (customer, position)
) WITH (fillfactor = 80);

CREATE TABLE hand_offs (
    customer  text COLLATE "C" NOT NULL REFERENCES customers (customer),
    hand_off  bytea NOT NULL,
    agent     text NOT NULL,
    request   bytea NOT NULL,
    attempt   bigint NOT NULL,
    state     text NOT NULL,
    use_state text NOT NULL,
    code      text NOT NULL,
    intent    bigint NOT NULL,
    released  bigint NOT NULL,
    updated   bigint NOT NULL,
    is_open   bigint NOT NULL,
    PRIMARY KEY (customer, hand_off)
) WITH (fillfactor = 80);

CREATE INDEX hand_offs_open ON hand_offs (customer, hand_off) WHERE is_open = 1;

CREATE TABLE idempotency (
    customer    text COLLATE "C" NOT NULL REFERENCES customers (customer),
    user_name   text COLLATE "C" NOT NULL,
    request_key bytea NOT NULL,
    body        bytea NOT NULL,
    hand_off    bytea NOT NULL,
    result      bigint NOT NULL,
    expires     bigint NOT NULL,
    PRIMARY KEY (customer, user_name, request_key)
);

CREATE INDEX idempotency_expires ON idempotency (expires);

CREATE TABLE invitations (
    customer  text COLLATE "C" NOT NULL REFERENCES customers (customer),
    token     bytea NOT NULL,
    agent     text NOT NULL,
    request   bytea NOT NULL,
    not_after bigint NOT NULL,
    redeemed  bigint NOT NULL,
    PRIMARY KEY (customer, token)
);

CREATE TABLE generations (
    customer   text COLLATE "C" NOT NULL REFERENCES customers (customer),
    agent      text COLLATE "C" NOT NULL,
    boot       bytea NOT NULL,
    generation bigint NOT NULL,
    suspended  bigint NOT NULL,
    PRIMARY KEY (customer, agent)
);

CREATE TABLE batches (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    statement bytea NOT NULL,
    signature bytea NOT NULL
);

-- Two blocks at one place of a chain cannot be: that no chain forks hangs on this key too, not only on locks.
CREATE TABLE blocks (
    chain    text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    block    bytea NOT NULL,
    batch    bigint NOT NULL REFERENCES batches (id),
    place    bigint NOT NULL,
    path     bytea NOT NULL,
    PRIMARY KEY (chain, position)
);

ALTER TABLE blocks ALTER COLUMN block SET STORAGE EXTERNAL;
