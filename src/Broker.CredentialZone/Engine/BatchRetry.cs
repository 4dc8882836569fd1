using Broker.CredentialZone.Store;
using Polly;
using Polly.Retry;

namespace Broker.CredentialZone.Engine;

/// <summary>
/// Begins again what ended with a <see cref="TransientStoreException"/>: at once, then ever later, until its patience is over. What
/// ended in any other way, unknown above all, is never repeated.
/// </summary>
internal sealed class BatchRetry
{
    private static readonly ResiliencePropertyKey<long> Begun = new("begun");

    private readonly TimeProvider _time;
    private readonly ResiliencePipeline _pipeline;

    /// <summary>Creates it.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="patience">After which no further attempt is begun.</param>
    /// <param name="again">Told before each further attempt: its number, and why.</param>
    public BatchRetry(TimeProvider time, TimeSpan patience, Action<int, string> again)
    {
        _time = time;
        var options = new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(10),
            MaxDelay = TimeSpan.FromMilliseconds(500),
            ShouldHandle = args => ValueTask.FromResult(
                args.Outcome.Exception is TransientStoreException &&
                time.GetElapsedTime(args.Context.Properties.GetValue(Begun, 0)) < patience),
            OnRetry = args =>
            {
                again(args.AttemptNumber + 2, args.Outcome.Exception!.Message);
                return ValueTask.CompletedTask;
            },
        };
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(options).Build();
    }

    /// <summary>Runs it, and after a transient fault what takes it back, then it again.</summary>
    /// <exception cref="TransientStoreException">It failed to the last.</exception>
    public void Run(Action attempt, Action takeBack) => Run(
        () =>
        {
            try
            {
                attempt();
            }
            catch (TransientStoreException)
            {
                takeBack();
                throw;
            }

            return true;
        });

    /// <summary>Runs something that leaves nothing where it fails.</summary>
    /// <exception cref="TransientStoreException">It failed to the last.</exception>
    public T Run<T>(Func<T> attempt)
    {
        var context = ResilienceContextPool.Shared.Get();
        context.Properties.Set(Begun, _time.GetTimestamp());
        try
        {
            return _pipeline.Execute(static (_, run) => run(), context, attempt);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }
}
