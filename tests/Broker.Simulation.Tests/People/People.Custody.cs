using Broker.Dmz.Customers;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Simulation.Tests;

/// <content>Enrolment, unlocking, locking.</content>
internal sealed partial class People
{
    private const int MostTries = 12;

    private static readonly TimeSpan UnlockPatience = TimeSpan.FromSeconds(45);

    private readonly List<Enrolment> _enrolments = [];

    // Custodians keep what they were given at each try: which of them the zone has is known when it says so.
    private Enrolment? TheEnrolment => _world.Oracle.Customer(Customer) is { } customer
        ? _enrolments.Find(e => e.Custody.Identity.Equals(customer.Custody.Identity))
        : null;

    /// <summary>Whether the zone is known to have the customer.</summary>
    public bool IsEnrolled => _world.Oracle.Customer(Customer) is not null;

    /// <summary>Enrols the customer, again and again until the zone has it; then sees to it that it is unlocked.</summary>
    public async Task Enrol()
    {
        for (var tries = 0; tries < MostTries && !IsEnrolled; tries++)
        {
            try
            {
                await TryEnrol(_cluster.Active);
            }
            catch (Exception problem) when (problem is ZoneException or Actors.ActorException or GoneException)
            {
                await Pause(300);
            }
        }
    }

    private async Task TryEnrol(int index)
    {
        var node = Node(index);
        if (await State(node) is not null)
        {
            return;
        }

        var plan = new EnrolmentPlan(
            _installation.Cluster, Customer, node.Node.Incarnation.Key.Fingerprint,
            [CustodyWay.OfShares(2, [.. _custodians.Select((c, i) => Named($"custodian-{i + 1}", c))])], OneWayOnly: true,
            [Named("alice", _users[Alice])], 1, _process.Time.GetUtcNow() + TimeSpan.FromMinutes(10)).Encode();
        var signed = new Signed(plan, _world.IsReal ? _installation.Console.Sign(plan) : CheapSignature(plan));
        var refs = (await Of(node, async () => await node.Customers.Find(Customer, exists: false))).Value ?? throw new GoneException();
        var enrolled = await Of(node, () => refs.Key.Ask<Result<EnrolledModel>>(
            r => new CustomerKeyMessage.Enrol(signed, [.. _installation.Console.ChainDer.Select(static c => c.ToArray())], r), Patience));
        if (enrolled.Value is not { } model)
        {
            await Pause(300);
            return;
        }

        var enrolment = new Enrolment(model, model.Custody.ToSigned().Read<CustodyRecord>());
        _world.Oracle.Made(enrolment.Custody.Identity, () => enrolment.Confirmed == enrolment.Model.Shares.Count);
        _enrolments.Add(enrolment);
        foreach (var share in model.Shares)
        {
            var answer = Confirmation(enrolment, share.Index);
            enrolment.Confirmed++;
            var confirmed = await Of(node, () => refs.Key.Ask<Result<KeyStatus>>(
                r => new CustomerKeyMessage.Confirm("shares", share.Index, answer, r), Patience));
            if (confirmed.Value is null)
            {
                return;
            }
        }

        await UntilUnlocked(node, TimeSpan.FromSeconds(8));
    }

    /// <summary>Custodians give their shares to a node, and where a lock stands an administrator lifts it.</summary>
    public async Task Unlock(int index)
    {
        var until = _process.Time.GetUtcNow() + UnlockPatience;
        while (_process.Time.GetUtcNow() < until)
        {
            try
            {
                if (!IsEnrolled || await TryUnlock(Node(index)))
                {
                    return;
                }
            }
            catch (Exception problem) when (problem is ZoneException or Actors.ActorException or GoneException)
            {
                // Tried again.
            }

            await Pause(500);
        }
    }

    private async Task<bool> TryUnlock(DmzProcess node)
    {
        var refs = (await Of(node, async () => await node.Customers.Find(Customer, exists: true))).Value ?? throw new GoneException();
        var state = await State(node);
        var before = await Status(node, refs);
        if (before.State == KeyState.Unlocked && before.Fence == state?.Fence && state.LockGeneration == state.LiftedGeneration)
        {
            return Chosen(node);
        }

        if (before.State == KeyState.Unlocked)
        {
            // Another node has claimed the customer since, or a lock stands whose answer was lost: this key can do nothing.
            await Wipe(node);
        }

        if (state is null || TheEnrolment is not { } enrolment)
        {
            return false;
        }

        var custody = WireSigned.From(state.Custody);
        for (uint index = 1; index <= 2; index++)
        {
            var share = ShareFor(enrolment, index, node);
            node.SharesGiven++;
            node.IsSaidLocked = false;
            await Of(node, () => refs.Key.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.GiveShare(share, custody, r), Patience));
        }

        var status = await UntilUnlocked(node, TimeSpan.FromSeconds(6));
        if (status.State == KeyState.LiftNeeded)
        {
            await Lift(node, refs);
            status = await UntilUnlocked(node, TimeSpan.FromSeconds(6));
        }

        return status.State == KeyState.Unlocked && Chosen(node);
    }

    private bool Chosen(DmzProcess node)
    {
        _cluster.Active = node.Index;
        _cluster.SendAgentsHome();
        return true;
    }

    private async Task Lift(DmzProcess node, CustomerRefs refs)
    {
        if (await State(node) is not { } state)
        {
            return;
        }

        var request = Request(UserAction.LiftLock, new LockPayload(state.LockGeneration, "again"), Alice);
        var (entries, head) = await Read(node, [EntryKey.User(Alice)]);
        await Of(node, () => refs.Key.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.Lift(request, entries, head, r), Patience));
    }

    /// <summary>An administrator locks the customer: in the zone first, then on the node.</summary>
    public async Task Lock(int index)
    {
        var node = Node(index);
        var request = Request(UserAction.Lock, new LockPayload(0, "stop"), Alice);
        var reply = await Of(node, () => node.Node.Zone.LockAsync(
            new Wire.LockRequest { Customer = Customer.Value, Request = ByteString.CopyFrom(request.Encode()) }, default));
        _world.Oracle.ToldLocked(Customer, reply.Generation);
        await Wipe(node);
    }

    /// <summary>A node is told to forget the key.</summary>
    public async Task Wipe(DmzProcess node)
    {
        if (node.Customers.Known(Customer) is not { } refs)
        {
            return;
        }

        var given = node.SharesGiven;
        var status = await Of(node, () => refs.Key.Ask<KeyStatus>(r => new CustomerKeyMessage.Lock("test", r), Patience));
        if (given == node.SharesGiven && status.State == KeyState.Locked)
        {
            node.IsSaidLocked = true;
        }
    }

    public Task Wipe(int index) => Wipe(Node(index));

    private async Task<KeyStatus> UntilUnlocked(DmzProcess node, TimeSpan patience)
    {
        var refs = node.Customers.Known(Customer) ?? throw new GoneException();
        var until = _process.Time.GetUtcNow() + patience;
        for (var wait = 2; ; wait = Math.Min(wait * 2, 500))
        {
            var status = await Status(node, refs);
            if (status.State is KeyState.Unlocked or KeyState.LiftNeeded or KeyState.Locked or KeyState.Unknown ||
                _process.Time.GetUtcNow() > until)
            {
                return status;
            }

            await Pause(wait);
        }
    }

    private Task<KeyStatus> Status(DmzProcess node, CustomerRefs refs) =>
        Of(node, () => refs.Key.Ask<KeyStatus>(static r => new CustomerKeyMessage.GetStatus(r), Patience));

    private async Task<Wire.CustomerState?> State(DmzProcess node)
    {
        try
        {
            var request = new Wire.GetCustomerRequest { Customer = Customer.Value };
            return await Of(node, () => node.Node.Zone.GetCustomerAsync(request, default));
        }
        catch (ZoneRefusedException refused) when (refused.Code == Codes.CustomerUnknown)
        {
            return null;
        }
    }

    private async Task<(IReadOnlyList<ProvenEntry> Entries, Signed Head)> Read(DmzProcess node, IReadOnlyList<EntryKey> keys)
    {
        var request = new Wire.ReadEntriesRequest { Customer = Customer.Value };
        request.Keys.AddRange(keys.Select(static k => new Wire.EntryKey { Type = k.Type, Id = k.Id }));
        var reply = await Of(node, () => node.Node.Zone.ReadEntriesAsync(request, default));
        return ([.. reply.Entries.Select(ProvenEntry.From)], WireSigned.From(reply.Head));
    }

    private byte[] CheapSignature(byte[] message)
    {
        var signature = new byte[PublicKey.SignatureLength];
        CheapArithmetic.Sign(_installation.Console.PublicKey.Bytes.Span, message, signature);
        return signature;
    }

    private byte[] Confirmation(Enrolment enrolment, uint index)
    {
        using var share = Open(enrolment, index);
        return share.Confirm(enrolment.Model.Challenge);
    }

    private ShareRecord Open(Enrolment enrolment, uint index)
    {
        var custody = enrolment.Custody;
        var info = CustodyInfo.SealedShare(custody.Cluster, Customer, custody.Epoch, custody.Shares!.Split, index);
        return ShareRecord.Take(Hpke.Open(_custodians[(int)index - 1], info, [], enrolment.Model.Shares[(int)index - 1].Sealed));
    }

    // The custodian accepts the head that the zone has: after a crash of both nodes nobody else remembers one.
    private ShareModel ShareFor(Enrolment enrolment, uint index, DmzProcess node)
    {
        using var share = Open(enrolment, index);
        var head = _world.Oracle.Customer(Customer)!.Head;
        var sealedShare = share.SealForUnlock(
            node.Node.Incarnation.Key, CustodyInfo.AcceptedHead(head.Counter, head.Root), _process.Fill);
        return new ShareModel(share.Epoch, share.Split.ToString(), index, sealedShare, head.Counter, head.Root.ToString(), null);
    }

    private sealed record Enrolment(EnrolledModel Model, CustodyRecord Custody)
    {
        public int Confirmed { get; set; }
    }
}
