namespace Broker.CredentialZone.Store;

/// <summary>Why an operation was refused; nothing of it was kept.</summary>
/// <param name="Code">A constant of <see cref="RefusalCode"/> or of the protocol's request refusals.</param>
/// <param name="Detail">What to do next, lower case, safe for outsiders.</param>
internal sealed record StoreRefusal(string Code, string Detail);

/// <summary>The end of an operation that did not fail: done, or refused.</summary>
/// <typeparam name="T">What is returned when it is done.</typeparam>
internal abstract record StoreResult<T>
{
    private StoreResult()
    {
    }

    /// <summary>Committed.</summary>
    /// <param name="Value">What is returned.</param>
    public sealed record Done(T Value) : StoreResult<T>;

    /// <summary>Refused.</summary>
    /// <param name="Refusal">Why.</param>
    public sealed record Refused(StoreRefusal Refusal) : StoreResult<T>;
}
