namespace Broker.Console.Audit;

/// <summary>Where a chain breaks.</summary>
internal sealed record AuditBreak(string Chain, ulong Position, string Code, string Detail);

/// <summary>Those who hold custody accepted a head.</summary>
/// <param name="Position">Position of the block.</param>
/// <param name="Code">Why they had to.</param>
/// <param name="Accepted">Counter of the head that they accepted.</param>
/// <param name="Seen">Highest counter that a witness told; 0 where there was none.</param>
/// <param name="Next">Counter of the head that followed.</param>
internal sealed record AuditRestoration(ulong Position, string Code, ulong Accepted, ulong Seen, ulong Next)
{
    public override string ToString() =>
        $"at {Position} custodians accepted head {Accepted} ({Code}" + (Seen > 0 ? $", {Seen} was seen" : "") + $"); head {Next} followed";
}

/// <summary>Result of <c>audit verify</c>.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Identity">Fingerprint of the identity key by which the chain was verified.</param>
/// <param name="IdentityPinned">Whether that fingerprint was known before, and not only read from the export.</param>
/// <param name="Blocks">Blocks of the customer's chain that hold.</param>
/// <param name="ClusterBlocks">Blocks of the cluster's chain that hold.</param>
/// <param name="Hash">Hash of the last block that holds.</param>
/// <param name="Requests">Users' requests whose signatures, roles and numbers were verified.</param>
/// <param name="HandOffs">Hand-offs.</param>
/// <param name="OpenHandOffs">Those of them without an outcome.</param>
/// <param name="Kinds">Blocks of each kind.</param>
/// <param name="NotChecked">What this verification does not show.</param>
/// <param name="Break">Where it breaks, or null.</param>
internal sealed record AuditReport(
    string Customer, string Identity, bool IdentityPinned, ulong Blocks, ulong ClusterBlocks, string Hash, ulong Requests, int HandOffs,
    int OpenHandOffs, IReadOnlyDictionary<string, ulong> Kinds, IReadOnlyList<string> NotChecked, AuditBreak? Break)
{
    /// <summary>Heads that custodians accepted without proof that they were the newest.</summary>
    public IReadOnlyList<AuditRestoration> Restorations { get; init; } = [];

    public void Write(TextWriter o)
    {
        o.WriteLine($"{Customer}: {Blocks} blocks and {ClusterBlocks} of the cluster's chain hold; last {Hash}");
        o.WriteLine($"identity   {Identity}{(IdentityPinned ? ", the pinned one" : "")}");
        o.WriteLine($"kinds      {string.Join(", ", Kinds.Select(static k => $"{k.Value} {k.Key}"))}");
        o.WriteLine($"requests   {Requests} verified by signature, role and number of administrators");
        o.WriteLine($"hand-offs  {HandOffs}, {OpenHandOffs} open");
        foreach (var restored in Restorations)
            o.WriteLine("restored   " + restored);
        foreach (var note in NotChecked)
            o.WriteLine("not shown  " + note);
        o.WriteLine(
            Break is null ? "verified" : $"BROKEN     chain {Break.Chain}, position {Break.Position}: {Break.Code}: {Break.Detail}");
    }
}
