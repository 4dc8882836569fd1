using Broker.Dmz.Customers;

namespace Broker.Dmz.Requests;

/// <summary>Who waits for a launch: the gateway for its acceptance, perhaps for its end. It outlives restarts of the actor.</summary>
internal sealed class LaunchWaiters
{
    private readonly TaskCompletionSource<Result<LaunchProgress>> _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Result<LaunchProgress>> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The intent is committed, or why not.</summary>
    public Task<Result<LaunchProgress>> WhenAccepted => _accepted.Task;

    /// <summary>The hand-off has ended and the ledger says so.</summary>
    public Task<Result<LaunchProgress>> WhenEnded => _ended.Task;

    public void Accepted(LaunchProgress progress) => _accepted.TrySetResult(progress);

    public void Finish(LaunchProgress progress, Refused? refusal)
    {
        Result<LaunchProgress> result = refusal is null ? progress : refusal;
        _accepted.TrySetResult(result);
        _ended.TrySetResult(result);
    }

    public void Abandon(Refused refusal)
    {
        _accepted.TrySetResult(refusal);
        _ended.TrySetResult(refusal);
    }
}
