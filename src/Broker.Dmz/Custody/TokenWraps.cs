using System.Collections.Concurrent;
using Broker.Dmz.Customers;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Dmz.Custody;

/// <summary>
/// The tokens of this node's ways. A session lasts one call: nothing stays logged in between them, and a token that was taken out and put
/// back is simply found again. Thread-safe.
/// </summary>
internal sealed partial class TokenWraps : ITokenWraps, IAsyncDisposable
{
    private const int MostLeftovers = 1024;

    private readonly Dictionary<Name, Slot> _slots = [];
    private readonly List<TokenLane> _lanes = [];
    private readonly ConcurrentDictionary<Name, TokenWay> _seen = new();
    private readonly RandomFill _random;
    private readonly ILogger _log;

    public TokenWraps(IReadOnlyList<TokenWaySettings> ways, TimeProvider time, RandomFill random, ILogger log)
    {
        (_random, _log) = (random, log);
        // A module is begun once a process, whatever number of tokens it leads to.
        foreach (var module in ways.GroupBy(static w => w.Module, StringComparer.Ordinal))
        {
            var lane = new TokenLane(module.Key, time);
            _lanes.Add(lane);
            foreach (var way in module)
            {
                _slots.Add(way.Way, new Slot(way, lane, new PinGuard(way.PinFile)));
            }
        }
    }

    /// <summary>Of a node without tokens.</summary>
    public static TokenWraps None { get; } =
        new([], TimeProvider.System, static _ => throw new InvalidOperationException("there is no token"), NullLogger.Instance);

    /// <inheritdoc/>
    public IReadOnlyList<TokenWay> Ways => [.. _slots.Keys.OrderBy(static w => w.Value, StringComparer.Ordinal).Select(Seen)];

    /// <inheritdoc/>
    public async Task<TokenWay> LookAsync(Name way)
    {
        var result = await Call<PublicKey>(way, HsmUse.Unlock, (_, key) => PublicKey.Parse(key.PublicKey));
        if (result.Value is null)
        {
            return Seen(way) with { Problem = result.ToRefused() };
        }

        for (var left = _slots[way].Leftovers.Count; left > 0 && _slots[way].Leftovers.TryDequeue(out var place); left--)
        {
            await RemoveAsync(place);
        }

        return Seen(way);
    }

    /// <inheritdoc/>
    public Task<Result<KeptWrap>> KeepAsync(SealedWrap wrap, ReadOnlyMemory<byte> challenge) =>
        Call<KeptWrap>(wrap.Way, HsmUse.Administer, (token, key) =>
        {
            if (!wrap.Key.Bytes.Span.SequenceEqual(key.PublicKey))
            {
                return TokenProblem.OtherKey(wrap.Way);
            }

            token.KeepWrap(wrap);
            var kept = false;
            try
            {
                using var opened = Open(token, key, WrapPlace.Of(wrap));
                kept = opened.Record is not null;
                return opened.Record is { } record ? new KeptWrap(record.Peek.Confirm(challenge.Span)) : opened.Refused!;
            }
            finally
            {
                if (!kept)
                {
                    token.RemoveWraps(wrap.Cluster, wrap.Customer, wrap.Epoch, wrap.Way, wrap.Split);
                }
            }
        });

    /// <inheritdoc/>
    public async Task<Result<RemovedWraps>> RemoveAsync(WrapPlace place)
    {
        var result = await Call<RemovedWraps>(
            place.Way, HsmUse.CleanUp,
            (token, _) => new RemovedWraps(token.RemoveWraps(place.Cluster, place.Customer, place.Epoch, place.Way, place.Split)));
        if (result.Value is null && _slots.TryGetValue(place.Way, out var slot) && slot.Leftovers.Count < MostLeftovers)
        {
            slot.Leftovers.Enqueue(place);
        }

        return result;
    }

    /// <inheritdoc/>
    public async Task<OpenedWrap> OpenAsync(WrapPlace place)
    {
        var result = await Call<OpenedWrap>(place.Way, HsmUse.Unlock, (token, key) => Open(token, key, place));
        return result.Value ?? OpenedWrap.Not(result.ToRefused());
    }

    /// <summary>Ends the modules after the calls that wait.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes)
        {
            await lane.DisposeAsync();
        }
    }

    private static OpenedWrap Open(HsmToken token, HsmKey key, WrapPlace place)
    {
        var wraps = token.FindWraps(place.Cluster, place.Customer, place.Epoch, place.Way, place.Split);
        foreach (var wrap in wraps)
        {
            if (wrap.Identity.Equals(place.Identity) && WrapRecord.TryOpen(key, wrap, out var record) == WrapFailure.None)
            {
                return OpenedWrap.Of(record!);
            }
        }

        return OpenedWrap.Not(wraps.Count == 0 ? TokenProblem.NoWrap(place.Way) : TokenProblem.BadWrap(place.Way));
    }

    private TokenWay Seen(Name way) => _seen.GetValueOrDefault(way) ?? new TokenWay(
        way, null, _slots.ContainsKey(way)
            ? new Refused(Codes.HsmTokenMissing, $"way {way}: its token was not looked at yet; try again in a moment")
            : TokenProblem.Unknown(way));

    private async Task<Result<T>> Call<T>(Name way, HsmUse use, Func<HsmToken, HsmKey, Result<T>> work)
        where T : class
    {
        if (!_slots.TryGetValue(way, out var slot))
        {
            return TokenProblem.Unknown(way);
        }

        if (slot.Lane.Enqueue(module => Do(slot, module, use, work)) is not { } call)
        {
            return TokenProblem.Busy(way);
        }

        try
        {
            return await call;
        }
        catch (HsmException problem)
        {
            return Failed(way, problem.Failure, problem.Message);
        }
        catch (PinRefusedBeforeException problem)
        {
            return Failed(way, problem.Why, "the PIN file still holds what was refused");
        }
        catch (SecretMemoryExhaustedException)
        {
            return CustomerKey.MemoryFull;
        }
        catch (Exception problem) when (problem is SealedDataException or MalformedException)
        {
            return TokenProblem.BadWrap(way);
        }
    }

    private Result<T> Do<T>(Slot slot, HsmModule module, HsmUse use, Func<HsmToken, HsmKey, Result<T>> work)
        where T : class
    {
        var way = slot.Settings;
        using var token = slot.Pin.Open(module, new HsmTokenName(way.Token), use);
        var key = token.FindKey(new HsmKeyName(way.KeyLabel), _random);
        _seen[way.Way] = new TokenWay(way.Way, PublicKey.Parse(key.PublicKey), null);
        return work(token, key);
    }

    private Refused Failed(Name way, HsmFailure failure, string message)
    {
        var refused = TokenProblem.Of(way, failure);
        if (Seen(way).Problem?.Code != refused.Code)
        {
            Log.Failed(_log, way, refused.Code, message);
        }

        _seen[way] = Seen(way) with { Problem = refused };
        return refused;
    }

    private sealed record Slot(TokenWaySettings Settings, TokenLane Lane, PinGuard Pin)
    {
        public ConcurrentQueue<WrapPlace> Leftovers { get; } = new();
    }

    private static partial class Log
    {
        [LoggerMessage(2601, LogLevel.Warning, "way {Way}: {Code}: {Message}")]
        public static partial void Failed(ILogger log, Name way, string code, string message);
    }
}
