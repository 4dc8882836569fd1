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
internal sealed class ZoneNode
{
    private const int Queue = 1024;

    private static readonly Name Node = Name.Parse("zone-1");

    private static readonly ZoneLimits Limits = new(
        ReleasesPerMinute: 100_000, OpenHandOffs: 10_000, OpenUses: 100_000, OpenInvitations: 64, RefusalsPerMinute: 1000,
        ReservedBytes: 0);

    private readonly Dictionary<string, object> _operations = [];
    private readonly Choices _disk;

    public ZoneNode(World world, Installation installation, MemoryDisk disk, ulong seed)
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
        Map(new ZoneService(identity, Store, new ZoneWriter(Store, Writer)));
    }

    public Process Process { get; }

    public ZoneStore Store { get; }

    public ActorRef<WriterMessage> Writer { get; }

    /// <summary>How long the next commit takes; set by the schedule.</summary>
    public TimeSpan SlowDisk { get; set; }

    /// <summary>Serves one call that has arrived, in the zone's process.</summary>
    public async Task<(byte[]? Reply, ZoneRefusal? Refusal)> Serve<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, PeerIdentity peer, byte[] request)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        var handler = (IHandler<TRequest>)_operations[operation.Name];
        return await handler.Serve(peer, operation.RequestParser.ParseFrom(request));
    }

    private static LedgerSigner Signer(World world, Installation installation)
    {
        var key = installation.Ledger;
        Sign sign = world.IsReal ? key.Sign : message =>
        {
            var signature = new byte[PublicKey.SignatureLength];
            CheapArithmetic.Sign(key.PublicKey.Bytes.Span, message, signature);
            return signature;
        };
        return new LedgerSigner(key.PublicKey, key.ChainDer[0], sign, new Nothing());
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

    private void Map(ZoneService service)
    {
        Add(ZoneOperations.Describe, service.Describe);
        Add(ZoneOperations.GetCustomer, service.GetCustomer);
        Add(ZoneOperations.Enrol, service.Enrol);
        Add(ZoneOperations.Claim, service.Claim);
        Add(ZoneOperations.ReadEntries, service.ReadEntries);
        Add(ZoneOperations.Commit, service.Commit);
        Add(ZoneOperations.Release, service.Release);
        Add(ZoneOperations.RotateRows, service.RotateRows);
        Add(ZoneOperations.AppendOutcome, service.AppendOutcome);
        Add(ZoneOperations.GetHandOff, service.GetHandOff);
        Add(ZoneOperations.ListHandOffs, service.ListHandOffs);
        Add(ZoneOperations.Lock, service.Lock);
        Add(ZoneOperations.InviteAgent, service.InviteAgent);
        Add(ZoneOperations.FindInvitation, service.FindInvitation);
        Add(ZoneOperations.AdvanceGeneration, service.AdvanceGeneration);
        Add(ZoneOperations.ReportRefusal, service.ReportRefusal);
        Add(ZoneOperations.ReportCustody, service.ReportCustody);
    }

    private void Add<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, Func<PeerIdentity, TRequest, CancellationToken, Task<ZoneAnswer<TReply>>> handler)
        where TRequest : IMessage<TRequest>, new()
        where TReply : class, IMessage<TReply>, new()
    {
        _operations[operation.Name] = new Handler<TRequest, TReply>(handler);
    }

    private interface IHandler<in TRequest>
    {
        Task<(byte[]? Reply, ZoneRefusal? Refusal)> Serve(PeerIdentity peer, TRequest request);
    }

    private sealed class Handler<TRequest, TReply>(Func<PeerIdentity, TRequest, CancellationToken, Task<ZoneAnswer<TReply>>> handler)
        : IHandler<TRequest>
        where TReply : class, IMessage<TReply>, new()
    {
        public async Task<(byte[]? Reply, ZoneRefusal? Refusal)> Serve(PeerIdentity peer, TRequest request)
        {
            var answer = await handler(peer, request, CancellationToken.None);
            return (answer.Reply?.ToByteArray(), answer.Refusal);
        }
    }

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
