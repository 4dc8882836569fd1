namespace Broker.Console.Authority;

/// <summary>Result of <c>ca init</c> and <c>ca show</c>.</summary>
internal sealed record RootResult(string Cluster, string RootCertificate, string RootFingerprint, string NotAfter);

/// <summary>Result of <c>ca issue</c>.</summary>
internal sealed record IssuedResult(string Identity, string Certificate, string Key, string NotAfter, string RootFingerprint);
