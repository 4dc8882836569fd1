using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Support;

/// <summary>What a key owner and its users do, with real keys and signatures: everything the zone is given comes from here.</summary>
internal sealed class TestCustomer(Name cluster, string name, TimeProvider time)
{
    private readonly Dictionary<Digest, Digest> _values = [];
    private SparseTree _tree = new(new MemoryNodes());
    private ulong _serial;

    public Name Cluster => cluster;

    public Name Name { get; } = Name.Parse(name);

    public SignerKey Identity { get; set; } = new();

    public uint Epoch { get; set; } = 1;

    public SignerKey Alice { get; } = new();

    public SignerKey Bob { get; } = new();

    public SignerKey Agent { get; } = new();

    public Digest Incarnation { get; } = Digest.Of([1, 2, 3]);

    public ulong Fence { get; set; } = 1;

    public ulong Counter { get; private set; }

    public Signed? LastHead { get; private set; }

    public Signed? Custody { get; set; }

    public Digest Root => _tree.Root;

    public static Name N(string text) => Name.Parse(text);

    public Id16 NewId()
    {
        var bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, ++_serial);
        bytes[15] = (byte)Name.Value.Length;
        return new Id16(bytes);
    }

    public EnrolmentPlan Plan() => new(
        cluster, Name, Incarnation,
        [CustodyWay.OfShares(2, [new NamedKey(N("c1"), new SignerKey().Key), new NamedKey(N("c2"), new SignerKey().Key)])], true,
        [new NamedKey(N("alice"), Alice.Key)], 1, time.GetUtcNow() + TimeSpan.FromMinutes(10));

    public EnrolCustomer Enrol(
        EnrolmentPlan? asked = null, Func<CustodyRecord, CustodyRecord>? bend = null, Func<Claim, Claim>? bendClaim = null)
    {
        asked ??= Plan();
        var parts = Enrolment(asked, new SignerKey().Sign(asked), bend, bendClaim);
        return new EnrolCustomer(parts.Plan, parts.Claim, parts.Head, parts.Custody, parts.Changes);
    }

    public EnrolmentParts Enrolment(
        EnrolmentPlan asked, Signed plan, Func<CustodyRecord, CustodyRecord>? bend = null, Func<Claim, Claim>? bendClaim = null)
    {
        var record = new CustodyRecord(
            cluster, Name, 1, 1, [.. asked.Ways.Select(w => new KeptWay(w, NewId(), [.. w.Holders.Select(static h => h.Key)]))],
            asked.AdministratorsRequired, Identity.Key, new SignerKey().Key, plan.Hash);
        record = bend?.Invoke(record) ?? record;
        Custody = Identity.Sign(record);
        var changes = new List<EntryChange>
        {
            new(EntryKey.Custody(1), Custody.Statement, Custody.Signature),
        };
        changes.AddRange(asked.Administrators.Select(a => Entry(
            EntryKey.User(a.Name),
            new UserEntry(cluster, Name, a.Name, Role.Administrator, a.Name == N("alice") ? Alice.Key : Bob.Key))));
        var claim = new Claim(cluster, Name, 1, N("dmz-1"), Incarnation, 1, 0);
        return new EnrolmentParts(plan, Identity.Sign(bendClaim?.Invoke(claim) ?? claim), NextHead(changes), Custody, changes);
    }

    public Signed Claim(ulong fence, ulong lifted = 0, Func<Claim, Claim>? bend = null, SignerKey? by = null)
    {
        var claim = new Claim(cluster, Name, 1, N("dmz-2"), Digest.Of([4]), fence, lifted);
        return (by ?? Identity).Sign(bend?.Invoke(claim) ?? claim);
    }

    public EntryChange Entry<T>(EntryKey key, T statement)
        where T : IStatement<T>
    {
        var signed = Identity.Sign(statement);
        return new EntryChange(key, signed.Statement, signed.Signature);
    }

    public EntryChange Grant(string agent = "web-1") => Entry(
        EntryKey.Grant(N(agent)),
        new Grant(
            cluster, Name, 1, N(agent), Agent.Key, "i-1", [], default, time.GetUtcNow(), time.GetUtcNow().AddHours(24),
            Identity.Key.Fingerprint));

    public EntryChange Policy(string policy = "web") => Entry(
        EntryKey.Policy(N(policy)), new ReleasePolicy(cluster, Name, N(policy), [N("web-1")], [], [N("hold")], [Role.Administrator]));

    public EntryChange Credential(string credential, uint version, string policy = "web") => Entry(
        EntryKey.Credential(N(credential)),
        new CredentialEntry(cluster, Name, N(credential), CredentialKind.Password, N(policy), version, 8, time.GetUtcNow(), N("alice")));

    public EntryChange Row(string credential, uint version, int length = 64) => new(
        EntryKey.Row(N(credential), version),
        new StoredRow(
            new RowHeader(cluster, Name, N(credential), version, CredentialKind.Password, Epoch, 8).Encode(),
            new byte[32], new byte[32], new byte[length]).Encode(),
        default);

    public static EntryChange Remove(EntryKey key) => new(key, null, default);

    /// <summary>A head over the tree after the changes; the tree here moves with it.</summary>
    public Signed NextHead(IReadOnlyList<EntryChange> changes, Func<CustomerHead, CustomerHead>? bend = null)
    {
        foreach (var change in changes)
        {
            var key = change.Key.LeafKey;
            _values[key] = change.Statement is { } s ? Digest.Of(s.Span) : Digest.Zero;
        }

        // From scratch, so that a refused commit can be taken back by Forget.
        _tree = new SparseTree(new MemoryNodes());
        foreach (var (key, value) in _values)
        {
            _tree.Update(key, value);
        }

        var head = new CustomerHead(cluster, Name, Epoch, ++Counter, _tree.Root, 0, Digest.Zero);
        LastHead = Identity.Sign(bend?.Invoke(head) ?? head);
        return LastHead;
    }

    public CommitChange Commit(
        IReadOnlyList<EntryChange> changes, IReadOnlyList<SignedRequest>? requests = null, Digest? token = null) =>
        new(Change(changes, requests, token));

    public ChangeSet Change(IReadOnlyList<EntryChange> changes, IReadOnlyList<SignedRequest>? requests = null, Digest? token = null)
    {
        var counter = Counter;
        return new ChangeSet(Name, Fence, counter, NextHead(changes), changes, requests ?? [], token);
    }

    public SignedRequest Request<T>(UserAction action, T payload, string user = "alice", SignerKey? by = null, Id16? key = null)
        where T : IStatement<T> => RequestOf(action, payload.Encode(), user, by, key);

    public SignedRequest RequestOf(UserAction action, byte[] payload, string user = "alice", SignerKey? by = null, Id16? key = null)
    {
        var request = new Request(
            cluster, Name, N(user), action.Name, key ?? NewId(), time.GetUtcNow() + TimeSpan.FromMinutes(5), Digest.Of(payload)).Encode();
        return new SignedRequest(request, payload, [new UserSignature(N(user), (by ?? Alice).Sign(request))]);
    }

    public SignedRequest Launch(string credential = "db", uint version = 0, string agent = "web-1", Id16? key = null) =>
        Request(UserAction.Launch, new LaunchPayload(N(agent), [new LaunchItem(N(credential), version, N("hold"))], default), key: key);

    public ReleaseCall Call(SignedRequest launch, string agent = "web-1") =>
        new(Name, Fence, launch, HandOffId.Of(launch.Hash, N(agent)), 1, Counter);

    public Signed Outcome(ReleaseCall call, string state, string code = "", SignerKey? by = null, uint attempt = 1) =>
        (by ?? Identity).Sign(
        new Outcomes(cluster, Name, [Ended(call, state, code, attempt)]));

    public Outcome Ended(ReleaseCall call, string state, string code = "", uint attempt = 1) =>
        new(call.HandOff, attempt, call.Request.Hash, state, code, time.GetUtcNow());

    public AppendOutcomes Append(params Outcome[] outcomes) => new(Name, Fence, Identity.Sign(new Outcomes(cluster, Name, outcomes)));

    public AppendOutcomes Append(ReleaseCall call, string state, string code = "", SignerKey? by = null, uint attempt = 1) =>
        new(Name, Fence, Outcome(call, state, code, by, attempt));
}

/// <summary>What an enrolment sends.</summary>
internal sealed record EnrolmentParts(Signed Plan, Signed Claim, Signed Head, Signed Custody, IReadOnlyList<EntryChange> Changes);
