using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Support;

/// <summary>What a key owner commits when its administrators, alice and bob, change custody or rotate; each part can be bent.</summary>
internal sealed class CustodyWork(TestCustomer customer)
{
    private static readonly DateTimeOffset Later = DateTimeOffset.FromUnixTimeMilliseconds(4_000_000_000_000);

    /// <summary>Who signs the request, after alice.</summary>
    public (string Name, SignerKey Key)? CoSigner { get; set; } = ("bob", customer.Bob);

    public SignerKey Next { get; } = new();

    public Func<ChangeCustodyPayload, ChangeCustodyPayload> BendChange { get; set; } = static p => p;

    public Func<RotatePayload, RotatePayload> BendRotation { get; set; } = static p => p;

    public Func<CustodyRecord, CustodyRecord> BendRecord { get; set; } = static r => r;

    public Func<Succession, Succession> BendSuccession { get; set; } = static s => s;

    /// <summary>Who signs the succession as the old identity; null for nobody.</summary>
    public SignerKey? Old { get; set; } = customer.Identity;

    /// <summary>Who signs head and entries of the new epoch.</summary>
    public SignerKey? Signer { get; set; }

    /// <summary>A further change in the same commit.</summary>
    public EntryChange? Also { get; set; }

    public static CustodyWay Ways { get; } = CustodyWay.OfShares(
        2, [.. Enumerable.Range(1, 3).Select(static i => new NamedKey(TestCustomer.N($"h{i}"), new SignerKey().Key))]);

    private CustodyRecord Present => customer.Custody!.Read<CustodyRecord>();

    /// <summary>A customer that asks for two administrators, with one row.</summary>
    public static CustodyWork Of(ZoneUnderTest zone, string name = "acme")
    {
        var customer = zone.NewCustomer(name);
        var plan = customer.Plan();
        zone.Do(customer.Enrol(plan with
        {
            Administrators = [.. plan.Administrators, new NamedKey(TestCustomer.N("bob"), customer.Bob.Key)],
            AdministratorsRequired = 2,
        }));
        zone.Do(customer.Commit([customer.Grant(), customer.Policy(), customer.Credential("db", 1), customer.Row("db", 1)]));
        return new CustodyWork(customer);
    }

    public TestCustomer Customer => customer;

    /// <summary>The next revision of the custody record.</summary>
    public CommitChange Change(bool withRequest = true)
    {
        var old = Present;
        var payload = BendChange(new ChangeCustodyPayload([Ways], true, 2, old.Epoch, old.Revision));
        var request = Signed(UserAction.ChangeCustody, payload);
        var record = BendRecord(old with
        {
            Revision = old.Revision + 1,
            Ways = [Kept()],
            Plan = request.Hash,
            AdministratorsRequired = payload.AdministratorsRequired,
        });
        customer.Custody = (Signer ?? customer.Identity).Sign(record);
        return customer.Commit(
            [.. Also is null ? [] : new[] { Also }, Entry(EntryKey.Custody(record.Epoch), customer.Custody)], withRequest ? [request] : []);
    }

    /// <summary>The first head of the next epoch.</summary>
    public BeginEpoch Rotate(bool withRecord = true)
    {
        var old = Present;
        var payload = BendRotation(new RotatePayload([Ways], true, 2, old.Epoch + 1, false));
        var request = Signed(UserAction.Rotate, payload);
        var record = BendRecord(new CustodyRecord(
            customer.Cluster, customer.Name, old.Epoch + 1, 1, [Kept()], payload.AdministratorsRequired, Next.Key, new SignerKey().Key,
            request.Hash));
        var succession = BendSuccession(
            new Succession(customer.Cluster, customer.Name, old.Epoch + 1, old.Identity, Next.Key, payload.Compromised));
        var signed = new SuccessionRecord(
            succession.Encode(), Old is null ? ReadOnlyMemory<byte>.Empty : Old.Sign(succession.Encode()));
        var asked = Statement.Read<Request>(request.Statement.Span);
        (customer.Identity, customer.Epoch) = (Signer ?? Next, old.Epoch + 1);
        customer.Custody = customer.Identity.Sign(record);
        List<EntryChange> changes =
        [
            Entry(EntryKey.Custody(record.Epoch), customer.Custody),
            Entry(EntryKey.Succession(succession.Epoch), customer.Identity.Sign(signed)),
        ];
        if (withRecord)
        {
            changes.Add(new EntryChange(EntryKey.Request(asked.User, asked.IdempotencyKey), new RequestRecord(
                customer.Cluster, customer.Name, asked.User, asked.IdempotencyKey, request.Hash, Later, 3, 0).Encode(), default));
        }

        if (Also is not null)
        {
            changes.Add(Also);
        }

        return new BeginEpoch(customer.Change(changes, [request]));
    }

    /// <summary>Removes the custody record of the epoch before.</summary>
    public CommitChange End() => customer.Commit([TestCustomer.Remove(EntryKey.Custody(customer.Epoch - 1))]);

    private SignedRequest Signed<T>(UserAction action, T payload)
        where T : IStatement<T>
    {
        var request = customer.Request(action, payload);
        return CoSigner is not var (name, key) ? request : request with
        {
            Signatures = [.. request.Signatures, new UserSignature(TestCustomer.N(name), key.Sign(request.Statement.ToArray()))],
        };
    }

    private KeptWay Kept() => new(Ways, customer.NewId(), [.. Ways.Holders.Select(static h => h.Key)]);

    private static EntryChange Entry(EntryKey key, Signed signed) => new(key, signed.Statement, signed.Signature);
}
