using Broker.Actors;
using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Service;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Writing;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Simulation.Tests;

/// <summary>One start of the credential zone's process: the real store, writer and service over the simulated disk.</summary>
internal sealed class ZoneNode : IServing
{
    private const int Queue = 1024;

    private static readonly Name Node = Name.Parse("zone-1");

    private static readonly ZoneLimits Limits = new(
        ReleasesPerMinute: 100_000, OpenHandOffs: 10_000, OpenUses: 100_000, OpenInvitations: 64, RefusalsPerMinute: 1000,
        ReservedBytes: 0);

    private readonly Operations _operations = new();
    private readonly Choices _disk;

    public ZoneNode(World world, Installation installation, MemoryDisk disk, ulong seed, bool hasPeers)
    {
        Process = new Process(world, "zone-1", seed);
        _disk = new Choices(seed ^ 0xD15C);
        disk.Recover();
        ZoneStore? store = null;
        world.Run(Process, () => store = ZoneStore.Open(
            disk, installation.Cluster, Limits, Signer(world, installation), null, Process.Time, NullLogger.Instance));
        Store = store!;
        var system = Process.NewSystem("zone");
        Writer = system.Spawn(
            Props<WriterMessage>.Of(() => new WriterActor(Store, Node, Queue, RunCommit)).WithMailbox(Queue), "ledger");
        var identity = new ZoneIdentity(installation.Trust, Node, installation.Ledger.ChainDer[0], Process.Time);
        Map(new ZoneService(identity, Store, new ZoneWriter(Store, Writer)), hasPeers);
    }

    public Process Process { get; }

    public ZoneStore Store { get; }

    public ActorRef<WriterMessage> Writer { get; }

    /// <summary>How long the next commit takes; set by the schedule.</summary>
    public TimeSpan SlowDisk { get; set; }

    /// <inheritdoc/>
    public Task<(byte[]? Reply, ZoneRefusal? Refusal)> Serve<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, PeerIdentity peer, byte[] request)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new() => _operations.Serve(operation, peer, request);

    private static LedgerSigner Signer(World world, Installation installation)
    {
        var key = installation.Ledger;
        return new LedgerSigner(
            key.PublicKey, key.ChainDer[0], message => Installation.Sign(world, key, message), new Nothing());
    }

    // A commit blocks a thread of its own; here it is a turn of its own, some time later.
    private Task RunCommit(Action commit)
    {
        var done = new TaskCompletionSource();
        var slow = SlowDisk;
        SlowDisk = TimeSpan.Zero;
        Process.After(TimeSpan.FromMicroseconds(_disk.Below(300)) + slow, () =>
        {
            commit();
            done.SetResult();
        });
        return done.Task;
    }

    private void Map(ZoneService service, bool hasPeers)
    {
        _operations.Add(ZoneOperations.Describe, service.Describe);
        _operations.Add(ZoneOperations.GetCustomer, service.GetCustomer);
        _operations.Add(ZoneOperations.Enrol, service.Enrol);
        _operations.Add(ZoneOperations.Claim, service.Claim);
        _operations.Add(ZoneOperations.ReadEntries, service.ReadEntries);
        _operations.Add(ZoneOperations.Commit, service.Commit);
        _operations.Add(ZoneOperations.Release, service.Release);
        _operations.Add(ZoneOperations.RotateRows, service.RotateRows);
        _operations.Add(ZoneOperations.AppendOutcome, service.AppendOutcome);
        _operations.Add(ZoneOperations.GetHandOff, service.GetHandOff);
        _operations.Add(ZoneOperations.ListHandOffs, service.ListHandOffs);
        _operations.Add(ZoneOperations.Lock, service.Lock);
        _operations.Add(ZoneOperations.InviteAgent, service.InviteAgent);
        _operations.Add(ZoneOperations.FindInvitation, service.FindInvitation);
        _operations.Add(ZoneOperations.AdvanceGeneration, service.AdvanceGeneration);
        _operations.Add(ZoneOperations.ReportRefusal, service.ReportRefusal);
        _operations.Add(ZoneOperations.ReportCustody, service.ReportCustody);
        if (hasPeers)
        {
            _operations.Add(ZoneOperations.AppendTransfer, service.AppendTransfer);
            _operations.Add(ZoneOperations.ListEntries, service.ListEntries);
            _operations.Add(ZoneOperations.ListCustomers, service.ListCustomers);
        }
    }

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
