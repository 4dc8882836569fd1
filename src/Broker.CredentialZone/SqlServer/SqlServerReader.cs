using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.SqlServer;

/// <summary>
/// The tables, read where there is no snapshot: what belongs to a customer is changed only by who has its row locked, so the row is held
/// while its parts are read.
/// </summary>
internal sealed class SqlServerReader(ISqlSession session) : SqlReader(session, SqlServerTexts.All)
{
    private readonly HashSet<Name> _held = [];

    /// <inheritdoc/>
    public override CustomerRecord? Customer(Name customer)
    {
        _held.Add(customer);
        return Session.Query(SqlServerTexts.CustomerKept, customer) is [var row, ..] ? ReadCustomer(row, customer) : null;
    }

    /// <inheritdoc/>
    public override ChainState Chain(string chain) =>
        ReadChain(Session.Query(SqlServerTexts.ChainKept, chain) is [var row, ..] ? row : null, chain);

    /// <inheritdoc/>
    protected override void Enter(Name customer)
    {
        if (_held.Add(customer))
        {
            Session.Query(SqlServerTexts.CustomerKept, customer);
        }
    }
}
