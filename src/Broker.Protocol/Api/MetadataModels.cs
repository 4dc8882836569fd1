namespace Broker.Protocol.Api;

/// <summary>Metadata of a credential; nothing here or anywhere reads a credential back.</summary>
/// <param name="Credential">Its name.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Policy">Its release policy.</param>
/// <param name="Version">The current version.</param>
/// <param name="Length">Bytes of the current version.</param>
/// <param name="Updated">When the current version came to be so.</param>
/// <param name="By">Who put or promoted it.</param>
public sealed record CredentialModel(
    string Credential, string Kind, string Policy, uint Version, uint Length, DateTimeOffset Updated, string By)
{
    /// <summary>The highest number that a version has; what is put next replaces it. 0 where it is <see cref="Version"/>.</summary>
    public uint Latest { get; init; }

    /// <summary>Versions with their stages, by number; none where no version was ever staged. What is not listed is retired.</summary>
    public IReadOnlyList<VersionModel> Versions { get; init; } = [];

    /// <summary>The hand-over of the current version to agents that hold an earlier one; null where none is under way.</summary>
    public HandOverModel? HandOver { get; init; }
}

/// <summary>A version of a credential.</summary>
/// <param name="Version">The version.</param>
/// <param name="Stage">pending, staged, current or retired.</param>
/// <param name="Length">Bytes of it.</param>
/// <param name="Put">When it was put.</param>
/// <param name="PutBy">Who put it.</param>
/// <param name="Moved">When it came to its stage.</param>
/// <param name="MovedBy">Who moved it there.</param>
public sealed record VersionModel(
    uint Version, string Stage, uint Length, DateTimeOffset Put, string PutBy, DateTimeOffset Moved, string MovedBy);

/// <summary>A hand-over that is under way.</summary>
/// <param name="Version">The version that is handed over.</param>
/// <param name="Holders">Agents that are handed it; none: all that hold an earlier one.</param>
/// <param name="By">Who asked.</param>
/// <param name="Until">Its end, also where an agent was not reached by then.</param>
public sealed record HandOverModel(uint Version, IReadOnlyList<string> Holders, string By, DateTimeOffset Until);

/// <summary>A user.</summary>
public sealed record UserModel(string User, string Role, string KeyFingerprint);

/// <summary>An agent.</summary>
public sealed record AgentModel(
    string Agent, string Instance, IReadOnlyList<string> Labels, DateTimeOffset NotAfter, bool Connected, string KeyFingerprint);

/// <summary>A release policy.</summary>
public sealed record PolicyModel(
    string Policy, IReadOnlyList<string> Agents, IReadOnlyList<string> Labels, IReadOnlyList<string> Uses, IReadOnlyList<string> Roles);

/// <summary>A page of a listing; pass <paramref name="Next"/> as <c>after</c> for the following one.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record PageModel<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Ledger blocks with their receipts: GET /v1/customers/{customer}/ledger.</summary>
/// <param name="Receipts">Encodings of <see cref="Ledger.Receipt"/>, in order of position.</param>
/// <param name="Length">Blocks in the chain.</param>
public sealed record LedgerModel(IReadOnlyList<byte[]> Receipts, ulong Length);

/// <summary>A refusal as RFC 9457 problem details; <paramref name="Code"/> is stable, the texts are for people.</summary>
public sealed record ProblemModel(string Type, string Title, int Status, string Detail, string Code, string Correlation);
