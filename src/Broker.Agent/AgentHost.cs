using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Agent.Link;
using Broker.Agent.Session;
using Broker.Agent.Settings;
using Broker.Agent.State;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.Agent;

/// <summary>
/// One running agent: its actors and its files. Stopping ends the uses, reports how they ended while the session still lives, then ends
/// the link and the actors.
/// </summary>
internal sealed class AgentHost : IDisposable
{
    private readonly ActorSystem _system;
    private readonly ActorRef<SessionMessage> _session;
    private readonly Enrolled _enrolled;
    private readonly HandOffJournal _journal;
    private readonly IDisposable _events;
    private readonly TimeSpan _stopTimeout;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _stopping;

    private AgentHost(
        AgentSettings settings, StateDirectory directory, Id16 boot, ActorSystemOptions options, ILogger logger, Enrolled enrolled,
        HandOffJournal journal)
    {
        _logger = logger;
        _enrolled = enrolled;
        _journal = journal;
        _stopTimeout = settings.StopTimeout;
        var witness = Witness.Load(directory);
        _system = new ActorSystem("agent", options);
        _events = _system.Events.Subscribe(Log);
        var uses = _system.Spawn(Props<UsesMessage>.Of(static () => new UsesActor()), "uses");
        var credentials = _system.Spawn(Props<CredentialsMessage>.Of(() => new CredentialsActor(uses)), "credentials");
        var parts = new SessionParts
        {
            Enrolled = enrolled,
            Boot = boot,
            Witness = witness,
            Journal = journal,
            Status = new StatusFile(directory, options.Time),
            Uses = settings.Uses,
            Slots = Slots,
            Dialer = new LinkDialer(new DialOrder(settings.Dmz, options.Random), options.Time, settings.ConnectTimeout),
            Settings = settings.Session,
            Credentials = credentials,
            Logger = logger,
        };
        _session = _system.Spawn(Props<SessionMessage>.Of(() => new SessionActor(parts)), "session");
        AgentLog.Started(logger, enrolled.Grant.Agent.Value, enrolled.Grant.Customer.Value, settings.Uses.Count);
    }

    /// <summary>Completes when the agent has stopped; true when everything ended in time.</summary>
    internal Task<bool> Completion => _completion.Task;

    /// <summary>The places in named uses.</summary>
    internal UseSlots Slots { get; } = new();

    /// <summary>Starts an agent that is enrolled.</summary>
    /// <exception cref="AgentException">It is not enrolled, its files are damaged, or another process runs it.</exception>
    internal static AgentHost Start(
        AgentSettings settings, StateDirectory directory, Id16 boot, ActorSystemOptions options, ILogger logger)
    {
        var enrolled = Enrolled.Load(directory, boot, options.Time.GetUtcNow());
        HandOffJournal? journal = null;
        try
        {
            journal = HandOffJournal.Load(directory, options.Time, settings.JournalLimit);
            return new AgentHost(settings, directory, boot, options, logger, enrolled, journal);
        }
        catch
        {
            journal?.Dispose();
            enrolled.Dispose();
            throw;
        }
    }

    /// <summary>Begins to stop; the second call does nothing.</summary>
    internal void RequestStop()
    {
        if (Interlocked.Exchange(ref _stopping, 1) == 0)
            _ = StopAsync();
    }

    /// <summary>Releases the files; to be called after <see cref="Completion"/>.</summary>
    public void Dispose()
    {
        _events.Dispose();
        _journal.Dispose();
        _enrolled.Dispose();
    }

    private async Task StopAsync()
    {
        AgentLog.Stopping(_logger);
        var inTime = true;
        try
        {
            await _session.Ask<bool>(static done => new SessionMessage.Drain(done), _stopTimeout);
        }
        catch (ActorException)
        {
            inTime = false;
        }

        _completion.SetResult(await _system.TerminateAsync(_stopTimeout) && inTime);
    }

    private void Log(ActorEvent happened)
    {
        if (happened is ActorFailed failed)
            AgentLog.ActorFailed(_logger, failed.Path.ToString(), failed.ExceptionType, failed.Where.ToString());
    }
}
