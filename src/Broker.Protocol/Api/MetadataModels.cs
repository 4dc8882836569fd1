namespace Broker.Protocol.Api;

/// <summary>Metadata of a credential; nothing here or anywhere reads a credential back.</summary>
public sealed record CredentialModel(
    string Credential, string Kind, string Policy, uint Version, uint Length, DateTimeOffset Updated, string By);

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
