using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Transfer;
using Broker.TestKit;
using Google.Protobuf;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>
/// What a thief of a node's certificate and key file tries to be handed a customer's secret, each with the code that refuses it. Then
/// nothing more is in memory than before, no intent is in the ledger, and the customer is served on.
/// </summary>
public sealed class TransferAttacks(DmzWorld world, TransferAttacks.SharedTarget shared)
    : IClassFixture<DmzWorld>, IClassFixture<TransferAttacks.SharedTarget>
{
    // What these leave behind is not as they found it.
    private static readonly HashSet<string> Changing =
        [Codes.LockStands, TransferCodes.SecondIncarnation];

    private sealed class Table : Dictionary<string, (string Code, Func<TransferFixture, Thief, Task<string>> Run)>
    {
        public void Add(string name, string code, Func<TransferFixture, Thief, Task<string>> run) => Add(name, (code, run));
    }

    private static readonly Table Attacks = new()
    {
        { "a certificate and a key file, and nothing else", AdmissionRefusal.Needed, (_, t) => t.Ask(Admission.Auto) },
        { "an admission of no known kind", AdmissionRefusal.Needed, (_, t) => t.Ask(new Admission("please", default, [])) },
        { "the admission of the node's true start", AdmissionRefusal.OfAnother, (f, t) =>
            t.Ask(f.Admitters.Admit(f.Other.Node, f.World.Time.GetUtcNow())) },
        { "the true start's incarnation, which is public", TransferCodes.PossessionUnproven, (f, t) =>
        {
            t.SignedIncarnation = f.Other.Node.Incarnation.Statement;
            t.Certificates = [.. f.Other.Node.Incarnation.Certificates.Select(c => (ReadOnlyMemory<byte>)c)];
            return t.Ask(
                f.Admitters.Admit(f.Other.Node, f.World.Time.GetUtcNow()),
                r => r with { Incarnation = f.Other.Node.Incarnation.Key.Fingerprint });
        } },
        { "an incarnation that its own key signed", "signature-invalid", (_, t) =>
        {
            t.SignedIncarnation = t.Sign(t.Incarnation);
            return t.Ask(t.Admitted());
        } },
        { "an incarnation of another node", TransferCodes.IncarnationOfAnother, (_, t) =>
        {
            t.SignedIncarnation = Thief.SignWith(t.Stolen, t.Incarnation with { Node = Name.Parse("dmz-3") });
            return t.Ask(t.Admitted());
        } },
        { "an incarnation of another cluster", TransferCodes.IncarnationOfAnother, (_, t) =>
        {
            t.SignedIncarnation = Thief.SignWith(t.Stolen, t.Incarnation with { Cluster = Name.Parse("elsewhere") });
            return t.Ask(t.Admitted());
        } },
        { "something that is no incarnation", Codes.Malformed, (_, t) =>
        {
            t.SignedIncarnation = Thief.SignWith(t.Stolen, t.Request(Admission.Auto));
            return t.Ask(t.Admitted());
        } },
        { "a request that names another start than comes along", TransferCodes.IncarnationOfAnother, (f, t) =>
            t.Ask(t.Admitted(), r => r with { Incarnation = f.Other.Node.Incarnation.Key.Fingerprint }) },
        { "a request in another node's name", TransferCodes.WrongNode, (_, t) =>
            t.Ask(t.Admitted(), r => r with { Node = Name.Parse("dmz-3") }) },
        { "a certificate of another authority", "foreign-authority", (_, t) =>
        {
            using var elsewhere = new TestAuthority();
            using var key = elsewhere.Issue(LinkRole.Dmz, "dmz-2");
            (t.SignedIncarnation, t.Certificates) = (Thief.SignWith(key, t.Incarnation), key.ChainDer);
            return t.Ask(t.Admitted());
        } },
        { "a certificate of a zone node", "wrong-role", (f, t) =>
        {
            var key = f.World.Issue(LinkRole.Zone, "dmz-2");
            (t.SignedIncarnation, t.Certificates) = (Thief.SignWith(key, t.Incarnation), key.ChainDer);
            return t.Ask(t.Admitted());
        } },
        { "a certificate of a console", "wrong-role", (f, t) =>
        {
            var key = f.World.Issue(LinkRole.Console, "dmz-2");
            (t.SignedIncarnation, t.Certificates) = (Thief.SignWith(key, t.Incarnation), key.ChainDer);
            return t.Ask(t.Admitted());
        } },
        { "no certificate", "certificate-chain-invalid", (_, t) =>
        {
            t.Certificates = [];
            return t.Ask(t.Admitted());
        } },
        { "a statement by one person", AdmissionRefusal.TooFew, (_, t) => t.Ask(t.Admitted(null, "ann")) },
        { "a statement by one person twice", AdmissionRefusal.SamePerson, (_, t) => t.Ask(t.Admitted(null, "ann", "ann")) },
        { "a statement by a stranger", AdmissionRefusal.Stranger, (_, t) => t.Ask(t.Admitted(null, "ann", "stranger")) },
        { "a statement whose second signature is the first", AdmissionRefusal.Forged, (_, t) =>
        {
            var good = t.Admitted();
            return t.Ask(good with { Signatures = [good.Signatures[0], good.Signatures[1] with { Value = good.Signatures[0].Value }] });
        } },
        { "a statement for another binary", AdmissionRefusal.WrongBinary, (_, t) =>
            t.Ask(t.Admitted(a => a with { Binary = Digest.Of("another"u8) })) },
        { "a statement for another node", AdmissionRefusal.OfAnother, (_, t) =>
            t.Ask(t.Admitted(a => a with { Node = Name.Parse("dmz-3") })) },
        { "a statement whose time is over", AdmissionRefusal.Expired, (f, t) =>
            t.Ask(t.Admitted(a => a with { NotAfter = f.World.Time.GetUtcNow() - TimeSpan.FromMinutes(3) })) },
        { "a statement for ever", AdmissionRefusal.Expired, (f, t) =>
            t.Ask(t.Admitted(a => a with { NotAfter = f.World.Time.GetUtcNow() + TimeSpan.FromDays(2) })) },
        { "a request for another admission", AdmissionRefusal.Mismatch, (_, t) =>
            t.Ask(t.Admitted(), r => r with { Admission = Admission.Auto.Hash() }) },
        { "an admission that is garbage", Codes.Malformed, (_, t) =>
        {
            var wire = t.Wired(t.Admitted());
            wire.Admission = ByteString.CopyFromUtf8("garbage");
            return t.Send(wire);
        } },
        { "a request that is garbage", Codes.Malformed, (_, t) =>
        {
            var wire = t.Wired(t.Admitted());
            wire.Request = PeerWires.To(t.Sign([1, 2, 3]));
            return t.Send(wire);
        } },
        { "a request for another customer", TransferCodes.Misaddressed, (_, t) =>
            t.Ask(t.Admitted(), r => r with { Customer = Name.Parse("somebody-else") }) },
        { "a request for another cluster", TransferCodes.Misaddressed, (_, t) =>
            t.Ask(t.Admitted(), r => r with { Cluster = Name.Parse("elsewhere") }) },
        { "a request for another start of the holder", TransferCodes.Misaddressed, (_, t) =>
            t.Ask(t.Admitted(), r => r with { Holder = Digest.Of([1]) }) },
        { "a request for another epoch", TransferCodes.WrongEpoch, (_, t) => t.Ask(t.Admitted(), r => r with { Epoch = 2 }) },
        { "a request whose time is over", TransferCodes.Expired, (f, t) =>
            t.Ask(t.Admitted(), r => r with { NotAfter = f.World.Time.GetUtcNow() - TimeSpan.FromMinutes(3) }) },
        { "a request for later", TransferCodes.Expired, (f, t) =>
            t.Ask(t.Admitted(), r => r with { NotAfter = f.World.Time.GetUtcNow() + TimeSpan.FromMinutes(10) }) },
        { "a second live start of a node, with two people deceived", TransferCodes.SecondIncarnation, async (f, t) =>
        {
            f.Owner.Know(f.Other);
            return await t.Ask(t.Admitted());
        } },
        { "a second start of the holder itself", TransferCodes.SecondIncarnation, async (f, _) =>
        {
            using var thief = new Thief(f, "dmz-1");
            return await thief.Ask(thief.Admitted());
        } },
        { "a customer over which a lock stands", Codes.LockStands, async (f, t) =>
        {
            await TransferSpecs.Lock(f);
            var code = await t.Ask(t.Admitted());
            await f.Customer.LiftAndUnlock();
            await f.Agent.Connect();
            return code;
        } },
    };

    public static TheoryData<string> Names => [.. Attacks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_thief_should_get_nothing(string attack)
    {
        var (code, run) = Attacks[attack];
        await using var own = Changing.Contains(code) ? await TransferFixture.StartAsync(world) : null;
        var f = own ?? shared.Target;
        using var thief = new Thief(f);
        var before = await f.Gauge();

        Assert.Equal(code, await run(f, thief));

        Assert.Equal(before, await f.Gauge());
        Assert.DoesNotContain(await f.Customer.Ledger(), b => b.Kind == BlockKind.Transfer);
        await TransferFixture.ShouldHandOff(f.Customer, f.Agent);
        if (code != Codes.LockStands)
        {
            Assert.Contains(await Refusals(f, code), r => r.Code == code && r.Principal.StartsWith("node/dmz-", StringComparison.Ordinal));
        }
    }

    // The table would refuse whatever it is given if nobody were ever admitted: the thief's own words, vouched for, are.
    [Fact]
    public async Task The_same_request_should_be_answered_where_two_people_vouch_for_it_and_once()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        var wire = thief.Wired(thief.Admitted());

        Assert.Equal("handed over", await thief.Send(wire));
        Assert.Equal(TransferCodes.Replayed, await thief.Send(wire));
    }

    [Fact]
    public async Task A_start_that_has_not_been_seen_for_a_while_should_be_taken_for_dead()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Owner.Know(f.Other);
        using var next = new Thief(f);
        Assert.Equal(TransferCodes.SecondIncarnation, await next.Ask(next.Admitted()));

        await f.Other.DisposeAsync();
        Assert.Equal(TransferCodes.SecondIncarnation, await next.Ask(next.Admitted()));
        f.World.Time.Advance(LiveIncarnations.Lasts);

        Assert.Equal("handed over", await next.Ask(next.Admitted()));
    }

    /// <summary>One target for all attacks that leave it as it was: each begins where the one before failed.</summary>
    public sealed class SharedTarget : IAsyncLifetime
    {
        private readonly DmzWorld _world = new();

        internal TransferFixture Target { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            await _world.InitializeAsync();
            Target = await TransferFixture.StartAsync(_world);
        }

        public async Task DisposeAsync()
        {
            await Target.DisposeAsync();
            await _world.DisposeAsync();
        }
    }

    private static async Task<IReadOnlyList<Refusal>> Refusals(TransferFixture f, string code)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var refusals = await f.Customer.Refusals();
            if (refusals.Any(r => r.Code == code))
            {
                return refusals;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, $"the ledger says nothing of {code}");
            await Task.Yield();
        }
    }
}
