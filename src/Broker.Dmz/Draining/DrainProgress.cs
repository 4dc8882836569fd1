using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Draining;

/// <summary>A customer that stays with a node that leaves.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Code">Why nobody else took it.</param>
internal sealed record NotGivenOver(Name Customer, string Code);

/// <summary>How far a node has come with leaving.</summary>
/// <param name="Phase">A constant of <see cref="DrainPhase"/>.</param>
/// <param name="Version">Grows with every change.</param>
/// <param name="Reason">Who wants it, for people.</param>
/// <param name="GivenOver">Customers that another node owns since.</param>
/// <param name="Tickets">Tickets that are left to the successor.</param>
/// <param name="Left">Customers that nobody took, as it was tried last.</param>
internal sealed record DrainState(
    string Phase, ulong Version, string Reason, int GivenOver, int Tickets, IReadOnlyList<NotGivenOver> Left);

/// <summary>
/// Whether this node is leaving, and how far that is: what it refuses from then on, its peers, and whoever follows it go by this.
/// Thread-safe.
/// </summary>
/// <param name="time">The node's clock.</param>
#pragma warning disable CA1001 // Its source of cancellation has no timer and no handle, and lives as long as the node.
internal sealed class DrainProgress(TimeProvider time)
#pragma warning restore CA1001
{
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private DrainState _state = new(DrainPhase.Serving, 0, "", 0, 0, []);
    private TaskCompletionSource _changed = New();
    private readonly TaskCompletionSource _told = New();
    private long? _followed;

    /// <summary>Whether the node is leaving.</summary>
    public bool IsOn => State.Phase != DrainPhase.Serving;

    /// <summary>Cancelled once only what is under way is ended: who waits for something waits elsewhere.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>How it stands.</summary>
    public DrainState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    /// <summary>What it refuses while it leaves.</summary>
    public static Refused Refusal { get; } = new(TransferCodes.NodeDraining, "this node is leaving; ask another");

    /// <summary>The node leaves from now on.</summary>
    public void Begin(string reason) => Change(s => s with { Phase = DrainPhase.GivingOver, Reason = reason });

    /// <summary>A customer has another owner.</summary>
    public void Gave(Name customer) => Change(s => s with
    {
        GivenOver = s.GivenOver + 1,
        Left = [.. s.Left.Where(l => l.Customer != customer)],
    });

    /// <summary>Tickets are with whoever passes them on.</summary>
    public void Drew(int tickets) => Change(s => s with { Tickets = tickets });

    /// <summary>What nobody took.</summary>
    public void Kept(IReadOnlyList<NotGivenOver> left) => Change(s => s with { Left = left });

    /// <summary>Agents are sent elsewhere from now on.</summary>
    public void ReleaseAgents() => Change(static s => s with { Phase = DrainPhase.ReleasingAgents });

    /// <summary>Nothing but what is under way goes on.</summary>
    public void Close()
    {
        Change(static s => s with { Phase = DrainPhase.Closing });
        _closing.Cancel();
    }

    /// <summary>How it stands once that is newer than a version, or when the wait is over.</summary>
    public async Task<DrainState> After(ulong version, TimeSpan wait, CancellationToken cancellation)
    {
        Task changed;
        lock (_gate)
        {
            _followed = time.GetTimestamp();
            changed = _state.Version > version || _state.Phase == DrainPhase.Closing ? Task.CompletedTask : _changed.Task;
        }

        try
        {
            await changed.WaitAsync(wait, time, cancellation);
        }
        catch (TimeoutException)
        {
            // As it stands, then.
        }

        lock (_gate)
        {
            _followed = time.GetTimestamp();
            if (_state.Phase == DrainPhase.Closing)
            {
                _told.TrySetResult();
            }

            return _state;
        }
    }

    /// <summary>Waits until somebody who has followed until now knows how it ended; not for others, and not for long.</summary>
    public async Task Told(TimeSpan limit)
    {
        lock (_gate)
        {
            if (_followed is not { } last || time.GetElapsedTime(last) > Lately)
            {
                return;
            }
        }

        try
        {
            await _told.Task.WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            // Whoever followed is gone.
        }
    }

    private void Change(Func<DrainState, DrainState> change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _state = change(_state) with { Version = _state.Version + 1 };
            (changed, _changed) = (_changed, New());
        }

        changed.SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>How far a node has come with leaving.</summary>
internal static class DrainPhase
{
    /// <summary>It is not leaving.</summary>
    public const string Serving = "serving";

    /// <summary>Its customers go to other holders, tickets to its successor.</summary>
    public const string GivingOver = "giving-over";

    /// <summary>Its agents go to other nodes.</summary>
    public const string ReleasingAgents = "releasing-agents";

    /// <summary>Calls that are under way end, then the process does.</summary>
    public const string Closing = "closing";
}
