namespace Broker.EndToEnd.Tests.Histories;

/// <summary>What a run under faults left behind, gathered when everything stood still again.</summary>
/// <param name="Items">One for each credential of the load: put once, launched once.</param>
/// <param name="Nodes">The nodes of the DMZ at rest.</param>
/// <param name="Faults">What was done to the cluster, in order.</param>
internal sealed record History(
    IReadOnlyList<HistoryItem> Items, IReadOnlyList<NodeAtRest> Nodes, IReadOnlyList<FaultRecord> Faults);

/// <summary>One credential and its launch, as client, zone, agent and ledger tell of them.</summary>
/// <param name="Name">The credential.</param>
internal sealed record HistoryItem(string Name)
{
    /// <summary>The put was acknowledged to the client: from then on it must not be lost.</summary>
    public bool IsPut { get; init; }

    /// <summary>How often it arrived when it was launched once more at the end; null when that was not tried.</summary>
    public int? Final { get; init; }

    /// <summary>How many of those launches may have arrived: all but what was certainly not sent.</summary>
    public int FinalTries { get; init; } = 1;

    /// <summary>The launch was accepted: from then on it must end.</summary>
    public bool IsAccepted { get; init; }

    /// <summary>State of the hand-off as the zone's journal says it; null when the journal does not know it.</summary>
    public string? State { get; init; }

    /// <summary>State of its use as the journal says it.</summary>
    public string UseState { get; init; } = "";

    /// <summary>How often the agent wrote down what it opened.</summary>
    public int Opened { get; init; }

    /// <summary>An intent stands in the exported ledger.</summary>
    public bool HasIntent { get; init; }

    /// <summary>Outcomes of the hand-off in the exported ledger.</summary>
    public IReadOnlyList<string> Outcomes { get; init; } = [];

    /// <summary>Outcomes of its use in the exported ledger.</summary>
    public IReadOnlyList<string> UseOutcomes { get; init; } = [];
}

/// <summary>A node when nothing is under way any more.</summary>
/// <param name="Node">Its name.</param>
/// <param name="SecretBytes">Live secret bytes by its gauge.</param>
/// <param name="RestBytes">What it needs at rest: the customers that it holds, and nothing in flight.</param>
internal sealed record NodeAtRest(string Node, long SecretBytes, long RestBytes);

/// <summary>One fault.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="HoldersLeft">Holders of the customer that lived through it.</param>
/// <param name="AskedToUnlock">Whether the customer was locked everywhere when it was over.</param>
internal sealed record FaultRecord(string Kind, int HoldersLeft, bool AskedToUnlock);
