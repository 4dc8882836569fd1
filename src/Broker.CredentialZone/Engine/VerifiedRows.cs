using Broker.CredentialZone.Store;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Engine;

/// <summary>
/// Customers and ends of chains as this node last verified or wrote them. Another node may have written since: a row is trusted without
/// being verified again only when it is found as it is here, and it is locked when it is compared.
/// </summary>
/// <param name="max">How many of each are remembered; beyond it everything is forgotten.</param>
internal sealed class VerifiedRows(int max)
{
    private readonly Dictionary<string, CustomerRecord> _customers = [];
    private readonly Dictionary<string, ChainState> _chains = [];

    /// <summary>Whether customer and chain are as they were verified.</summary>
    public bool Holds(CustomerRecord customer, ChainState end) =>
        Holds(end) && _customers.TryGetValue(customer.Customer.Value, out var known) && IsSame(known, customer);

    /// <summary>Whether the chain ends where it was verified to.</summary>
    public bool Holds(ChainState end) => _chains.TryGetValue(end.Chain, out var known) && known == end;

    /// <summary>Remembers what a durable batch left. A customer whose chain is not among them is not trusted.</summary>
    public void Remember(IEnumerable<CustomerRecord?> customers, IEnumerable<ChainState> chains)
    {
        if (_customers.Count > max || _chains.Count > max)
        {
            Clear();
        }

        foreach (var customer in customers)
        {
            if (customer is not null)
            {
                _customers[customer.Customer.Value] = customer;
            }
        }

        foreach (var chain in chains)
        {
            _chains[chain.Chain] = chain;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _customers.Clear();
        _chains.Clear();
    }

    private static bool IsSame(CustomerRecord a, CustomerRecord b) =>
        a with { SignedCustody = b.SignedCustody, Custody = b.Custody, SignedHead = b.SignedHead, Head = b.Head } == b &&
        IsSame(a.SignedCustody, b.SignedCustody) && IsSame(a.SignedHead, b.SignedHead);

    private static bool IsSame(Signed a, Signed b) =>
        a.Statement.Span.SequenceEqual(b.Statement.Span) && a.Signature.Span.SequenceEqual(b.Signature.Span);
}
