using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Dmz.HandOvers;

/// <summary>A hand-over that is under way, and how far it is with each holder. After a restart the journal says it again.</summary>
/// <param name="order">The order under the head.</param>
/// <param name="request">The promotion that an administrator signed.</param>
/// <param name="promotion">Its payload.</param>
internal sealed class OpenOrder(HandOverOrder order, SignedRequest request, PromotePayload promotion)
{
    /// <summary>Rounds for one holder: hand-offs that never left a key actor are made again.</summary>
    public const uint MaxRounds = 8;

    private readonly Dictionary<Id16, Progress> _holders = [];

    public HandOverOrder Order => order;

    public SignedRequest Request => request;

    /// <summary>Nothing is handed over any more: the order is about to leave the head.</summary>
    public bool IsClosing { get; set; }

    /// <summary>Hand-offs that are under way.</summary>
    public int Running => _holders.Values.Count(static p => p.IsRunning);

    /// <summary>Reads an order of the zone; null where it is none.</summary>
    public static OpenOrder? Read(ReadOnlySpan<byte> statement)
    {
        try
        {
            var order = Statement.Read<HandOverOrder>(statement);
            var request = Statement.Read<SignedRequest>(order.Request.Span);
            return new OpenOrder(order, request, Statement.Read<PromotePayload>(request.Payload.Span));
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    /// <summary>The holder that a hand-off of the journal is; null where it is none.</summary>
    public Holder? Find(Protocol.Wire.Zone.HandOff found) => Holder.Of(found, order, promotion);

    /// <summary>Whether nothing more is done about a holder.</summary>
    public bool IsOver(Id16 holder) => _holders.TryGetValue(holder, out var progress) && progress.IsOver;

    /// <summary>The round to begin with a holder; null where one is under way or nothing more is done.</summary>
    public uint? Begin(Id16 holder)
    {
        var progress = _holders.TryGetValue(holder, out var known) ? known : new Progress(1, false, false);
        if (progress.IsRunning || progress.IsOver)
        {
            return null;
        }

        _holders[holder] = progress with { IsRunning = true };
        return progress.Round;
    }

    /// <summary>Takes the end of a hand-off.</summary>
    /// <returns>The code that ends the holder's part without any hand-off; null otherwise.</returns>
    public string? End(Id16 holder, Result<LaunchProgress> result)
    {
        var progress = _holders[holder] with { IsRunning = false };
        var refusal = result.Code is { } code && !IsPassing(code) ? code : null;
        _holders[holder] = result switch
        {
            { Value.State: HandOffState.NotSent } when progress.Round < MaxRounds => progress with { Round = progress.Round + 1 },
            { Value: not null } => progress with { IsOver = true },
            _ => progress with { IsOver = refusal is not null },
        };
        return refusal;
    }

    private static bool IsPassing(string code) => code is Codes.Busy or Codes.ZoneUnavailable or Codes.EntryRate or "too-many-open" or
        "store-full" or Codes.HeadUnknown or Codes.CounterStale or Codes.CustomerLocked or Codes.LockStands or Codes.FenceStale or
        Codes.TimedOut or Codes.OutcomeUnknown or Codes.Internal or Codes.AgentNotConnected;

    private readonly record struct Progress(uint Round, bool IsRunning, bool IsOver);
}
