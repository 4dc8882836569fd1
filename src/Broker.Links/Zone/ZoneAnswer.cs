using Broker.Protocol.Wire.Zone;

namespace Broker.Links.Zone;

/// <summary>Why the zone does not do what was asked.</summary>
/// <param name="Status">HTTP status: 409 refused, 503 busy.</param>
/// <param name="Code">A stable code.</param>
/// <param name="Detail">What to do next, lower case.</param>
public sealed record ZoneRefusal(int Status, string Code, string Detail)
{
    /// <summary>The request is good in form and refused: a fence, a lock, a conflict.</summary>
    public static ZoneRefusal Refused(string code, string detail) => new(409, code, detail);

    /// <summary>Nothing was done because something is full; the same request may be sent again.</summary>
    public static ZoneRefusal Busy(string code, string detail) => new(503, code, detail);

    internal Problem ToProblem() => new() { Code = Code, Detail = Detail };
}

/// <summary>What a handler of the zone answers: a reply or a refusal. Converts from both.</summary>
/// <typeparam name="TReply">The reply's message.</typeparam>
public readonly struct ZoneAnswer<TReply>
    where TReply : class
{
    private ZoneAnswer(TReply? reply, ZoneRefusal? refusal)
    {
        Reply = reply;
        Refusal = refusal;
    }

    /// <summary>The reply; null when there is a refusal.</summary>
    public TReply? Reply { get; }

    /// <summary>The refusal; null when there is a reply.</summary>
    public ZoneRefusal? Refusal { get; }

#pragma warning disable CA1000, CA2225, CS1591 // the conversions are the way to make one; both types are inferred
    public static implicit operator ZoneAnswer<TReply>(TReply reply) => new(reply, null);
    public static implicit operator ZoneAnswer<TReply>(ZoneRefusal refusal) => new(null, refusal);
#pragma warning restore CA1000, CA2225, CS1591
}
