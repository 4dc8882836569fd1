using Broker.CredentialZone.Store;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.CredentialZone.Service;

internal sealed partial class ZoneService
{
    // A page ends before it would outgrow a reply; at least one item is always given.
    private const int MaxPageBytes = 6 << 20;

    /// <summary>Whether the database can be used: else this node says to nobody who the zone is, and another one is asked.</summary>
    public Func<bool> IsUsable { get; init; } = static () => true;

    public Task<ZoneAnswer<Wire.DescribeReply>> Describe(PeerIdentity _, Wire.DescribeRequest request, CancellationToken __)
    {
        if (!IsUsable())
        {
            return Task.FromResult<ZoneAnswer<Wire.DescribeReply>>(
                ZoneRefusal.Busy("store-failed", "this zone node's database takes no writes; ask another zone node"));
        }

        var reply = new Wire.DescribeReply
        {
            Cluster = identity.Trust.Cluster.Value,
            Node = identity.Node.Value,
            LedgerCertificate = UnsafeByteOperations.UnsafeWrap(identity.LedgerCertificate),
        };
        if (request.Details)
        {
            reply.Version = SoftwareVersion;
            reply.Store = Standing();
        }

        return Answer(reply);
    }

    public Task<ZoneAnswer<Wire.CustomerState>> GetCustomer(PeerIdentity _, Wire.GetCustomerRequest request, CancellationToken __) =>
        store.Customer(Name.Parse(request.Customer)) is { } state ? Answer(Wires.To(state)) : UnknownCustomer<Wire.CustomerState>();

    public Task<ZoneAnswer<Wire.ListCustomersReply>> ListCustomers(PeerIdentity _, Wire.ListCustomersRequest request, CancellationToken __)
    {
        var reply = new Wire.ListCustomersReply();
        reply.Customers.AddRange(store.Customers(request.After, Limit(request.Limit)).Select(static c => c.Value));
        return Answer(reply);
    }

    public Task<ZoneAnswer<Wire.ReadEntriesReply>> ReadEntries(PeerIdentity _, Wire.ReadEntriesRequest request, CancellationToken __)
    {
        if (request.Keys.Count > ZoneLimits.MaxKeys)
        {
            return Refused<Wire.ReadEntriesReply>(RefusalCode.Malformed, $"a call reads at most {ZoneLimits.MaxKeys} entries");
        }

        var keys = request.Keys.Select(static k => new EntryKey(k.Type, k.Id)).ToList();
        if (store.ReadEntries(Name.Parse(request.Customer), keys, request.Together) is not { } read)
        {
            return UnknownCustomer<Wire.ReadEntriesReply>();
        }

        var reply = new Wire.ReadEntriesReply { Head = Wires.To(read.Head), Proof = UnsafeByteOperations.UnsafeWrap(read.Proof) };
        reply.Entries.AddRange(read.Entries.Select(Wires.To));
        return Answer(reply);
    }

    public Task<ZoneAnswer<Wire.ListEntriesReply>> ListEntries(PeerIdentity _, Wire.ListEntriesRequest request, CancellationToken __)
    {
        if (request.Type == EntryKey.RowType || !EntryKey.Types.Contains(request.Type))
        {
            return Refused<Wire.ListEntriesReply>(RefusalCode.Malformed, "entries of this type cannot be listed");
        }

        var reply = new Wire.ListEntriesReply();
        var entries = store.ListEntries(Name.Parse(request.Customer), request.Type, request.After, Limit(request.Limit));
        reply.Entries.AddRange(Page(entries, static e => e.Statement.Length).Select(Wires.To));
        reply.More = reply.Entries.Count < entries.Count || entries.Count == Limit(request.Limit);
        return Answer(reply);
    }

    public Task<ZoneAnswer<Wire.HandOff>> GetHandOff(PeerIdentity _, Wire.GetHandOffRequest request, CancellationToken __) =>
        store.HandOff(Name.Parse(request.Customer), new Id16(request.HandOff.Span)) is { } found
            ? Answer(Wires.To(found))
            : Refused<Wire.HandOff>(RefusalCode.UnknownHandOff, "no such hand-off was released");

    public Task<ZoneAnswer<Wire.ListHandOffsReply>> ListHandOffs(PeerIdentity _, Wire.ListHandOffsRequest request, CancellationToken __)
    {
        Id16? after = request.After.IsEmpty ? null : new Id16(request.After.Span);
        var found = store.HandOffs(Name.Parse(request.Customer), request.OpenOnly, after, Limit(request.Limit));
        var reply = new Wire.ListHandOffsReply();
        reply.HandOffs.AddRange(Page(found, static h => h.Request.Length).Select(static h => Wires.To(h)));
        reply.More = reply.HandOffs.Count < found.Count || found.Count == Limit(request.Limit);
        return Answer(reply);
    }

    public Task<ZoneAnswer<Wire.FindInvitationReply>> FindInvitation(
        PeerIdentity _, Wire.FindInvitationRequest request, CancellationToken __) => Answer(
            store.Invitation(Name.Parse(request.Customer), new Digest(request.Token.Span)) is { } found
                ? new Wire.FindInvitationReply { Request = UnsafeByteOperations.UnsafeWrap(found.Request), Redeemed = found.Redeemed }
                : new Wire.FindInvitationReply());

    public Task<ZoneAnswer<Wire.ReadLedgerReply>> ReadLedger(PeerIdentity _, Wire.ReadLedgerRequest request, CancellationToken __)
    {
        var chain = request.Chain.Length == 0 ? Block.ClusterChain : Name.Parse(request.Chain).Value;
        var page = store.Ledger(chain, Math.Min(request.From, long.MaxValue), Limit(request.Limit));
        var reply = new Wire.ReadLedgerReply { Length = page.Length };
        reply.Blocks.AddRange(Page(page.Receipts, static r => r.Block.Length).Select(
            static r => new Wire.LedgerBlock { Receipt = UnsafeByteOperations.UnsafeWrap(r.Encode()) }));
        return Answer(reply);
    }

    private static int Limit(uint asked) => asked is 0 or > ZoneLimits.MaxPage ? ZoneLimits.MaxPage : (int)asked;

    private static IEnumerable<T> Page<T>(IReadOnlyList<T> items, Func<T, int> length)
    {
        var bytes = 0L;
        foreach (var item in items)
        {
            bytes += length(item) + 1024;
            if (bytes > MaxPageBytes && !ReferenceEquals(item, items[0]))
            {
                yield break;
            }

            yield return item;
        }
    }

    private static Task<ZoneAnswer<TReply>> Answer<TReply>(TReply reply)
        where TReply : class => Task.FromResult<ZoneAnswer<TReply>>(reply);

    private static Task<ZoneAnswer<TReply>> UnknownCustomer<TReply>()
        where TReply : class => Refused<TReply>(RefusalCode.UnknownCustomer, "no such customer; enrol it first");
}
