-- The zone's tables in SQL Server, version 1. What follows is a file of its own: a version that was released is never changed.
-- Texts are compared code by code, as names are ordered. Locks stay on rows: those of other customers are nobody's concern.
CREATE TABLE dbo.meta (
    name  nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    value varbinary(max) NOT NULL
);

CREATE TABLE dbo.customers (
    customer          nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    fence             bigint NOT NULL,
    owner_node        nvarchar(64) NOT NULL,
    owner_incarnation varbinary(64) NOT NULL,
    lock_generation   bigint NOT NULL,
    lifted_generation bigint NOT NULL,
    custody           varbinary(max) NOT NULL,
    custody_signature varbinary(max) NOT NULL,
    head              varbinary(max) NOT NULL,
    head_signature    varbinary(max) NOT NULL,
    rate_minute       bigint NOT NULL,
    rate_count        bigint NOT NULL,
    open_hand_offs    bigint NOT NULL,
    open_uses         bigint NOT NULL
);

-- The end of each chain; the cluster's own has the empty name and is there from the beginning, so that it can be locked.
CREATE TABLE dbo.chains (
    chain   nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    length  bigint NOT NULL,
    hash    varbinary(64) NOT NULL,
    entered bigint NOT NULL
);

INSERT INTO dbo.chains (chain, length, hash, entered) VALUES (N'', 0, CONVERT(binary(32), 0), 0);

-- Directory entries and rows. A row has no signature of its own: it stands under the head. Only a row has an epoch here.
CREATE TABLE dbo.entries (
    customer  nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL REFERENCES dbo.customers (customer),
    type      nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
    id        nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    statement varbinary(max) NOT NULL,
    signature varbinary(max) NULL,
    epoch     bigint NULL,
    PRIMARY KEY (customer, type, id)
);

CREATE INDEX entries_epoch ON dbo.entries (customer, epoch, id) WHERE type = 'row';

CREATE TABLE dbo.nodes (
    customer nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL REFERENCES dbo.customers (customer),
    position varbinary(64) NOT NULL,
    node     varbinary(max) NOT NULL,
    PRIMARY KEY (customer, position)
);

CREATE TABLE dbo.hand_offs (
    customer  nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL REFERENCES dbo.customers (customer),
    hand_off  varbinary(64) NOT NULL,
    agent     nvarchar(64) NOT NULL,
    request   varbinary(64) NOT NULL,
    attempt   bigint NOT NULL,
    state     nvarchar(64) NOT NULL,
    use_state nvarchar(64) NOT NULL,
    code      nvarchar(400) NOT NULL,
    intent    bigint NOT NULL,
    released  bigint NOT NULL,
    updated   bigint NOT NULL,
    is_open   bigint NOT NULL,
    PRIMARY KEY (customer, hand_off)
);

CREATE INDEX hand_offs_open ON dbo.hand_offs (customer, hand_off) WHERE is_open = 1;

CREATE TABLE dbo.idempotency (
    customer    nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL REFERENCES dbo.customers (customer),
    user_name   nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    request_key varbinary(64) NOT NULL,
    body        varbinary(64) NOT NULL,
    hand_off    varbinary(64) NOT NULL,
    result      bigint NOT NULL,
    expires     bigint NOT NULL,
    PRIMARY KEY (customer, user_name, request_key)
);

CREATE INDEX idempotency_expires ON dbo.idempotency (expires);

CREATE TABLE dbo.invitations (
    customer  nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL REFERENCES dbo.customers (customer),
    token     varbinary(64) NOT NULL,
    agent     nvarchar(64) NOT NULL,
    request   varbinary(max) NOT NULL,
    not_after bigint NOT NULL,
    redeemed  bigint NOT NULL,
    PRIMARY KEY (customer, token)
);

CREATE TABLE dbo.generations (
    customer   nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL REFERENCES dbo.customers (customer),
    agent      nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    boot       varbinary(64) NOT NULL,
    generation bigint NOT NULL,
    suspended  bigint NOT NULL,
    PRIMARY KEY (customer, agent)
);

CREATE TABLE dbo.batches (
    id        bigint IDENTITY (1, 1) NOT NULL PRIMARY KEY,
    statement varbinary(max) NOT NULL,
    signature varbinary(max) NOT NULL
);

-- Two blocks at one place of a chain cannot be: that no chain forks hangs on this key too, not only on locks.
CREATE TABLE dbo.blocks (
    chain    nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    position bigint NOT NULL,
    block    varbinary(max) NOT NULL,
    batch    bigint NOT NULL REFERENCES dbo.batches (id),
    place    bigint NOT NULL,
    path     varbinary(max) NOT NULL,
    PRIMARY KEY (chain, position)
);

ALTER TABLE dbo.customers SET (LOCK_ESCALATION = DISABLE);
ALTER TABLE dbo.chains SET (LOCK_ESCALATION = DISABLE);
ALTER TABLE dbo.entries SET (LOCK_ESCALATION = DISABLE);
ALTER TABLE dbo.nodes SET (LOCK_ESCALATION = DISABLE);
ALTER TABLE dbo.hand_offs SET (LOCK_ESCALATION = DISABLE);
ALTER TABLE dbo.idempotency SET (LOCK_ESCALATION = DISABLE);
ALTER TABLE dbo.invitations SET (LOCK_ESCALATION = DISABLE);
ALTER TABLE dbo.generations SET (LOCK_ESCALATION = DISABLE);
