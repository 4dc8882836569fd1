namespace Broker.Dmz.Customers;

/// <summary>An expected outcome between actors: a value, or a refusal with a stable code and a text for people.</summary>
/// <typeparam name="T">The value.</typeparam>
/// <param name="Value">Set when the call succeeded.</param>
/// <param name="Code">Set when it was refused.</param>
/// <param name="Detail">What the caller may do next; never a cause from inside.</param>
internal readonly record struct Result<T>(T? Value, string? Code, string? Detail)
    where T : class
{
    public static implicit operator Result<T>(T value) => new(value, null, null);

    public static implicit operator Result<T>(Refused refused) => new(null, refused.Code, refused.Detail);

    public Refused ToRefused() => new(Code ?? Codes.Internal, Detail ?? "");
}

/// <summary>A refusal that becomes any <see cref="Result{T}"/>.</summary>
internal sealed record Refused(string Code, string Detail);
