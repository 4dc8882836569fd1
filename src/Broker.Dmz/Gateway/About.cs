namespace Broker.Dmz.Gateway;

/// <summary>What the API's description says of a call, beyond its types.</summary>
/// <param name="Operation">The operation's id, for generated clients.</param>
/// <param name="Summary">What it does, in one line.</param>
/// <param name="Query">Its query parameters.</param>
internal sealed record About(string Operation, string Summary, params IReadOnlyList<QueryAbout> Query)
{
    /// <summary>Whether the token of a login is needed.</summary>
    public bool NeedsToken { get; init; }

    /// <summary>Statuses of the problems that it may answer, besides those of every call.</summary>
    public IReadOnlyList<int> Problems { get; init; } = [];
}

/// <summary>A query parameter; all are optional.</summary>
/// <param name="Name">The parameter.</param>
/// <param name="Description">What it does, with its default.</param>
/// <param name="Max">The largest number; null for a text.</param>
internal sealed record QueryAbout(string Name, string Description, ulong? Max = null)
{
    /// <summary>Where a page begins.</summary>
    public static QueryAbout After { get; } = new("after", "the last item of the page before; without it, the first page");

    /// <summary>How long a page is.</summary>
    public static QueryAbout Limit { get; } = new("limit", "items on the page; 100 by default", 1000);

    /// <summary>Where ledger blocks begin.</summary>
    public static QueryAbout From { get; } = new("from", "position of the first block; 0 by default", long.MaxValue);

    /// <summary>How many ledger blocks.</summary>
    public static QueryAbout Blocks { get; } = new("limit", "blocks; 256 by default", 1000);

    /// <summary>Whether another node is asked.</summary>
    public static QueryAbout Here { get; } = new("here", "1: on the node that was asked, whoever owns the customer; 0 by default", 1);

    /// <summary>How long a hand-off is waited for.</summary>
    public static QueryAbout Wait { get; } = new("wait", "seconds to wait for the end of the hand-off; 0 by default", 60);
}
