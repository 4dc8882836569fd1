using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Relational;

namespace Broker.CredentialZone.Postgres;

/// <summary>The tables, written. What a batch begins with is one round trip: the transaction, the locks, the ledger's key.</summary>
/// <param name="session">The connection.</param>
/// <param name="options">The server.</param>
internal sealed class PostgresWriter(PostgresWriteSession session, PostgresOptions options)
    : SqlWriter(session, PostgresTexts.All, options.MaxBytes)
{
    private const int Every = 64;

    private byte[]? _ledgerKey;
    private int _batches;

    /// <inheritdoc/>
    public override void Lock(IReadOnlyCollection<string> names)
    {
        var all = SqlValue.Texts([.. names]);
        var isWhole = _batches++ % Every == 0;
        var read = session.QueryAll(
        [
            new(PostgresTexts.LockCustomers, [all]), new(PostgresTexts.LockChains, [all]),
            new(Texts.MetaHeld, [ZoneStore.LedgerKey]),
            new(isWhole ? PostgresDurability.All : PostgresDurability.Commit, []),
        ]);
        foreach (var name in names)
        {
            Found(name, null);
            FoundChain(name, null);
        }

        foreach (var row in read[0])
        {
            Found(row.Text(0), row);
        }

        foreach (var row in read[1])
        {
            FoundChain(row.Text(0), row);
        }

        _ledgerKey = read[2] is [var key, ..] ? key.Bytes(0) : null;
        if (isWhole)
        {
            PostgresDurability.Judge(read[3][0], options.AcceptLoss);
        }
        else if (!options.AcceptLoss)
        {
            PostgresDurability.JudgeCommit(read[3][0]);
        }
    }

    /// <inheritdoc/>
    public override byte[]? Meta(string key) => InTransaction && key == ZoneStore.LedgerKey && _ledgerKey is { } known
        ? known : base.Meta(key);

    /// <inheritdoc/>
    public override void SetMeta(string key, ReadOnlySpan<byte> value)
    {
        _ledgerKey = null;
        base.SetMeta(key, value);
    }

    /// <inheritdoc/>
    public override void Begin()
    {
        _ledgerKey = null;
        base.Begin();
    }
}
