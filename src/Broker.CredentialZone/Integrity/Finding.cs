namespace Broker.CredentialZone.Integrity;

/// <summary>Something in a store that is not as it was signed.</summary>
/// <param name="Customer">Whose; empty for the cluster's.</param>
/// <param name="Code">A stable code, as an operation that met it would be refused.</param>
/// <param name="Detail">What contradicts what.</param>
internal sealed record Finding(string Customer, string Code, string Detail)
{
    /// <inheritdoc/>
    public override string ToString() => $"{(Customer.Length == 0 ? "the cluster's chain" : $"customer {Customer}")}: {Code}: {Detail}";
}

/// <summary>What was verified of a store.</summary>
internal sealed class Verification
{
    private const int MaxFindings = 100;

    private readonly List<Finding> _findings = [];

    /// <summary>What does not hold; the first hundred.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Customers walked, with the counter of their head.</summary>
    public List<(string Customer, ulong Head)> Customers { get; } = [];

    /// <summary>Customers whose tables were not compared with their chain, and why.</summary>
    public List<string> NotCompared { get; } = [];

    /// <summary>Blocks of all chains.</summary>
    public ulong Blocks { get; set; }

    /// <summary>Directory entries.</summary>
    public ulong Entries { get; set; }

    /// <summary>Rows: their leaves were compared, none was opened.</summary>
    public ulong Rows { get; set; }

    /// <summary>Hand-offs.</summary>
    public ulong HandOffs { get; set; }

    /// <summary>Adds a finding.</summary>
    public void Add(string customer, string code, string detail)
    {
        if (_findings.Count < MaxFindings)
        {
            _findings.Add(new Finding(customer, code, detail));
        }
    }
}
