using System.Collections.Concurrent;
using Broker.Dmz.Customers;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Forwarding;

/// <summary>
/// Who owns which customer, by the zone's word: kept until the owner says that it is not, or is not reached. Where it is wrong a call goes
/// to a node that refuses it. Thread-safe.
/// </summary>
/// <param name="zone">The link to the credential zone.</param>
/// <param name="capacity">Customers that are remembered; beyond it the memory begins anew.</param>
/// <param name="time">The clock.</param>
internal sealed class Owners(ZoneCaller zone, int capacity, TimeProvider time)
{
    // While an owner is gone every call of its customer asks: together they ask some times a second, not as often as they come.
    private static readonly TimeSpan Shared = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time = time;
    private readonly ConcurrentDictionary<Name, Question> _asked = new();
    private readonly ConcurrentDictionary<Name, CustomerOwner> _known = new();
    private readonly ConcurrentDictionary<Name, CancellationTokenSource> _silent = new();

    /// <summary>The owner as far as is known; the zone is asked where it is not, or where that node has gone silent.</summary>
    /// <returns>Null for a customer that there is not, or that nobody owns.</returns>
    /// <exception cref="ZoneException">The zone was asked and did not answer.</exception>
    public ValueTask<CustomerOwner?> Find(Name customer, CancellationToken cancellation) =>
        _known.TryGetValue(customer, out var known) && !IsSilent(known.Node)
            ? ValueTask.FromResult<CustomerOwner?>(known)
            : new ValueTask<CustomerOwner?>(Refresh(customer, cancellation, isShared: true));

    /// <summary>Asks the zone.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <param name="isShared">Whether the answer to somebody else, who asked a moment ago, will do.</param>
    /// <returns>As for <see cref="Find"/>.</returns>
    /// <exception cref="ZoneException">The zone did not answer.</exception>
    public Task<CustomerOwner?> Refresh(Name customer, CancellationToken cancellation, bool isShared = false)
    {
        if (!isShared)
        {
            return Ask(customer, cancellation);
        }

        if (_asked.Count >= capacity)
        {
            _asked.Clear();
        }

        var question = _asked.AddOrUpdate(
            customer, static (c, owners) => owners.NewQuestion(c),
            static (c, last, owners) => owners._time.GetElapsedTime(last.At) < Shared ? last : owners.NewQuestion(c), this);
        return question.Answer.Value.WaitAsync(cancellation);
    }

    // Asked by whoever gets it first, for all of them: nobody's giving up ends it.
    private Question NewQuestion(Name customer) => new(
        new Lazy<Task<CustomerOwner?>>(() => Ask(customer, CancellationToken.None)), _time.GetTimestamp());

    private async Task<CustomerOwner?> Ask(Name customer, CancellationToken cancellation)
    {
        try
        {
            var state = await zone.GetCustomerAsync(new Wire.GetCustomerRequest { Customer = customer.Value }, cancellation);
            var owner = Name.TryParse(state.OwnerNode, out var node)
                ? new CustomerOwner(node, new Digest(state.OwnerIncarnation.Span), state.Fence)
                : null;
            Remember(customer, owner);
            return owner;
        }
        catch (ZoneRefusedException refused) when (refused.Code == Codes.CustomerUnknown)
        {
            Remember(customer, null);
            return null;
        }
        catch (MalformedException)
        {
            throw new ZoneUnavailableException("zone-failed", "the zone's answer is not one of its form", null);
        }
    }

    /// <summary>
    /// A node does not answer: what is remembered of it is looked up again before it is used, and who waits for it waits no more.
    /// </summary>
    public void WentSilent(Name node) => Silence(node).Cancel();

    /// <summary>A node answers.</summary>
    public void Answers(Name node)
    {
        if (IsSilent(node))
        {
            _silent.TryRemove(node, out _);
        }
    }

    /// <summary>Whether a node does not answer now.</summary>
    public bool IsSilent(Name node) => _silent.TryGetValue(node, out var silence) && silence.IsCancellationRequested;

    /// <summary>Is cancelled when a node goes silent.</summary>
    public CancellationToken UntilSilent(Name node) => Silence(node).Token;

    // Never disposed: it has no timer, and whoever waits may hold its token.
    private CancellationTokenSource Silence(Name node) => _silent.GetOrAdd(node, static _ => new CancellationTokenSource());

    private void Remember(Name customer, CustomerOwner? owner)
    {
        if (owner is null)
        {
            _known.TryRemove(customer, out _);
            return;
        }

        if (_known.Count >= capacity)
        {
            _known.Clear();
        }

        _known[customer] = owner;
    }

    private sealed record Question(Lazy<Task<CustomerOwner?>> Answer, long At);
}
